// SPDX-License-Identifier: Apache-2.0
//
// What a name has of the entries that answer for it.
#pragma once

#include "skydns/key.hpp"

#include <paddock/dns/record.hpp>
#include <paddock/dns/skydns.hpp>

#include <chrono>
#include <vector>

namespace paddock::dns {

// An entry in the tree.
struct Leaf {
  Labels labels;
  std::size_t base = 0;  // labels of its domain
  Name name;
  SkyDnsEntry entry;
  std::chrono::seconds ttl{0};  // what it comes to, lease and default considered
};

using Leaves = std::vector<const Leaf*>;

// Without the leaves of other groups: the group of the leaf nearest to the top counts, unless two
// of one height disagree. Leaves without a group are always there.
Leaves of_one_group(const Leaves& leaves);

// The address, service, mail and text records of `owner`. Leaves are in the order of their keys.
std::vector<Record> records_of(const Name& owner, const Leaves& leaves);

// The PTR records of a reverse name, from the leaf that is just it.
std::vector<Record> pointers_of(const Leaf& leaf);

}  // namespace paddock::dns
