// SPDX-License-Identifier: Apache-2.0
//
// The compiled form of an Authority: the zones, and every name in 64 x 64 shards. Whoever answers
// works on this; nothing in it ever changes.
#pragma once

#include "zone/hash.hpp"
#include "zone/shard.hpp"

#include <paddock/dns/zone.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace paddock::dns {

// A zone's SOA record without its owner, from the type on, names below the origin compressed:
// `pointers` are the offsets where a pointer to the origin in the message belongs.
struct SoaTemplate {
  std::string bytes;
  std::array<std::uint16_t, 2> pointers{};
  std::uint8_t pointer_count = 0;
  std::uint16_t serial_offset = 0;
  std::uint32_t negative_ttl = 0;  // takes the place of the TTL in negative replies
};

struct CompiledZone {
  std::string origin;  // wire form
  Missing missing = Missing::nxdomain;
  Content content = Content::learnt;
  bool has_wildcards = false;         // a name of it begins with the label `*`
  bool has_dashed_addresses = false;  // a name of it states `dashed_addresses`
  bool has_cuts = false;              // a name below the origin has NS, or one has DNAME
  bool has_patterns = false;          // a name of it is a pattern, see pattern.hpp
  bool has_own_serial = false;
  SoaTemplate soa;
};

struct Branch {
  static constexpr std::size_t width = 64;
  std::array<Shard, width> shards;
};

inline constexpr std::size_t branch_of(std::uint64_t hash) { return hash >> 58; }
inline constexpr std::size_t shard_of(std::uint64_t hash) { return hash >> 52 & 63; }

class AuthorityTable {
 public:
  static constexpr std::size_t width = 64;
  static constexpr std::uint16_t no_zone = 0xFFFF;

  std::uint64_t seed = 0;
  std::size_t name_count = 0;
  std::size_t memory = 0;
  std::vector<CompiledZone> zones;              // longest origins first
  TableMemory::Hold hold;                       // of what the branches are in
  std::array<const Branch*, width> branches{};  // null without names

  EntryView find(std::span<const std::uint8_t> name) const noexcept {
    const std::uint64_t hash = hash_bytes(name, seed);
    const Branch* branch = branches[branch_of(hash)];
    return branch ? find_entry(branch->shards[shard_of(hash)], name, hash) : EntryView();
  }

  // The zone a name belongs to, whether the name exists or not; no_zone if there is none.
  std::uint16_t zone_of(std::span<const std::uint8_t> name) const noexcept {
    return enclosing_zone(zones, name);
  }

  static std::uint16_t enclosing_zone(const std::vector<CompiledZone>& zones,
                                      std::span<const std::uint8_t> name) noexcept;
};

}  // namespace paddock::dns
