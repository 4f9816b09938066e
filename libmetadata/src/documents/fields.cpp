// SPDX-License-Identifier: Apache-2.0
#include "documents/fields.hpp"

#include "codec/writer.hpp"

#include <nlohmann/json.hpp>

namespace paddock::metadata::documents {
namespace {

using nlohmann::json;

std::optional<Node> find_in(const List& list, std::string_view name) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    Node element = list.at(i);
    const auto* map = std::get_if<std::shared_ptr<const Map>>(&element);
    if (map == nullptr) continue;
    for (const char* key : {"name", "uuid"}) {
      const auto value = (*map)->find(key);
      if (value && text_of(*value) == name) return element;
    }
  }
  return std::nullopt;
}

class FixedList final : public List {
 public:
  explicit FixedList(std::vector<Node> nodes) : nodes_(std::move(nodes)) {}
  [[nodiscard]] std::size_t size() const override { return nodes_.size(); }
  [[nodiscard]] Node at(std::size_t index) const override { return nodes_[index]; }
  [[nodiscard]] std::optional<Node> find(std::string_view name) const override {
    return find_in(*this, name);
  }

 private:
  std::vector<Node> nodes_;
};

class FixedMap final : public Map {
 public:
  explicit FixedMap(std::vector<std::pair<std::string, Node>> entries)
      : entries_(std::move(entries)) {
    std::ranges::stable_sort(entries_, {}, &std::pair<std::string, Node>::first);
  }
  [[nodiscard]] std::vector<std::string_view> keys() const override {
    std::vector<std::string_view> names;
    for (const auto& [name, unused] : entries_) names.push_back(name);
    return names;
  }
  [[nodiscard]] std::vector<Entry> entries() const override {
    std::vector<Entry> all;
    all.reserve(entries_.size());
    for (const auto& [name, value] : entries_) all.push_back({name, value});
    return all;
  }
  [[nodiscard]] std::optional<Node> find(std::string_view key) const override {
    const auto entry = std::ranges::lower_bound(
        entries_, key, {}, [](const auto& e) -> std::string_view { return e.first; });
    if (entry == entries_.end() || entry->first != key) return std::nullopt;
    return entry->second;
  }

 private:
  std::vector<std::pair<std::string, Node>> entries_;
};

class TextsMap final : public Map {
 public:
  explicit TextsMap(TextMap texts) : texts_(std::move(texts)) {}
  [[nodiscard]] std::vector<std::string_view> keys() const override {
    std::vector<std::string_view> names;
    for (const auto& pair : texts_) names.push_back(pair.key);
    return names;
  }
  [[nodiscard]] std::vector<Entry> entries() const override {
    std::vector<Entry> all;
    all.reserve(texts_.size());
    for (const auto& pair : texts_) all.push_back({pair.key, text_node(pair.value)});
    return all;
  }
  [[nodiscard]] std::optional<Node> find(std::string_view key) const override {
    const Text* value = texts_.find(key);
    if (value == nullptr) return std::nullopt;
    return text_node(*value);
  }
  [[nodiscard]] const TextMap* texts() const noexcept override { return &texts_; }

 private:
  TextMap texts_;
};

class AbsentMap final : public Map {
 public:
  [[nodiscard]] std::vector<std::string_view> keys() const override { return {}; }
  [[nodiscard]] std::optional<Node> find(std::string_view /*key*/) const override {
    return std::nullopt;
  }
  [[nodiscard]] bool is_absent() const noexcept override { return true; }
};

class AbsentList final : public List {
 public:
  [[nodiscard]] std::size_t size() const override { return 0; }
  [[nodiscard]] Node at(std::size_t /*index*/) const override { return {}; }
  [[nodiscard]] std::optional<Node> find(std::string_view /*name*/) const override {
    return std::nullopt;
  }
  [[nodiscard]] bool is_absent() const noexcept override { return true; }
};

class LazyList final : public List {
 public:
  explicit LazyList(LazyElements elements) : elements_(std::move(elements)) {}
  [[nodiscard]] std::size_t size() const override { return elements_.size(); }
  [[nodiscard]] Node at(std::size_t index) const override { return elements_.at(index); }
  [[nodiscard]] std::optional<Node> find(std::string_view name) const override {
    return elements_.find(name);
  }

 private:
  LazyElements elements_;
};

Node node_of(const json& value) {
  switch (value.type()) {
    case json::value_t::object: {
      std::vector<std::pair<std::string, Node>> entries;
      for (const auto& [key, child] : value.items()) entries.emplace_back(key, node_of(child));
      return map_of(std::move(entries));
    }
    case json::value_t::array: {
      std::vector<Node> nodes;
      for (const auto& child : value) nodes.push_back(node_of(child));
      return list_of(std::move(nodes));
    }
    case json::value_t::string:
      return value.get<std::string>();
    case json::value_t::boolean:
      return value.get<bool>();
    case json::value_t::number_unsigned:
      if (value.get<std::uint64_t>() > INT64_MAX) return value.get<double>();
      return value.get<std::int64_t>();
    case json::value_t::number_integer:
      return value.get<std::int64_t>();
    case json::value_t::number_float:
      return value.get<double>();
    default:
      return {};
  }
}

}  // namespace

Node text_node(const boost::asio::ip::address& address) {
  std::string text;
  append_address(text, address);
  return text;
}

Node list_of(std::vector<Node> nodes) {
  return std::shared_ptr<const List>(std::make_shared<FixedList>(std::move(nodes)));
}

Node list_of(const Texts& texts) {
  std::vector<Node> nodes;
  nodes.reserve(texts.size());
  for (const Text& text : texts) nodes.push_back(text_node(text));
  return list_of(std::move(nodes));
}

Node list_of(const Addresses& addresses) {
  std::vector<Node> nodes;
  nodes.reserve(addresses.size());
  for (const auto& address : addresses) nodes.push_back(text_node(address));
  return list_of(std::move(nodes));
}

Node map_of(std::vector<std::pair<std::string, Node>> entries) {
  return std::shared_ptr<const Map>(std::make_shared<FixedMap>(std::move(entries)));
}

Node map_of(const TextMap& texts) {
  return std::shared_ptr<const Map>(std::make_shared<TextsMap>(texts));
}

Node absent_map() {
  static const auto none = std::make_shared<const AbsentMap>();
  return std::shared_ptr<const Map>(none);
}

Node absent_list() {
  static const auto none = std::make_shared<const AbsentList>();
  return std::shared_ptr<const List>(none);
}

Node json_node(std::string_view text) {
  return text.empty() ? Node() : node_of(json::parse(text, nullptr, false));
}

Node lazy_list(LazyElements elements) {
  return std::shared_ptr<const List>(std::make_shared<LazyList>(std::move(elements)));
}

}  // namespace paddock::metadata::documents
