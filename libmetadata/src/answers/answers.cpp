// SPDX-License-Identifier: Apache-2.0
#include "answers/answers.hpp"

#include "documents/fields.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <utility>

namespace paddock::metadata {
namespace {

constexpr std::string_view everybody_else = "default";

class LayeredMap final : public documents::Map {
 public:
  LayeredMap(answers::MapPtr top, answers::MapPtr below, std::string_view hidden)
      : top_(std::move(top)), below_(std::move(below)), hidden_(hidden) {}
  [[nodiscard]] std::vector<std::string_view> keys() const override {
    const auto above = top_->keys();
    auto names = below_->keys();
    if (!hidden_.empty()) std::erase(names, std::string_view(hidden_));
    std::vector<std::string_view> all;
    all.reserve(above.size() + names.size());
    std::set_union(above.begin(), above.end(), names.begin(), names.end(), std::back_inserter(all));
    return all;
  }
  [[nodiscard]] std::optional<documents::Node> find(std::string_view key) const override {
    if (auto own = top_->find(key)) return own;
    return key == hidden_ && !hidden_.empty() ? std::nullopt : below_->find(key);
  }

 private:
  answers::MapPtr top_;
  answers::MapPtr below_;
  std::string hidden_;
};

}  // namespace

namespace answers {

std::string usual_form(std::string_view client) {
  boost::system::error_code failed;
  auto address = boost::asio::ip::make_address(client, failed);
  if (failed) return std::string(client);
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  return address.to_string();
}

documents::Node layered(MapPtr top, MapPtr below, std::string_view hidden) {
  return MapPtr(std::make_shared<LayeredMap>(std::move(top), std::move(below), hidden));
}

std::vector<Answers::Edition> editions_of_tree(const documents::Map& root,
                                               std::vector<Problem>& problems) {
  std::vector<Answers::Edition> editions;
  const auto wrong = [&problems](std::string place, const char* what) {
    if (problems.size() >= Limits::problems) return;
    problems.push_back({std::move(place), what, "", 0, ""});
  };
  for (const std::string_view version : root.keys()) {
    const MapPtr clients = map_in(*root.find(version));
    if (!clients) {
      wrong(std::string(version), "must be a map of clients; it is left out");
      continue;
    }
    Answers::Edition& edition = editions.emplace_back();
    edition.version = version;
    for (const std::string_view client : clients->keys()) {
      documents::Node tree = *clients->find(client);
      if (client == everybody_else) {
        edition.otherwise = std::move(tree);
        continue;
      }
      // A client without anything of his own reads what everybody reads.
      if (tree.index() == 0) tree = documents::map_of(TextMap());
      edition.clients.insert_or_assign(usual_form(client), std::move(tree));
    }
  }
  return editions;
}

}  // namespace answers

Answers::Answers(std::vector<Edition> editions, std::string stamp, Regions regions)
    : editions_(std::move(editions)), stamp_(std::move(stamp)), regions_(std::move(regions)) {
  std::ranges::sort(editions_, {}, &Edition::version);
  for (const Edition& edition : editions_) versions_.push_back(edition.version);
}

const Answers::Edition* Answers::find(std::string_view version) const {
  const auto found = std::ranges::lower_bound(editions_, version, {}, &Edition::version);
  if (found != editions_.end() && found->version == version) return &*found;
  return version == "latest" && !editions_.empty() ? &editions_.back() : nullptr;
}

bool Answers::has_version(std::string_view version) const { return find(version) != nullptr; }

std::optional<documents::Node> Answers::root(std::string_view version,
                                             std::string_view client) const {
  const Edition* edition = find(version);
  if (edition == nullptr) return std::nullopt;
  auto own = edition->clients.find(client);
  if (own == edition->clients.end()) own = edition->clients.find(answers::usual_form(client));
  if (own == edition->clients.end()) return edition->otherwise;
  const answers::MapPtr mine = answers::map_in(own->second);
  const answers::MapPtr shared =
      edition->otherwise ? answers::map_in(*edition->otherwise) : nullptr;
  return mine && shared ? answers::layered(mine, shared) : own->second;
}

}  // namespace paddock::metadata
