// SPDX-License-Identifier: Apache-2.0
#include "zone/additional.hpp"

#include "zone/entry_writer.hpp"

#include <algorithm>

namespace paddock::dns {
namespace {

constexpr std::size_t max_targets = 64;  // of one answer, whose addresses are added
constexpr int max_aliases = 4;           // one behind the other

bool is_binding(Type type) { return type == Type::svcb || type == Type::https; }

// Where the name that a record leads to begins in it, for types whose target's addresses are
// wanted; 0 for the others.
std::size_t target_offset(Type type) {
  switch (type) {
    case Type::ns:
      return record_prefix;
    case Type::mx:
    case Type::svcb:
    case Type::https:
      return record_prefix + 2;
    case Type::srv:
      return record_prefix + 6;
    default:
      return 0;
  }
}

// The name at the beginning of `data`; empty if there is none: data may be given as octets.
wire::Bytes leading_name(wire::Bytes data) {
  std::size_t end = 0;
  while (end < data.size() && data[end] != 0) end += data[end] + 1u;
  return data.first(end < data.size() ? end + 1 : 0);
}

struct Target {
  wire::Bytes name;
  std::size_t at = 0;  // where it stands in the reply
};

// What the record at `at` leads to.
Target target_of(const Reply& reply, Type type, std::size_t at, const Target& owner) {
  const std::size_t end = at + record_size(reply.at(at));
  const std::size_t start = std::min(at + target_offset(type), end);
  const wire::Bytes rest = reply.bytes().subspan(start, end - start);
  if (!is_binding(type)) return {rest, start};
  const Target target{leading_name(rest), start};
  const bool is_root = target.name.size() == 1;
  return is_root && wire::load16(reply.at(at + record_prefix)) != 0 ? owner : target;
}

bool is_same(const wire::Bytes& a, const wire::Bytes& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size()) == 0;
}

// One of 64 bits, by how a name begins.
std::uint64_t mark_of(const wire::Bytes& name) {
  std::uint64_t head = 0;
  std::memcpy(&head, name.data(), std::min(name.size(), sizeof head));
  return std::uint64_t{1} << ((head * 0x9E3779B97F4A7C15) >> 58);
}

}  // namespace

void add_target_addresses(Reply& reply, const AuthorityTable& table, Type type, std::size_t start,
                          wire::Bytes owner, std::size_t owner_at) noexcept {
  if (target_offset(type) == 0 || reply.is_truncated()) return;
  const Target own{owner, owner_at};
  const std::size_t end = reply.position();
  std::uint64_t marks = 0;  // of the targets so far: only one whose mark is there may be repeated
  std::size_t targets = 0;
  for (std::size_t at = start; at < end && targets < max_targets;) {
    const Target target = target_of(reply, type, at, own);
    const std::uint64_t mark = mark_of(target.name);
    bool is_new = !target.name.empty();
    for (std::size_t i = start; (marks & mark) != 0 && is_new && i < at;
         i += record_size(reply.at(i))) {
      is_new = !is_same(target_of(reply, type, i, own).name, target.name);
    }
    if (is_new) {
      const bool may_lead_on = is_binding(type) && !is_same(target.name, owner);
      add_addresses(reply, table, target.name, target.at, may_lead_on ? type : Type::a);
      ++targets;
    }
    marks |= mark;
    at += record_size(reply.at(at));
  }
}

bool add_addresses(Reply& reply, const AuthorityTable& table, wire::Bytes target, std::size_t at,
                   Type also) noexcept {
  bool fits = true;
  for (int aliases = 0; aliases <= max_aliases; ++aliases) {
    const EntryView entry = table.find(target);
    const std::uint8_t* next = entry ? entry.sets() : nullptr;
    SetView alias;
    for (unsigned i = 0; entry && i < entry.header().visible_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (set.type() == Type::a || set.type() == Type::aaaa || set.type() == also) {
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
