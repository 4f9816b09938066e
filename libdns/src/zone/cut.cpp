// SPDX-License-Identifier: Apache-2.0
#include "zone/cut.hpp"

namespace paddock::dns {
namespace {

SetView find_set(const EntryView& entry, Type type) noexcept {
  const std::uint8_t* next = entry ? entry.sets() : nullptr;
  for (unsigned i = 0; entry && i < entry.header().visible_count; ++i) {
    const SetView set = EntryView::read_set(next);
    if (set.type() == type) return set;
  }
  return {};
}

}  // namespace

Cut find_cut(const AuthorityTable& table, wire::Bytes name, std::size_t origin_size,
             Type type) noexcept {
  // Offsets of the labels from the name's own to the origin's first, to go back along.
  std::array<std::uint8_t, 128> labels;
  std::size_t count = 0;
  for (std::size_t at = 0; name.size() - at > origin_size; at += std::size_t{1} + name[at]) {
    labels[count++] = static_cast<std::uint8_t>(at);
  }
  labels[count] = static_cast<std::uint8_t>(name.size() - origin_size);
  for (std::size_t i = count + 1; i-- > 0;) {
    const std::size_t offset = labels[i];
    const EntryView entry = table.find(name.subspan(offset));
    if (!entry) return {};  // nothing below exists either, but for wildcards
    const bool is_apex = i == count;
    const bool is_whole = offset == 0;
    if (!is_apex && !(is_whole && type == Type::ds)) {
      const SetView delegation = find_set(entry, Type::ns);
      if (delegation.body != nullptr) return {delegation, find_set(entry, Type::ds), offset};
    }
    if (!is_whole) {
      const SetView dname = find_set(entry, Type::dname);
      if (dname.body != nullptr) return {dname, {}, offset};
    }
  }
  return {};
}

std::size_t substitute(wire::Bytes name, std::size_t offset, wire::Bytes target,
                       std::array<std::uint8_t, Name::max_length>& out) noexcept {
  if (offset + target.size() > out.size()) return 0;
  std::memcpy(out.data(), name.data(), offset);
  std::memcpy(out.data() + offset, target.data(), target.size());
  return offset + target.size();
}

}  // namespace paddock::dns
