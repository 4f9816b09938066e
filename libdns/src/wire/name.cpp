// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/name.hpp>

namespace paddock::dns {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

Error bad_name(std::string_view text, std::string_view why) {
  return {make_error_code(boost::system::errc::invalid_argument),
          "domain name \"" + std::string(text) + "\": " + std::string(why)};
}

// Reads the octet that the escape behind a backslash stands for, and moves `at` behind it. -1 when
// it is broken.
int read_escape(std::string_view text, std::size_t& at) {
  if (at >= text.size()) return -1;
  if (!is_digit(text[at])) return static_cast<unsigned char>(text[at++]);
  if (at + 3 > text.size() || !is_digit(text[at + 1]) || !is_digit(text[at + 2])) return -1;
  const int value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
  at += 3;
  return value <= 255 ? value : -1;
}

void append_escaped(std::string& out, char c) {
  const auto octet = static_cast<unsigned char>(c);
  if (c == '.' || c == '\\') {
    out += {'\\', c};
  } else if (octet > 0x20 && octet < 0x7F) {
    out += c;
  } else {
    out += {'\\', static_cast<char>('0' + octet / 100), static_cast<char>('0' + octet / 10 % 10),
            static_cast<char>('0' + octet % 10)};
  }
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (text.empty()) return bad_name(text, "is empty; the root is written \".\"");
  Name name;
  if (text == ".") return name;
  std::string wire;
  wire.reserve(text.size() + 2);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length_at = wire.size();
    wire += '\0';
    while (at < text.size() && text[at] != '.') {
      int octet = static_cast<unsigned char>(text[at++]);
      if (octet == '\\') octet = read_escape(text, at);
      if (octet < 0) return bad_name(text, "has a broken escape");
      wire += lower(static_cast<char>(octet));
    }
    const std::size_t length = wire.size() - length_at - 1;
    if (length == 0) return bad_name(text, "has an empty label");
    if (length > max_label) return bad_name(text, "has a label of more than 63 octets");
    if (wire.size() >= max_length) return bad_name(text, "is longer than 255 octets");
    wire[length_at] = static_cast<char>(length);
    ++at;  // the dot, or past the end
  }
  wire += '\0';
  name.wire_ = std::move(wire);
  return name;
}

Result<Name> Name::from_wire(std::span<const std::uint8_t> wire) {
  const auto malformed = [] { return bad_name("", "malformed in wire form"); };
  if (wire.size() > max_length) return malformed();
  std::size_t at = 0;
  while (at < wire.size() && wire[at] != 0) {
    if (wire[at] > max_label) return malformed();
    at += std::size_t{1} + wire[at];
  }
  if (at + 1 != wire.size()) return malformed();
  Name name;
  name.wire_.assign(reinterpret_cast<const char*>(wire.data()), wire.size());
  for (char& c : name.wire_) c = lower(c);  // length octets are below 'A'
  return name;
}

std::string Name::format() const {
  if (is_root()) return ".";
  std::string text;
  text.reserve(wire_.size());
  for (std::size_t at = 0; wire_[at] != '\0';) {
    const auto length = static_cast<std::size_t>(wire_[at]);
    for (const char c : std::string_view(wire_).substr(at + 1, length)) append_escaped(text, c);
    text += '.';
    at += 1 + length;
  }
  return text;
}

Result<Name> Name::child(std::string_view label) const {
  if (label.empty()) return bad_name(format(), "a label in front of it is empty");
  if (label.size() > max_label) {
    return bad_name(format(), "label \"" + std::string(label) + "\" has more than 63 octets");
  }
  if (label.size() + 1 + wire_.size() > max_length) {
    return bad_name(format(), "with \"" + std::string(label) + "\" it is longer than 255 octets");
  }
  Name name;
  name.wire_.clear();
  name.wire_.reserve(label.size() + 1 + wire_.size());
  name.wire_ += static_cast<char>(label.size());
  for (const char c : label) name.wire_ += lower(c);
  name.wire_ += wire_;
  return name;
}

Name Name::parent() const {
  Name name;
  if (!is_root()) name.wire_ = wire_.substr(1 + static_cast<std::size_t>(wire_[0]));
  return name;
}

std::string_view Name::first_label() const {
  return std::string_view(wire_).substr(1, static_cast<std::size_t>(wire_[0]));
}

bool Name::is_within(const Name& ancestor) const {
  std::string_view rest = wire_;
  while (rest.size() > ancestor.wire_.size())
    rest.remove_prefix(1 + static_cast<std::size_t>(rest[0]));
  return rest == ancestor.wire_;
}

}  // namespace paddock::dns
