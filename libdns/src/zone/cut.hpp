// SPDX-License-Identifier: Apache-2.0
//
// Where a zone ends before its names do: delegations (RFC 1034 section 4.2.1) and DNAMEs
// (RFC 6672).
#pragma once

#include "wire/message.hpp"
#include "zone/entry.hpp"
#include "zone/table.hpp"

namespace paddock::dns {

// The cut nearest to the origin on the way to a name. Everything below it is hidden.
struct Cut {
  SetView set;             // its NS, or its DNAME
  SetView signers;         // DS of a delegation; without records if it has none
  std::size_t offset = 0;  // of the cut's name in the name looked up

  explicit operator bool() const { return set.body != nullptr; }
  bool is_delegation() const { return set.type() == Type::ns; }  // false if there is no cut
};

// The cut on the way from `origin_size` octets of `name` down to it: a delegation at the name
// itself counts, unless DS is asked, which is the parent's (RFC 4035 section 3.1.4.1); a DNAME at
// the name itself does not.
Cut find_cut(const AuthorityTable& table, wire::Bytes name, std::size_t origin_size,
             Type type) noexcept;

// Writes what a DNAME makes of `name`: its part above `offset`, then `target`. Returns the length;
// 0 when that passes 255 octets.
std::size_t substitute(wire::Bytes name, std::size_t offset, wire::Bytes target,
                       std::array<std::uint8_t, Name::max_length>& out) noexcept;

}  // namespace paddock::dns
