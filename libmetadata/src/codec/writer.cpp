// SPDX-License-Identifier: Apache-2.0
#include "codec/writer.hpp"

#include "codec/fields.hpp"
#include "codec/utf8.hpp"

#include <array>

namespace paddock::metadata {
namespace {

void append_escaped(std::string& out, char c) {
  constexpr char digits[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out.append("\\u00").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
  }
}

// Whether a character is written as it is: printable ASCII but quote and backslash, and for HTML
// but what has a meaning there.
using PlainCharacters = std::array<bool, 256>;

constexpr PlainCharacters plain_characters(JsonFor reader) {
  PlainCharacters plain{};
  for (std::size_t c = ' '; c < 0x7f; ++c) plain[c] = c != '"' && c != '\\';
  if (reader == JsonFor::html) plain['<'] = plain['>'] = plain['&'] = false;
  return plain;
}

constexpr PlainCharacters plain_for[] = {plain_characters(JsonFor::any),
                                         plain_characters(JsonFor::html)};

// U+2028 and U+2029, which end a line of JavaScript.
bool is_line_separator(std::string_view character) noexcept {
  return character == "\xe2\x80\xa8" || character == "\xe2\x80\xa9";
}

}  // namespace

void append_address(std::string& out, const boost::asio::ip::address& address) {
  if (!address.is_v4()) {
    out += address.to_string();
    return;
  }
  char buffer[16];
  char* at = buffer;
  for (const unsigned byte : address.to_v4().to_bytes()) {
    if (at != buffer) *at++ = '.';
    at = std::to_chars(at, buffer + sizeof buffer, byte).ptr;
  }
  out.append(buffer, at);
}

void append_json_text(std::string& out, std::string_view text, JsonFor reader) {
  const PlainCharacters& is_plain = plain_for[static_cast<std::size_t>(reader)];
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain[static_cast<unsigned char>(text[plain])]) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    std::size_t taken = 1;
    if (byte < 0x80) {
      append_escaped(out, text.front());
    } else if (const std::size_t length = utf8_length(text); length != 0) {
      taken = length;
      if (reader == JsonFor::html && is_line_separator(text.substr(0, length))) {
        out += text[2] == '\xa8' ? "\\u2028" : "\\u2029";
      } else {
        out.append(text.substr(0, length));
      }
    } else {
      out += "\xef\xbf\xbd";
    }
    text.remove_prefix(taken);
  }
  out += '"';
}

void Writer::addresses(std::string_view name, const Addresses& field) {
  if (field.empty()) return;
  key(name);
  char before = '[';
  for (const auto& address : field) {
    (out_ += before) += '"';
    append_address(out_, address);
    out_ += '"';
    before = ',';
  }
  out_ += ']';
}

void Writer::prefixes(std::string_view name, const List<Prefix>& field) {
  if (field.empty()) return;
  key(name);
  char before = '[';
  for (const Prefix& prefix : field) {
    (out_ += before) += '"';
    append_address(out_, prefix.address);
    out_ += '/';
    number(prefix.length);
    out_ += '"';
    before = ',';
  }
  out_ += ']';
}

void Writer::texts(std::string_view name, const Texts& field, Rule) {
  if (field.empty()) return;
  key(name);
  char before = '[';
  for (const Text& text : field) {
    out_ += before;
    append_json_text(out_, text);
    before = ',';
  }
  out_ += ']';
}

void Writer::map(std::string_view name, const TextMap& field, Rule, Rule) {
  if (field.empty()) return;
  key(name);
  char before = '{';
  for (const TextPair& pair : field) {
    out_ += before;
    append_json_text(out_, pair.key);
    out_ += ':';
    append_json_text(out_, pair.value);
    before = ',';
  }
  out_ += '}';
}

void append_json(std::string& out, const Object& object) {
  Writer writer(out);
  writer.begin();
  writer.always("kind", kind_name(object.kind));
  if (has_namespace(object.kind)) writer.always("namespace", object.ns);
  writer.always("name", object.name);
  visit(object, [&writer](const auto& typed) { describe(writer, typed); });
  writer.end();
}

std::string format_json(const Object& object) {
  std::string out;
  append_json(out, object);
  return out;
}

}  // namespace paddock::metadata
