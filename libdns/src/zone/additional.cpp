// SPDX-License-Identifier: Apache-2.0
#include "zone/additional.hpp"

#include "zone/entry_writer.hpp"

namespace paddock::dns {
namespace {

constexpr std::size_t max_targets = 64;  // of one answer, whose addresses are added
constexpr int max_aliases = 4;           // one behind the other

// Where the name that is a record's data begins in it, for types whose target's addresses are
// wanted; 0 for the others.
std::size_t target_offset(Type type) {
  switch (type) {
    case Type::ns:
      return record_prefix;
    case Type::mx:
      return record_prefix + 2;
    case Type::srv:
      return record_prefix + 6;
    default:
      return 0;
  }
}

}  // namespace

void add_target_addresses(Reply& reply, const AuthorityTable& table, Type type,
                          std::size_t start) noexcept {
  const std::size_t offset = target_offset(type);
  if (offset == 0 || reply.is_truncated()) return;
  const std::size_t end = reply.position();
  wire::Bytes last;
  std::size_t targets = 0;
  for (std::size_t at = start; at < end && targets < max_targets;) {
    const std::size_t size = record_size(reply.at(at));
    const wire::Bytes target = reply.bytes().subspan(at + offset, size - offset);
    if (target.size() != last.size() || std::memcmp(target.data(), last.data(), last.size()) != 0) {
      add_addresses(reply, table, target, at + offset);
      ++targets;
    }
    last = target;
    at += size;
  }
}

bool add_addresses(Reply& reply, const AuthorityTable& table, wire::Bytes target,
                   std::size_t at) noexcept {
  bool fits = true;
  for (int aliases = 0; aliases <= max_aliases; ++aliases) {
    const EntryView entry = table.find(target);
    const std::uint8_t* next = entry ? entry.sets() : nullptr;
    SetView alias;
    for (unsigned i = 0; entry && i < entry.header().visible_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (set.type() == Type::a || set.type() == Type::aaaa) {
        fits = reply.add_additional(set, at) && fits;
      } else if (set.type() == Type::cname) {
        alias = set;
      }
    }
    const std::size_t start = reply.position();
    if (alias.body == nullptr || !reply.add_additional(alias, at)) break;
    at = start + record_prefix;
    target = reply.bytes().subspan(at);
  }
  return fits;
}

}  // namespace paddock::dns
