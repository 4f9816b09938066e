// SPDX-License-Identifier: Apache-2.0
//
// Detour: a query that rules turned into another one, whose reply is changed back
// before the client gets it.
#pragma once

#include "rules/compiled_rules.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace paddock::dns::server {

struct Detour {
  enum class Kind : std::uint8_t {
    rewritten,   // another name was asked
    needs_aaaa,  // DNS64: nothing was changed yet; without AAAA records the A records are asked for
    has_a,       // DNS64: those were asked for
    has_host,    // a host entry has the name, but says nothing of the type
    completed,   // a name of the client's search list was asked for
  };

  Kind kind = Kind::rewritten;
  std::shared_ptr<const Rules> rules{};  // those it came under
  const CompiledRewrite* rewrite =
      nullptr;                             // one of them; null: only the name of the query changed
  std::uint32_t made_ttl = 0;              // has_a: of the addresses made, at most
  std::vector<std::uint8_t> query{};       // as it was before
  std::vector<std::uint8_t> asked_name{};  // what stands in its place now
  std::vector<std::vector<std::uint8_t>> candidates{};  // names to ask for yet, the last one first
};

}  // namespace paddock::dns::server
