// SPDX-License-Identifier: Apache-2.0
//
// The words of a Corefile, as CoreDNS cuts them: at white space, quoted ones kept whole, comments
// from any # on.
#pragma once

#include "coredns/corefile.hpp"

#include <string>
#include <vector>

namespace paddock::coredns {

struct Word {
  Place place;
  std::string text;
  bool is_first = false;   // of its line
  bool is_quoted = false;  // a quoted brace is no brace
};

[[nodiscard]] dns::Result<std::vector<Word>> cut_words(const Text& text,
                                                       const Surroundings& surroundings);

}  // namespace paddock::coredns
