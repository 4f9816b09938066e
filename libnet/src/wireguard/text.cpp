// SPDX-License-Identifier: Apache-2.0
#include "wireguard/text.hpp"

#include "failure.hpp"

#include <cerrno>
#include <charconv>
#include <cstdlib>

namespace paddock::net::wireguard {
namespace {

std::string to_hex(const WireguardKey& key) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : key.octets) {
    text += digits[octet >> 4U];
    text += digits[octet & 15U];
  }
  return text;
}

template <class Number>
std::optional<Number> number_in(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  const bool is_whole = error == std::errc{} && end == text.data() + text.size() && !text.empty();
  return is_whole ? std::optional(value) : std::nullopt;
}

std::optional<WireguardKey> key_in_hex(std::string_view text) {
  WireguardKey key;
  if (text.size() != 2 * key.octets.size()) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < key.octets.size(); ++i) {
    const auto octet = number_in<std::uint8_t>(text.substr(2 * i, 2), 16);
    if (!octet) {
      return std::nullopt;
    }
    key.octets[i] = *octet;
  }
  return key;
}

std::optional<Endpoint> endpoint_in(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  }
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(host, failed);
  const auto port = number_in<std::uint16_t>(text.substr(colon + 1));
  return failed || !port ? std::nullopt : std::optional(Endpoint{address, *port});
}

// Takes in one line of an answer; false when its value is none. Lines that later versions may have
// are passed over.
class Answer {
 public:
  bool take(std::string_view name, std::string_view value);

  Configuration configuration;
  std::optional<int> code;

 private:
  template <class Value, class Place>
  bool set(const std::optional<Value>& value, Place& place) {
    if (value) {
      place = *value;
    }
    return value.has_value();
  }
  bool take_of_remote(std::string_view name, std::string_view value);
};

bool Answer::take(std::string_view name, std::string_view value) {
  if (name == "errno") {
    return set(number_in<int>(value), code);
  }
  if (name == "private_key") {
    return set(key_in_hex(value), configuration.private_key);
  }
  if (name == "listen_port") {
    return set(number_in<std::uint16_t>(value), configuration.port);
  }
  if (name == "public_key") {
    return set(key_in_hex(value), configuration.remotes.emplace_back().key);
  }
  return configuration.remotes.empty() || take_of_remote(name, value);
}

bool Answer::take_of_remote(std::string_view name, std::string_view value) {
  Remote& remote = configuration.remotes.back();
  if (name == "preshared_key") {
    return set(key_in_hex(value), remote.shared);
  }
  if (name == "endpoint") {
    return set(endpoint_in(value), remote.endpoint);
  }
  if (name == "persistent_keepalive_interval") {
    return set(number_in<std::uint16_t>(value), remote.keepalive);
  }
  if (name == "last_handshake_time_sec") {
    std::int64_t seconds = 0;
    const bool is_number = set(number_in<std::int64_t>(value), seconds);
    remote.heard = std::chrono::system_clock::time_point(std::chrono::seconds(seconds));
    return is_number;
  }
  if (name == "allowed_ip") {
    const auto prefix = Prefix::parse(value);
    return prefix && set(prefix, remote.allowed.emplace_back());
  }
  return true;
}

}  // namespace

std::string format_change(const Change& change) {
  std::string text = "set=1\n";
  const auto line = [&](std::string_view name, const std::string& value) {
    text.append(name).append("=").append(value).append("\n");
  };
  if (change.private_key) {
    line("private_key", to_hex(*change.private_key));
  }
  if (change.port) {
    line("listen_port", std::to_string(*change.port));
  }
  for (const WireguardKey& key : change.gone) {
    line("public_key", to_hex(key));
    line("remove", "true");
  }
  for (const Remote& remote : change.remotes) {
    line("public_key", to_hex(remote.key));
    line("preshared_key", to_hex(remote.shared));
    if (remote.endpoint) {
      line("endpoint", remote.endpoint->to_string());
    }
    line("persistent_keepalive_interval", std::to_string(remote.keepalive));
    line("replace_allowed_ips", "true");
    for (const Prefix& prefix : remote.allowed) {
      line("allowed_ip", prefix.to_string());
    }
  }
  return text + "\n";
}

Result<Configuration> parse_answer(std::string_view text) {
  Answer answer;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equal = line.find('=');
    if (line.empty()) {
      continue;
    }
    if (equal == std::string_view::npos ||
        !answer.take(line.substr(0, equal), line.substr(equal + 1))) {
      // Without its value, which may be a key.
      return failure(EINVAL, "WireGuard's answer, at " + std::string(line.substr(0, equal)));
    }
  }
  if (!answer.code) {
    return failure(EINVAL, "WireGuard's answer has no end");
  }
  if (*answer.code != 0) {
    return failure(std::abs(*answer.code), "WireGuard refuses what it is told");
  }
  return std::move(answer.configuration);
}

}  // namespace paddock::net::wireguard
