// SPDX-License-Identifier: Apache-2.0
//
// What single words of a master file mean.
#pragma once

#include <paddock/dns/name.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace paddock::dns::master {

// Whether `word` is `upper`, which is in upper case, in any case.
bool equals(std::string_view word, std::string_view upper);

// Seconds, or numbers with units as BIND writes them: 1h30m. Nothing if it is neither, or more
// than a TTL may be (RFC 2181 section 8).
std::optional<std::chrono::seconds> parse_ttl(std::string_view word);

// `@` is the origin, a name with a final dot itself, any other one below the origin.
Result<Name> parse_name(std::string_view word, const Name& origin);

}  // namespace paddock::dns::master
