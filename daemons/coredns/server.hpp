// SPDX-License-Identifier: Apache-2.0
//
// What the keys of a server block say: its zones, and where it answers.
#pragma once

#include "coredns/draft.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace paddock::coredns {

struct Server {
  Place place;
  std::vector<std::string> zones;  // lower case, without the final dot; the root is "."
  std::vector<std::string> ports;
  // NodeLocal's: the resolvers that stand for the cluster's own DNS, whose names are ours.
  std::set<std::string> cluster_dns{};
  std::string root{};  // the folder of its files

  [[nodiscard]] bool is_root() const;                       // answers for every name
  [[nodiscard]] bool holds(const std::string& name) const;  // a name below one of its zones
  // The whole path of a file; empty where nobody says where it is.
  [[nodiscard]] std::string path_of(const std::string& file) const;
};

[[nodiscard]] std::string plain_zone(std::string zone);
[[nodiscard]] bool is_reverse(const std::string& zone);
// The zones of a word: itself, or the reverse zones of a subnet ("10.0.0.0/8"). Empty when it is no
// zone.
[[nodiscard]] std::vector<std::string> zones_of(const std::string& word);

// What cannot be is remarked.
[[nodiscard]] Server read_server(const ServerBlock& block, Draft& draft);

}  // namespace paddock::coredns
