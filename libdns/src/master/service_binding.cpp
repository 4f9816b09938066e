// SPDX-License-Identifier: Apache-2.0
#include "master/service_binding.hpp"

#include "master/words.hpp"
#include "wire/record_text.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <vector>

namespace paddock::dns::master {
namespace {

using Word = std::string_view;

constexpr std::size_t max_value = 0xFFFF;

// In the order of their numbers (RFC 9460 section 14.3.2, RFC 9461, RFC 9540).
enum class Key : std::uint16_t {
  mandatory,
  alpn,
  no_default_alpn,
  port,
  ipv4hint,
  ech,
  ipv6hint,
  dohpath,
  ohttp
};
constexpr std::array<Word, 9> key_names{"mandatory", "alpn",     "no-default-alpn",
                                        "port",      "ipv4hint", "ech",
                                        "ipv6hint",  "dohpath",  "ohttp"};

Error bad_binding(std::string text) {
  return {make_error_code(boost::system::errc::invalid_argument), std::move(text)};
}

std::optional<std::uint16_t> parse_number(Word text) {
  std::uint16_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::string number_octets(std::uint16_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number & 0xFF)};
}

// A key by its name, or as "key" and its number without zeros in front; 65535 is no key.
std::optional<std::uint16_t> parse_key(Word text) {
  const auto known = std::ranges::find(key_names, text);
  if (known != key_names.end()) return static_cast<std::uint16_t>(known - key_names.begin());
  if (!text.starts_with("key")) return std::nullopt;
  text.remove_prefix(3);
  const auto number = parse_number(text);
  if (!number || *number == 0xFFFF || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return number;
}

// A character string with its quotes and escapes taken away.
Result<std::string> unescape(Word text) {
  const auto is_digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      if (text[i] != '"') value += text[i];
    } else if (i + 3 < text.size() && is_digit(i + 1) && is_digit(i + 2) && is_digit(i + 3)) {
      const int octet = (text[i + 1] - '0') * 100 + (text[i + 2] - '0') * 10 + (text[i + 3] - '0');
      if (octet > 255) return bad_binding("a broken escape in " + std::string(text));
      value += static_cast<char>(octet);
      i += 3;
    } else if (i + 1 < text.size() && !is_digit(i + 1)) {
      value += text[++i];
    } else {
      return bad_binding("a broken escape in " + std::string(text));
    }
  }
  return value;
}

// The items between commas; a comma or backslash of an item has a backslash in front (RFC 9460
// appendix A.1).
std::vector<std::string> split_list(Word value) {
  std::vector<std::string> items(1);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == ',') {
      items.emplace_back();
      continue;
    }
    if (value[i] == '\\' && i + 1 < value.size()) ++i;
    items.back() += value[i];
  }
  return items;
}

Result<std::string> protocols_of(Word value) {
  std::string octets;
  for (const std::string& item : split_list(value)) {
    if (item.empty() || item.size() > 255)
      return bad_binding("an alpn of 1 to 255 octets is needed");
    octets += static_cast<char>(item.size());
    octets += item;
  }
  return octets;
}

Result<std::string> addresses_of(Key hint, Word value) {
  std::string octets;
  for (const std::string& item : split_list(value)) {
    boost::system::error_code no_address;
    const auto address = boost::asio::ip::make_address(item, no_address);
    if (no_address || address.is_v4() != (hint == Key::ipv4hint)) {
      return bad_binding("\"" + item + "\" is no address of the kind its hint has");
    }
    const auto append = [&](const auto& bytes) { octets.append(bytes.begin(), bytes.end()); };
    if (address.is_v4()) {
      append(address.to_v4().to_bytes());
    } else {
      append(address.to_v6().to_bytes());
    }
  }
  return octets;
}

Result<std::string> mandatory_of(Word value) {
  std::vector<std::uint16_t> keys;
  for (const std::string& item : split_list(value)) {
    const auto key = parse_key(item);
    if (!key || *key == 0) return bad_binding("\"" + item + "\" cannot be a mandatory key");
    keys.push_back(*key);
  }
  std::ranges::sort(keys);
  if (std::ranges::adjacent_find(keys) != keys.end()) {
    return bad_binding("a mandatory key is named twice");
  }
  std::string octets;
  for (const std::uint16_t key : keys) octets += number_octets(key);
  return octets;
}

