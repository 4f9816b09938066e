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

  // Borrowed until the next compile().
  std::span<const SetView> sets() const { return sets_; }

 private:
  bool compile_set(std::span<const Record* const> records, std::uint32_t source, std::uint32_t ttl);

  std::vector<std::uint8_t> bodies_;
  std::vector<std::size_t> starts_;  // of each set's body in bodies_
  std::vector<SetView> sets_;
};

}  // namespace paddock::dns
