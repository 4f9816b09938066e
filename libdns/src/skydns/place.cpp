// SPDX-License-Identifier: Apache-2.0
#include "skydns/place.hpp"

#include <algorithm>
#include <utility>

namespace paddock::dns {
namespace {

Labels first_of(const Labels& labels, std::size_t count) {
  return {labels.begin(), labels.begin() + static_cast<std::ptrdiff_t>(count)};
}

// Any label is the same whichever it is.
Place place_of(Labels labels, std::size_t base, std::uint32_t mask) {
  for (std::size_t i = base; i < labels.size() && i - base < 32; ++i) {
    if ((mask >> (i - base) & 1) != 0) labels[i].clear();
  }
  return {std::move(labels), mask};
}

}  // namespace

bool is_beginning(const Labels& beginning, const Labels& labels) {
  return beginning.size() <= labels.size() &&
         std::equal(beginning.begin(), beginning.end(), labels.begin());
}

bool is_reverse(const Labels& labels) {
  return labels.size() > 2 && labels[0] == "arpa" && (labels[1] == "in-addr" || labels[1] == "ip6");
}

bool is_special(const Leaf& leaf) {
  return leaf.labels.size() > leaf.base && leaf.labels[leaf.base] == "dns";
}

void each_place(const Leaf& leaf, const std::function<void(Place)>& take) {
  if (is_reverse(leaf.labels)) return take({leaf.labels, 0});
  const std::size_t top = is_special(leaf) ? leaf.base + 1 : leaf.base;
  for (std::size_t depth = top; depth <= leaf.labels.size(); ++depth) {
    for (const std::uint32_t mask : masks_of(depth - leaf.base)) {
      if (is_special(leaf) && mask != 0) break;
      take(place_of(first_of(leaf.labels, depth), leaf.base, mask));
    }
  }
  if (is_special(leaf)) take({first_of(leaf.labels, leaf.base), 0});
}

}  // namespace paddock::dns
