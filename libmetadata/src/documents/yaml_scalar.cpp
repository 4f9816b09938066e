// SPDX-License-Identifier: Apache-2.0
#include "documents/yaml_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace paddock::metadata::documents {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Whether YAML 1.1 reads the bare word as null, a boolean, a merge key or no finite number.
bool is_special_word(std::string_view text) {
  static constexpr std::string_view words[] = {
      "",      "~",    "null", "Null", "NULL",  "y",     "Y",     "yes",   "Yes",   "YES",
      "n",     "N",    "no",   "No",   "NO",    "true",  "True",  "TRUE",  "false", "False",
      "FALSE", "on",   "On",   "ON",   "off",   "Off",   "OFF",   "<<",    ".nan",  ".NaN",
      ".NAN",  ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"};
  return std::find(std::begin(words), std::end(words), text) != std::end(words);
}

// Base 60, as in 1:30: some readers take it for a number.
bool is_sexagesimal(std::string_view text) {
  text = text.substr(0, text.find('.'));
  auto colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos ||
      text.find_first_not_of("0123456789:") != std::string_view::npos) {
    return false;
  }
  while (colon != std::string_view::npos) {
    text.remove_prefix(colon + 1);
    colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (part.empty() || part.size() > 2 || (part.size() == 2 && part.front() > '5')) return false;
  }
  return true;
}

// Whether YAML 1.1 reads the bare text as a number, in any base.
bool is_number(std::string_view text) {
  if (text.starts_with('_')) return false;
  std::string digits;
  for (const char c : text) {
    if (c != '_') digits += c;
  }
  std::string_view rest = digits;
  if (rest.starts_with('+') || rest.starts_with('-')) rest.remove_prefix(1);
  if (rest.empty() || (!is_digit(rest.front()) && rest.front() != '.')) return false;
  const auto has_only = [&](std::string_view allowed) {
    return rest.size() > 2 && rest.find_first_not_of(allowed, 2) == std::string_view::npos;
  };
  if (rest.starts_with("0x") || rest.starts_with("0X")) return has_only("0123456789abcdefABCDEF");
  if (rest.starts_with("0b")) return has_only("01");
  if (rest.starts_with("0o")) return has_only("01234567");
  double number = 0;
  const auto [end, failed] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
  if (end == rest.data() + rest.size() && failed != std::errc::invalid_argument) return true;
  return is_sexagesimal(rest);
}

struct Shape {
  bool may_be_plain = true;
  bool may_be_single_quoted = true;
  bool may_be_block = true;
};

// Letters of two and three bytes are written as they are; controls and what needs four bytes are
// escaped.
bool is_printable(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return byte == '\n' || (byte >= 0x20 && byte < 0x7f);
  if (byte == 0xc2) return at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xa0;
  return byte < 0xf0 && text.substr(at, 3) != "\xef\xbb\xbf";
}

Shape shape_of(std::string_view text) {
  Shape shape;
  if (text.starts_with("---") || text.starts_with("...")) shape.may_be_plain = false;
  const auto is_blank_at = [&](std::size_t at) {
    return at >= text.size() || text[at] == ' ' || text[at] == '\n' || text[at] == '\t';
  };
  constexpr std::string_view leaders = "#,[]{}&*!|>'\"%@`";
  if (leaders.find(text.front()) != std::string_view::npos) shape.may_be_plain = false;
  if ((text.front() == '-' || text.front() == '?') && is_blank_at(1)) shape.may_be_plain = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0U) == 0x80U) continue;
    if (!is_printable(text, i)) return {false, false, false};
    if (text[i] == ':' && is_blank_at(i + 1)) shape.may_be_plain = false;
    if (text[i] == '#' && i > 0 && is_blank_at(i - 1)) shape.may_be_plain = false;
    if (text[i] != '\n') continue;
    shape.may_be_plain = false;
    if (i > 0 && text[i - 1] == ' ') return {false, false, false};
    if (i + 1 < text.size() && text[i + 1] == ' ') shape.may_be_single_quoted = false;
  }
  if (text.front() == ' ' || text.back() == ' ') shape.may_be_plain = false;
  if (text.back() == ' ') shape.may_be_block = false;
  return shape;
}

// The code point that begins here, and its length.
std::pair<char32_t, std::size_t> decode(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  const std::size_t length = byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
  char32_t point = length == 1 ? byte : byte & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    point = (point << 6U) | (static_cast<unsigned char>(text[at + i]) & 0x3fU);
  }
  return {point, length};
}