// What the parameter's value is on the wire.
Result<std::string> value_octets(Key key, const std::string& value) {
  switch (key) {
    case Key::mandatory:
      return mandatory_of(value);
    case Key::alpn:
      return protocols_of(value);
    case Key::port: {
      const auto port = parse_number(value);
      if (!port) return bad_binding("\"" + value + "\" is no port");
      return number_octets(*port);
    }
    case Key::ipv4hint:
    case Key::ipv6hint:
      return addresses_of(key, value);
    case Key::ech: {
      auto octets = wire::parse_base64(value);
      if (!octets) return bad_binding("ech is not base64");
      return std::move(*octets);
    }
    case Key::no_default_alpn:
    case Key::ohttp:
      if (!value.empty()) return bad_binding("a value where none may be: \"" + value + "\"");
      return std::string();
    case Key::dohpath:
      break;
  }
  return value;
}

using Parameters = std::map<std::uint16_t, std::string>;

Result<void> add_parameter(Word word, Parameters& parameters) {
  const std::size_t sign = std::min(word.find('='), word.size());
  const Word name = word.substr(0, sign);
  const auto key = parse_key(name);
  if (!key) return bad_binding("\"" + std::string(name) + "\" is no parameter");
  auto text = unescape(word.substr(std::min(sign + 1, word.size())));
  if (!text) return text.error();
  const bool is_plain = name.starts_with("key");  // the value is written as it is on the wire
  auto value = is_plain ? std::move(text) : value_octets(Key{*key}, *text);
  if (!value) return value.error();
  if (value->size() > max_value) return bad_binding(std::string(name) + " is too long");
  if (!parameters.emplace(*key, std::move(*value)).second) {
    return bad_binding(std::string(name) + " is there twice");
  }
  return {};
}

// RFC 9460 sections 7.1.1 and 8: what is mandatory is there, and what replaces the default as well.
Result<void> check_complete(const Parameters& parameters) {
  const auto has = [&](std::uint16_t key) { return parameters.contains(key); };
  if (has(static_cast<std::uint16_t>(Key::no_default_alpn)) &&
      !has(static_cast<std::uint16_t>(Key::alpn))) {
    return bad_binding("no-default-alpn without alpn");
  }
  const auto mandatory = parameters.find(static_cast<std::uint16_t>(Key::mandatory));
  if (mandatory == parameters.end()) return {};
  const std::string& keys = mandatory->second;
  for (std::size_t i = 0; i + 1 < keys.size(); i += 2) {
    const auto key = static_cast<std::uint16_t>(static_cast<std::uint8_t>(keys[i]) << 8 |
                                                static_cast<std::uint8_t>(keys[i + 1]));
    if (!has(key)) return bad_binding("a mandatory parameter is missing");
  }
  return {};
}

}  // namespace

Result<std::string> parse_service_binding(std::span<const std::string_view> words,
                                          const Name& origin) {
  if (words.size() < 2) return bad_binding("a priority and a target are needed");
  const auto priority = parse_number(words[0]);
  if (!priority) return bad_binding("\"" + std::string(words[0]) + "\" is no priority");
  const auto target = words[1] == "." ? Result<Name>(Name()) : parse_name(words[1], origin);
  if (!target) return target.error();
  Parameters parameters;
  for (const std::string_view word : words.subspan(2)) {
    if (auto done = add_parameter(word, parameters); !done) return done.error();
  }
  if (auto done = check_complete(parameters); !done) return done.error();
  std::string data = number_octets(*priority);
  const auto wire = target->wire();
  data.append(wire.begin(), wire.end());
  for (const auto& [key, value] : parameters) {
    data += number_octets(key) + number_octets(static_cast<std::uint16_t>(value.size())) + value;
  }
  if (data.size() > max_value) return bad_binding("does not fit into a record");
  return data;
}

}  // namespace paddock::dns::master
