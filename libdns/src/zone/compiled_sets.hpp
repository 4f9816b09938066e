// SPDX-License-Identifier: Apache-2.0
//
// Records as callers give them, compiled to the sets that entries are made of.
#pragma once

#include "zone/entry.hpp"

#include <paddock/dns/record.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace paddock::dns {

// The order compile() takes records in: by owner, type, precedence and data.
bool record_less(const Record* a, const Record* b);

class CompiledSets {
 public:
  // Takes records of one owner, sorted; equal ones count once. False when not all of them fit.
  bool compile(std::span<const Record* const> records, std::uint32_t source);

  // The sets that `source` has in `entry`, which may be empty, with `before` taken from them and
  // `after` added: records of one owner, sorted, none of them in both. False when some of `before`
  // is not there, some of `after` is, the records of a set would not have one TTL, or not all of
  // them would fit.
  bool exchange(const EntryView& entry, std::uint32_t source, std::span<const Record* const> before,
                std::span<const Record* const> after);

  // Borrowed until the next compile() or exchange(); of sets that exchange() left as they were the
  // bodies are the entry's.
  std::span<const SetView> sets() const { return sets_; }

 private:
  using Records = std::span<const Record* const>;

  void clear();
  void point_at_bodies();
  bool compile_set(Records records, std::uint32_t source, std::uint32_t ttl);
  bool exchange_in(const SetView& set, Records before, Records after);

  std::vector<std::uint8_t> bodies_;
  std::vector<std::size_t> starts_;  // of each set's body in bodies_, or `elsewhere`
  std::vector<SetView> sets_;
  std::vector<SetView> old_;  // of the entry, in exchange()
};

}  // namespace paddock::dns
