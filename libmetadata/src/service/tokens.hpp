// SPDX-License-Identifier: Apache-2.0
//
// The bearer tokens a service lets in (RFC 6750): a file with a token a line, then the name of who
// has it, then "read" for one who may not write; so does any other word but "write", which says
// nothing. Lines that begin with # are comments. Read again when it has changed; while it cannot be
// read, what it said last holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::service {

struct TokenHolder {
  std::string name;
  bool may_write = true;
};

class Tokens {
 public:
  explicit Tokens(std::string file) : file_(std::move(file)) {}

  // Whose token the value of an Authorization header is.
  [[nodiscard]] std::optional<TokenHolder> holder_of(std::string_view authorization);

 private:
  struct Entry {
    std::string token;
    TokenHolder holder;
  };
  void read_if_changed();

  std::string file_;
  std::string known_as_;  // by stat, when it was read
  std::vector<Entry> entries_;
};

}  // namespace paddock::metadata::service
