// SPDX-License-Identifier: Apache-2.0
//
// BIND's $GENERATE: a record written once for a range of numbers, as `$GENERATE 1-254 $ PTR
// host-$.example.`.
#pragma once

#include <paddock/dns/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace paddock::dns::master {

struct NumberRange {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::uint32_t step = 1;

  [[nodiscard]] std::uint32_t count() const { return (last - first) / step + 1; }
};

// `1-254` or `0-254/2`.
Result<NumberRange> parse_range(std::string_view text);

// `word` with the number in the place of each `$`. `${8,3,x}` is the number plus eight, of at least
// three digits, in base d, o, x or X; n or N are hexadecimal digits from the last on, with dots
// between them, as in ip6.arpa. `$$` is a dollar sign, and so is `\$`.
Result<std::string> fill_in(std::string_view word, std::uint32_t number);

}  // namespace paddock::dns::master
