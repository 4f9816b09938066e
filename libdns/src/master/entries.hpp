// SPDX-License-Identifier: Apache-2.0
//
// The entries of a master file: lines, of which parentheses may join several (RFC 1035 section
// 5.1), cut into words. Comments are gone; quotes and escapes are left as they are written.
#pragma once

#include <paddock/dns/error.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace paddock::dns::master {

struct Entry {
  std::size_t line = 0;       // where it begins, counted from 1
  bool begins_blank = false;  // with a space: the owner is the last one
  std::vector<std::string_view> words;
};

class Entries {
 public:
  explicit Entries(std::string_view text) : rest_(text) {}

  // The next entry that has words; nothing at the end. Fails on a quote or parenthesis that is not
  // closed, or one that closes nothing.
  Result<std::optional<Entry>> next();

  // Where reading stands, for messages about a failure.
  std::size_t line() const { return line_; }

 private:
  Result<std::optional<std::string_view>> next_word(Entry& entry);
  Result<std::string_view> read_word();
  void skip_comment();

  std::string_view rest_;
  std::size_t line_ = 1;
  unsigned depth_ = 0;  // of parentheses
};

}  // namespace paddock::dns::master
