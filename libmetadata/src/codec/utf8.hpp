// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as RFC 3629 section 4 has it: no overlong forms, no surrogates.
#pragma once

#include <cstddef>
#include <string_view>

namespace paddock::metadata {

// The length of the character at the front of a non-empty text; 0 when it is not UTF-8.
[[nodiscard]] std::size_t utf8_length(std::string_view text) noexcept;

// Where the first byte stands that is not UTF-8; the size of the text when there is none.
[[nodiscard]] std::size_t find_not_utf8(std::string_view text) noexcept;

// Writes a character, of at most four bytes, and returns where it ends. `code` is no surrogate and
// at most 0x10ffff.
char* write_utf8(char* to, unsigned code) noexcept;

}  // namespace paddock::metadata