void append_escape(std::string& out, char32_t point) {
  static constexpr std::pair<char32_t, char> letters[] = {
      {0, '0'},     {7, 'a'},    {8, 'b'},    {9, 't'},      {10, 'n'},
      {11, 'v'},    {12, 'f'},   {13, 'r'},   {27, 'e'},     {'"', '"'},
      {'\\', '\\'}, {0x85, 'N'}, {0xa0, '_'}, {0x2028, 'L'}, {0x2029, 'P'}};
  out += '\\';
  for (const auto& [code, letter] : letters) {
    if (code == point) {
      out += letter;
      return;
    }
  }
  const int digits = point <= 0xff ? 2 : point <= 0xffff ? 4 : 8;
  out += digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += "0123456789ABCDEF"[(point >> static_cast<unsigned>(shift)) & 15U];
  }
}

// Writes a scalar in its line, and goes on in the next one at a space when the line has become
// longer than `widest`. Whoever reads it takes such a break for the space.
class Line {
 public:
  Line(std::string& out, std::optional<YamlPlace> place) : out_(out), place_(place) {}
  void put(std::string_view piece) {
    out_ += piece;
    if (!place_) return;
    place_->column += static_cast<std::size_t>(std::ranges::count_if(
        piece, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
  }
  // The space at this place of the text, or the break instead of it.
  void put_space(std::string_view text, std::size_t at, bool may_break) {
    const bool is_first = at == 0 || text[at - 1] != ' ';
    if (!may_break || !is_first || !place_ || place_->column <= widest) return put(" ");
    out_.append(1, '\n').append(place_->indent, ' ');
    place_->column = place_->indent;
  }

 private:
  static constexpr std::size_t widest = 80;

  std::string& out_;
  std::optional<YamlPlace> place_;  // nothing: all is to stand in one line
};

bool is_space_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] == ' ';
}

void append_plain(Line line, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') {
      line.put_space(text, i, !is_space_at(text, i + 1));
    } else {
      line.put(text.substr(i, 1));
    }
  }
}

void append_single_quoted(Line line, std::string_view text) {
  line.put("'");
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') {
      line.put_space(text, i, i > 0 && i + 1 < text.size() && !is_space_at(text, i + 1));
    } else {
      line.put(text[i] == '\'' ? "''" : text.substr(i, 1));
    }
  }
  line.put("'");
}

void append_double_quoted(Line line, std::string_view text) {
  std::string escape;
  line.put("\"");
  for (std::size_t i = 0; i < text.size();) {
    const auto [point, length] = decode(text, i);
    if (text[i] == ' ') {
      line.put_space(text, i, i > 0 && i + 1 < text.size() && !is_space_at(text, i + 1));
    } else if (text[i] != '"' && text[i] != '\\' && text[i] != '\n' && is_printable(text, i)) {
      line.put(text.substr(i, length));
    } else {
      escape.clear();
      append_escape(escape, point);
      line.put(escape);
    }
    i += length;
  }
  line.put("\"");
}

// "|" with its hints, and the lines; the newline that ends the last one is not written.
void append_block(std::string& out, std::string_view text, std::size_t indent) {
  out += '|';
  if (text.front() == ' ' || text.front() == '\n') out += '2';
  const bool ends_line = text.back() == '\n';
  if (!ends_line) out += '-';
  if (ends_line && (text.size() == 1 || text[text.size() - 2] == '\n')) out += '+';
  if (ends_line) text.remove_suffix(1);
  for (;;) {
    const auto end = std::min(text.find('\n'), text.size());
    out += '\n';
    if (end > 0) out.append(indent, ' ').append(text.substr(0, end));
    if (end == text.size()) return;
    text.remove_prefix(end + 1);
  }
}

// A key, which has no place, stands in one line.
void append_scalar(std::string& out, std::string_view text, std::optional<YamlPlace> place) {
  const Line line(out, place);
  if (is_special_word(text) || is_number(text)) return append_double_quoted(line, text);
  const Shape shape = shape_of(text);
  if (text.find('\n') != std::string_view::npos) {
    if (place && shape.may_be_block) return append_block(out, text, place->indent);
    return append_double_quoted(line, text);
  }
  if (shape.may_be_plain) {
    append_plain(line, text);
  } else if (shape.may_be_single_quoted) {
    append_single_quoted(line, text);
  } else {
    append_double_quoted(line, text);
  }
}

}  // namespace

void append_yaml_text(std::string& out, std::string_view text, YamlPlace place) {
  append_scalar(out, text, place);
}

void append_yaml_key(std::string& out, std::string_view text) { append_scalar(out, text, {}); }

}  // namespace paddock::metadata::documents
