// SPDX-License-Identifier: Apache-2.0
//
// Which names answer for an entry of the tree.
#pragma once

#include "skydns/records.hpp"

#include <compare>
#include <cstdint>
#include <functional>

namespace paddock::dns {

// A name that answers for entries: so many labels of a key, some of them any label. Ordered by the
// key's labels, so that names of one subtree are neighbours.
struct Place {
  Labels labels;
  std::uint32_t mask = 0;

  friend auto operator<=>(const Place&, const Place&) = default;
};

bool is_beginning(const Labels& beginning, const Labels& labels);

// Keys below arpa/in-addr and arpa/ip6: each answers for its own name only.
bool is_reverse(const Labels& labels);

// The names SkyDNS has for itself, below dns.<domain>.
bool is_special(const Leaf& leaf);

void each_place(const Leaf& leaf, const std::function<void(Place)>& take);

}  // namespace paddock::dns
