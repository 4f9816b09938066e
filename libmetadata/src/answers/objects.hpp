// SPDX-License-Identifier: Apache-2.0
//
// The objects of Rancher's data file by what they are, and how they belong together.
#pragma once

#include "answers/answers.hpp"

#include <paddock/metadata/codec.hpp>

#include <map>
#include <span>
#include <string>
#include <vector>

namespace paddock::metadata::answers {

struct RancherObjects {
  using ByKey = std::map<std::string, MapPtr>;
  using Links = std::map<std::string, std::map<std::string, std::string>>;

  ByKey containers;  // by uuid
  ByKey hosts;
  ByKey stacks;
  ByKey services;  // by service_key(): a sidekick has the uuid of its primary
  std::vector<MapPtr> networks;
  MapPtr environment;                                             // null: none
  MapPtr defaults;                                                // null: none
  std::map<std::string, std::vector<std::string>> containers_of;  // service key → uuids
  Links container_links;                 // uuid → link → container uuid
  Links service_links;                   // uuid → target → alias
  std::vector<std::string> access_keys;  // of other regions, each once
  std::string stamp;                     // a UUID of all that documents show; whatever the order
};

// An object without what it needs to be known by is left out and told of.
[[nodiscard]] RancherObjects sort_objects(std::span<const documents::Node> objects,
                                          std::vector<Problem>& problems);

[[nodiscard]] std::string service_key(std::string_view uuid, std::string_view name);
[[nodiscard]] std::string lower(std::string_view text);
// The text of a key; empty when it is absent or no text.
[[nodiscard]] std::string text_in(const documents::Map& map, std::string_view key);

}  // namespace paddock::metadata::answers
