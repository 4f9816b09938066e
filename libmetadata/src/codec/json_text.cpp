// SPDX-License-Identifier: Apache-2.0
//
// JSON text to values, strictly: RFC 8259 in UTF-8, nothing beside it but a byte order mark in
// front. Our own, since reading is what a stream costs: docs/decisions/0012-own-reader-of-json.md.
#include "codec/number_range.hpp"
#include "codec/tree.hpp"
#include "codec/utf8.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

namespace paddock::metadata {
namespace {

constexpr std::array<bool, 256> plain_bytes() {
  std::array<bool, 256> plain{};
  for (std::size_t byte = ' '; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}

bool is_plain(char c) noexcept {
  static constexpr std::array<bool, 256> plain = plain_bytes();
  return plain[static_cast<unsigned char>(c)];
}

// Whether each of eight bytes is plain. Of each byte only the highest bit counts: it becomes one
// where taking away a number goes below zero, and in bytes above such a one at times, too.
bool are_plain(const char* bytes) noexcept {
  constexpr std::uint64_t each = 0x0101010101010101;
  std::uint64_t eight = 0;
  std::memcpy(&eight, bytes, sizeof eight);
  const std::uint64_t quotes = eight ^ (each * '"');
  const std::uint64_t backslashes = eight ^ (each * '\\');
  const std::uint64_t special =
      (eight - each * ' ') | (quotes - each) | (backslashes - each) | eight;
  return (special & (each * 0x80)) == 0;
}

// The first byte that is not simply itself in a string: a quote, a backslash, what is no ASCII.
const char* skip_plain(const char* at, const char* end) noexcept {
  while (end - at >= 8 && are_plain(at)) at += 8;
  while (at != end && is_plain(*at)) ++at;
  return at;
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

class JsonText {
 public:
  JsonText(std::string_view text, TreeBuilder& builder)
      : builder_(builder), begin_(text.data()), at_(begin_), end_(begin_ + text.size()) {}

  void skip_byte_order_mark() noexcept {
    if (std::string_view(at_, end_).starts_with("\xef\xbb\xbf")) at_ += 3;
  }

  // The byte at which the next token begins; 0 at the end of the text.
  char next() noexcept {
    for (; at_ != end_; ++at_) {
      if (*at_ == '\n') {
        ++line_;
      } else if (*at_ != ' ' && *at_ != '\t' && *at_ != '\r') {
        return *at_;
      }
    }
    return 0;
  }

  // The functions below return false when they have noted an error.
  bool read_value() {
    switch (next()) {
      case '{':
        return read_map();
      case '[':
        return read_list();
      case '"':
        return read_text();
      case 't':
        return read_literal("true", Value::boolean(true, line_));
      case 'f':
        return read_literal("false", Value::boolean(false, line_));
      case 'n':
        return read_literal("null", Value::null(line_));
      default:
        return read_number();
    }
  }

  bool expect_end() {
    next();
    return at_ == end_ || fail("nothing may follow the value");
  }

  [[nodiscard]] bool is_at_end() const noexcept { return at_ == end_; }
  [[nodiscard]] unsigned line() const noexcept { return line_; }
  [[nodiscard]] std::optional<TextError>& error() noexcept { return error_; }

 private:
  bool fail(std::string_view what) {
    error_ = TextError{"not JSON at byte " + std::to_string(at_ - begin_ + 1) + ": syntax error, " +
                           (at_ == end_ ? "the text ends: " : "") + std::string(what),
                       line_};
    return false;
  }

  bool begin(Value::Type type) {
    ++at_;
    if (builder_.begin(type, line_)) return true;
    error_ = TextError{
        "lists and maps inside one another more than " + std::to_string(Limits::depth) + " deep",
        line_};
    return false;
  }

  bool end() {
    ++at_;
    builder_.end();
    return true;
  }

  bool read_list() {
    if (!begin(Value::Type::list)) return false;
    if (next() == ']') return end();
    for (;;) {
      if (!read_value()) return false;
      const char c = next();
      if (c == ']') return end();
      if (c != ',') return fail("',' or ']' must follow a value of a list");
      ++at_;
    }
  }

  bool read_map() {
    if (!begin(Value::Type::map)) return false;
    char c = next();
    if (c == '}') return end();
    for (;;) {
      std::string_view key;
      if (c != '"') return fail("a key in quotes must stand here");
      if (!read_string(key)) return false;
      builder_.key(key);
      if (next() != ':') return fail("':' must follow a key");
      ++at_;
      if (!read_value()) return false;
      c = next();
      if (c == '}') return end();
      if (c != ',') return fail("',' or '}' must follow a value of a map");
      ++at_;
      c = next();
    }
  }

  bool read_literal(std::string_view literal, Value value) {
    for (const char c : literal) {
      if (at_ == end_ || *at_ != c) return fail("it must be " + std::string(literal) + " here");
      ++at_;
    }
    builder_.scalar(value);
    return true;
  }

  bool read_text() {
    std::string_view text;
    if (!read_string(text)) return false;
    builder_.scalar(Value::Type::text, line_, text);
    return true;
  }

  bool read_number() {
    const char* const first = at_;
    if (at_ != end_ && *at_ == '-') ++at_;
    if (at_ != end_ && *at_ == '0') {
      ++at_;
    } else if (!read_digits(at_ == first ? "a value must stand here" : "a digit must follow '-'")) {
      return false;
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      if (!read_digits("a digit must follow '.'")) return false;
    }
    if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
      ++at_;
      if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
      if (!read_digits("a digit of the exponent must stand here")) return false;
    }
    std::string_view number(first, at_);
    if (!is_within_double(number)) {
      at_ = first;
      return fail("the number is too large");
    }
    if (number == "-0") number.remove_prefix(1);
    builder_.scalar(Value::Type::number, line_, number);
    return true;
  }

  bool read_digits(std::string_view otherwise) {
    if (at_ == end_ || !is_digit(*at_)) return fail(otherwise);
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return true;
  }

  // At its first quote. What has no escapes stays where it is.
  bool read_string(std::string_view& string) {
    const char* const first = ++at_;
    for (;;) {
      at_ = skip_plain(at_, end_);
      if (at_ == end_) return fail("a quote must end the string");
      if (*at_ == '\\') return read_escaped(first, string);
      if (*at_ == '"') {
        string = {first, at_++};
        return true;
      }
      if (!read_character()) return false;
    }
  }

  // One that is not plain.
  bool read_character() {
    if (static_cast<unsigned char>(*at_) < ' ') {
      return fail("a control character in a string must be written with a backslash");
    }
    const std::size_t length = utf8_length({at_, end_});
    at_ += length;
    return length != 0 || fail("the string is not UTF-8");
  }

  // From its first backslash on. No escape is shorter than what it means.
  bool read_escaped(const char* first, std::string_view& string) {
    const char* const quote = find_quote();
    if (quote == end_) {
      at_ = end_;
      return fail("a quote must end the string");
    }
    const auto most = static_cast<std::size_t>(quote - first);
    char* const decoded = static_cast<char*>(builder_.memory().allocate(most, 1));
    char* to = std::copy(first, at_, decoded);
    while (at_ != quote) {
      const char* const from = at_;
      if (*at_ == '\\') {
        if (!read_escape(to)) return false;
      } else {
        if (is_plain(*at_)) {
          at_ = skip_plain(at_, quote);
        } else if (!read_character()) {
          return false;
        }
        to = std::copy(from, at_, to);
      }
    }
    string = {decoded, to};
    ++at_;
    return true;
  }

  // The next one without a backslash before it; the end when there is none.
  [[nodiscard]] const char* find_quote() const noexcept {
    for (const char* at = at_; at != end_; ++at) {
      if (*at == '"') return at;
      if (*at == '\\' && ++at == end_) break;
    }
    return end_;
  }

  // A quote is known to follow, and is no part of any escape: nothing reads beyond it.
  bool read_escape(char*& to) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    ++at_;
    if (*at_ == 'u') return read_code(to);
    const auto found = letters.find(*at_);
    if (found == std::string_view::npos) return fail("no escape is written so");
    *to++ = meanings[found];
    ++at_;
    return true;
  }

  bool read_code(char*& to) {
    unsigned code = 0;
    if (!read_hex(code)) return false;
    if (code >= 0xdc00 && code <= 0xdfff) return fail("a low surrogate must follow a high one");
    if (code >= 0xd800 && code <= 0xdbff) {
      unsigned low = 0;
      if (at_[0] != '\\' || at_[1] != 'u') return fail("a low surrogate must stand here");
      ++at_;
      if (!read_hex(low)) return false;
      if (low < 0xdc00 || low > 0xdfff) return fail("a low surrogate must stand here");
      code = 0x10000 + ((code - 0xd800) << 10U) + (low - 0xdc00);
    }
    to = write_utf8(to, code);
    return true;
  }

  // From the u on.
  bool read_hex(unsigned& code) {
    ++at_;
    for (int i = 0; i < 4; ++i, ++at_) {
      unsigned digit = 0;
      if (std::from_chars(at_, at_ + 1, digit, 16).ptr == at_) {
        return fail("four hexadecimal digits must follow \\u");
      }
      code = code << 4U | digit;
    }
    return true;
  }

  TreeBuilder& builder_;
  const char* const begin_;
  const char* at_;
  const char* const end_;
  unsigned line_ = 1;
  std::optional<TextError> error_;
};

}  // namespace

std::optional<TextError> read_json(std::string_view text, TreeBuilder& builder) {
  JsonText json(text, builder);
  json.skip_byte_order_mark();
  if (json.read_value()) (void)json.expect_end();
  return std::move(json.error());
}

std::optional<TextError> read_json_sequence(std::string_view text, TreeBuilder& builder) {
  JsonText json(text, builder);
  for (;;) {
    const char c = json.next();
    if (json.is_at_end()) return std::nullopt;
    if (c != '{') return TextError{"not JSON: an object must begin here", json.line()};
    if (!json.read_value()) return std::move(json.error());
  }
}

}  // namespace paddock::metadata
