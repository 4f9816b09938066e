// SPDX-License-Identifier: Apache-2.0
//
// What Rancher's data files come to: for each version of the documents a tree for each client it
// names, and one for everybody else. Immutable; any thread.
#pragma once

#include "documents/node.hpp"

#include <paddock/metadata/answers.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata {

class Answers {
 public:
  using Clients = std::map<std::string, documents::Node, std::less<>>;
  struct Edition {
    std::string version;
    Clients clients;                           // addresses in their usual form
    std::optional<documents::Node> otherwise;  // `default`; nothing: strangers read nothing
  };
  // The default trees of other regions, by access key: kept for when their file cannot be read.
  struct Region {
    documents::Node tree;
    std::string stamp;  // of what its file said
  };
  using Regions = std::map<std::string, Region>;

  // Equal stamps say that all of it is equal.
  Answers(std::vector<Edition> editions, std::string stamp, Regions regions = {});

  // Sorted; `latest` is among them only where the data has it.
  [[nodiscard]] const std::vector<std::string>& versions() const noexcept { return versions_; }
  // The last version stands in for a `latest` that the data does not have.
  [[nodiscard]] bool has_version(std::string_view version) const;
  // What the client reads; his address, or a name that somebody vouches for. Where his tree lacks
  // a top-level key, that of `default` shows. Nothing: there is no such version, or no tree for
  // him.
  [[nodiscard]] std::optional<documents::Node> root(std::string_view version,
                                                    std::string_view client) const;
  [[nodiscard]] const std::string& stamp() const noexcept { return stamp_; }
  [[nodiscard]] const Regions& regions() const noexcept { return regions_; }

 private:
  [[nodiscard]] const Edition* find(std::string_view version) const;

  std::vector<Edition> editions_;  // beside versions_
  std::vector<std::string> versions_;
  std::string stamp_;
  Regions regions_;
};

namespace answers {

using MapPtr = std::shared_ptr<const documents::Map>;

// The map, or null when the node is none.
[[nodiscard]] inline MapPtr map_in(const documents::Node& node) {
  const auto* map = std::get_if<MapPtr>(&node);
  return map == nullptr ? nullptr : *map;
}

// Addresses as documents write them; other names of clients as they are.
[[nodiscard]] std::string usual_form(std::string_view client);

// The keys of `top`, and those of `below` that it lacks and that are not `hidden`.
[[nodiscard]] documents::Node layered(MapPtr top, MapPtr below, std::string_view hidden = {});

// The old form of the file: version → client → tree. What is none is left out and told of.
[[nodiscard]] std::vector<Answers::Edition> editions_of_tree(const documents::Map& root,
                                                             std::vector<Problem>& problems);

}  // namespace answers
}  // namespace paddock::metadata
