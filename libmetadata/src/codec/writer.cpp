// SPDX-License-Identifier: Apache-2.0
#include "codec/writer.hpp"

#include "codec/fields.hpp"
#include "codec/utf8.hpp"

namespace paddock::metadata {
namespace {

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

// Written as it is: printable ASCII but quote and backslash.
bool is_plain(char c) noexcept { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; }

}  // namespace

void append_json_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_plain(text[plain])) ++plain;
    out.append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    std::size_t taken = 1;
    if (byte < 0x80) {
      append_escaped(out, text.front());
    } else if (const std::size_t length = utf8_length(text); length != 0) {
      out.append(text.substr(0, length));
      taken = length;
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
