// SPDX-License-Identifier: Apache-2.0
//
// The visitor of fields.hpp that writes compact JSON and leaves defaults out.
#pragma once

#include "codec/rules.hpp"

#include <paddock/metadata/codec.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::metadata {

// As text; of an IPv4 address several times as fast as the C library's.
void append_address(std::string& out, const boost::asio::ip::address& address);

class Writer {
 public:
  // Writes the fields of a map whose opening brace is there, or will be put by begin().
  explicit Writer(std::string& out) : out_(out) {}

  void begin() {
    out_ += '{';
    is_first_ = true;
  }
  void end() { out_ += '}'; }

  void key(std::string_view key) {
    if (!is_first_) out_ += ',';
    is_first_ = false;
    out_.append("\"").append(key).append("\":");
  }
  void number(std::int64_t value) {
    char buffer[24];
    out_.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  }

  void always(std::string_view name, std::string_view value) {
    key(name);
    append_json_text(out_, value);
  }
  void text(std::string_view name, const Text& field, Rule) {
    if (!field.empty()) always(name, field);
  }
  void repeated(std::string_view name, const Text& field, Rule, std::string_view absent = {}) {
    if (!field.empty() && field.view() != absent) always(name, field);
  }
  void defaulted(std::string_view name, const Text& field, Rule, const Text& absent) {
    if (!field.empty() && field != absent) always(name, field);
  }
  void boolean(std::string_view name, bool field, bool absent) {
    if (field == absent) return;
    key(name);
    out_ += field ? "true" : "false";
  }
  void protocol(std::string_view name, Protocol field) {
    if (field != Protocol::tcp) always(name, protocol_name(field));
  }
  template <std::integral T>
  void integer(std::string_view name, T field, std::int64_t, std::int64_t,
               std::int64_t absent = 0) {
    if (field == 0 || static_cast<std::int64_t>(field) == absent) return;
    required_integer(name, field, 0, 0);
  }
  template <std::integral T>
  void required_integer(std::string_view name, T field, std::int64_t, std::int64_t) {
    key(name);
    number(static_cast<std::int64_t>(field));
  }
  void addresses(std::string_view name, const Addresses& field);
  void required_addresses(std::string_view name, const Addresses& field) { addresses(name, field); }
  void prefixes(std::string_view name, const List<Prefix>& field);
  void texts(std::string_view name, const Texts& field, Rule);
  void map(std::string_view name, const TextMap& field, Rule, Rule);
  void any(std::string_view name, const Text& field) {
    if (field.empty()) return;
    key(name);
    out_ += field.view();
  }

  template <class T, class Describe>
  void objects(std::string_view name, const List<T>& field, Describe describe_item) {
    if (field.empty()) return;
    key(name);
    out_ += '[';
    for (const T& item : field) {
      if (&item != field.begin()) out_ += ',';
      write_map(item, describe_item);
    }
    out_ += ']';
  }

  template <class T, class Describe>
  void object(std::string_view name, const std::optional<T>& field, Describe describe_item) {
    if (!field) return;
    key(name);
    write_map(*field, describe_item);
  }

 private:
  template <class T, class Describe>
  void write_map(const T& item, Describe describe_item) {
    Writer inner(out_);
    inner.begin();
    describe_item(inner, item);
    inner.end();
  }

  std::string& out_;
  bool is_first_ = true;
};

}  // namespace paddock::metadata
