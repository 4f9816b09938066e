// SPDX-License-Identifier: Apache-2.0
#include "codec/rules.hpp"

#include "model/address_text.hpp"
#include "model/names.hpp"

#include <algorithm>
#include <charconv>

namespace paddock::metadata {
namespace {

constexpr std::size_t longest_text = 64U << 10U;
constexpr std::size_t longest_word = 253;
constexpr std::size_t longest_label_key = 317;  // of Kubernetes: prefix, slash, name

bool is_control(char c) noexcept { return (c >= 0 && c < ' ') || c == '\x7f'; }

bool is_line(std::string_view text) noexcept {
  return text.size() <= longest_text && std::none_of(text.begin(), text.end(), is_control);
}

bool is_word(std::string_view text, std::size_t longest) noexcept {
  return text.size() <= longest &&
         std::none_of(text.begin(), text.end(), [](char c) { return is_control(c) || c == ' '; });
}

bool is_mac(std::string_view text) noexcept {
  if (text.size() != 17) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_hex =
        std::string_view("0123456789abcdefABCDEF").find(text[i]) != std::string_view::npos;
    if (i % 3 == 2 ? text[i] != ':' : !is_hex) return false;
  }
  return true;
}

bool is_service_path(std::string_view text) noexcept {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && is_label(text.substr(0, slash)) &&
         is_label(text.substr(slash + 1));
}

bool is_port(std::string_view text) noexcept {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port >= 1 && port <= 65535;
}

bool is_port_mapping(std::string_view text) {
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    const auto protocol = text.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp" && protocol != "sctp") return false;
    text = text.substr(0, slash);
  }
  const auto last = text.rfind(':');
  if (last == std::string_view::npos || !is_port(text.substr(last + 1))) return false;
  text = text.substr(0, last);
  const auto first = text.rfind(':');
  if (first == std::string_view::npos) return is_port(text);
  auto host = text.substr(0, first);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return is_port(text.substr(first + 1)) && (host.empty() || parse_address(host));
}

}  // namespace

const char* broken(Rule rule, std::string_view text) noexcept {
  const auto unless = [](bool is_right, const char* message) {
    return is_right ? nullptr : message;
  };
  switch (rule) {
    case Rule::free:
      return unless(text.size() <= longest_text, "must be at most 65536 bytes");
    case Rule::line:
      return unless(is_line(text),
                    "must be one line of at most 65536 bytes, without control characters");
    case Rule::word:
      return unless(is_word(text, longest_word),
                    "must be at most 253 bytes, without spaces and control characters");
    case Rule::label:
      return unless(is_label(text),
                    "must be a DNS label: a-z, 0-9 and inner hyphens, at most 63 characters");
    case Rule::dotted_name:
      return unless(is_dotted_name(text),
                    "must be a lower-case DNS name: labels of a-z, 0-9 and inner hyphens with dots "
                    "between them, at most 253 characters");
    case Rule::dns_name:
      return unless(is_dns_name(text), "must be a DNS name, at most 253 characters");
    case Rule::address:
      return unless(parse_address(text).has_value(), "must be an IPv4 or IPv6 address");
    case Rule::mac:
      return unless(is_mac(text), "must be an Ethernet address: 02:42:0a:2a:00:02");
    case Rule::service_path:
      return unless(is_service_path(text), "must be namespace/service");
    case Rule::service_name:
      return unless(is_label(text) || is_service_path(text),
                    "must be service or namespace/service");
    case Rule::port_mapping:
      return unless(is_port_mapping(text), "must be hostIP:public:private[/protocol]");
    case Rule::label_key:
      return unless(is_word(text, longest_label_key),
                    "a key must be at most 317 bytes, without spaces and control characters");
  }
  return nullptr;
}

}  // namespace paddock::metadata
