// SPDX-License-Identifier: Apache-2.0
#include "zone/spelt_pod.hpp"

#include "zone/entry_writer.hpp"

namespace paddock::dns {
namespace {

// Whether a PTR record of the address, even one that others hide, leads below `parent`.
bool has_pointer_below(const AuthorityTable& table, const SpeltAddress& address,
                       wire::Bytes parent) noexcept {
  std::array<std::uint8_t, max_reverse_name> reverse;
  const EntryView entry = table.find({reverse.data(), write_reverse_name(address, reverse)});
  const std::uint8_t* next = entry ? entry.sets() : nullptr;
  for (unsigned i = 0; entry && i < entry.header().set_count; ++i) {
    const SetView set = EntryView::read_set(next);
    if (set.type() != Type::ptr) continue;
    for (const std::uint8_t* at = set.body; at != set.end(); at += record_size(at)) {
      if (wire::is_within({at + record_prefix, record_size(at) - record_prefix}, parent))
        return true;
    }
  }
  return false;
}

}  // namespace

std::optional<SpeltPod> find_spelt_pod(const AuthorityTable& table, wire::Bytes name) noexcept {
  const wire::Bytes label = name.subspan(1, name[0]);
  const wire::Bytes parent = name.subspan(1 + label.size());
  const EntryView entry = table.find(parent);
  const std::uint8_t* next = entry ? entry.sets() : nullptr;
  for (unsigned i = 0; entry && i < entry.header().set_count; ++i) {
    const SetView set = EntryView::read_set(next);
    if (set.type() != dashed_addresses) continue;
    const auto address = parse_dashed(label);
    const bool is_open = record_size(set.body) == record_prefix;
    if (!address || !(is_open || has_pointer_below(table, *address, parent))) return {};
    return SpeltPod{*address, wire::load32(set.body + 6)};
  }
  return {};
}

}  // namespace paddock::dns
