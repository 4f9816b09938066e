// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/address.hpp>

#include <sys/random.h>

#include <algorithm>
#include <charconv>
#include <system_error>

namespace paddock::net {
namespace {

template <class Bytes>
Bytes masked(Bytes bytes, unsigned length) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned before = static_cast<unsigned>(i) * 8;
    const unsigned kept = length > before ? std::min(8U, length - before) : 0;
    bytes[i] = static_cast<unsigned char>(bytes[i] & (0xff00U >> kept));
  }
  return bytes;
}

template <class Bytes>
Bytes filled(Bytes bytes, unsigned length) {
  for (std::size_t bit = length; bit < bytes.size() * 8; ++bit)
    bytes[bit / 8] = static_cast<unsigned char>(bytes[bit / 8] | (0x80U >> bit % 8));
  return bytes;
}

unsigned full_length(const IpAddress& address) { return address.is_v4() ? 32 : 128; }

}  // namespace

std::optional<Prefix> Prefix::parse(std::string_view text) {
  const auto slash = text.find('/');
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(text.substr(0, slash), failed);
  if (failed || (address.is_v6() && address.to_v6().scope_id() != 0)) {
    return std::nullopt;
  }
  if (slash == std::string_view::npos) {
    return host(address);
  }
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), length);
  if (error != std::errc{} || end != digits.end() || length > full_length(address)) {
    return std::nullopt;
  }
  return Prefix{address, length};
}

Prefix Prefix::host(const IpAddress& address) { return {address, full_length(address)}; }

Prefix Prefix::network() const {
  if (address.is_v4()) {
    return {boost::asio::ip::address_v4(masked(address.to_v4().to_bytes(), length)), length};
  }
  return {boost::asio::ip::address_v6(masked(address.to_v6().to_bytes(), length)), length};
}

IpAddress Prefix::last() const {
  if (address.is_v4())
    return boost::asio::ip::address_v4(filled(address.to_v4().to_bytes(), length));
  return boost::asio::ip::address_v6(filled(address.to_v6().to_bytes(), length));
}

bool Prefix::contains(const IpAddress& other) const {
  return other.is_v4() == address.is_v4() && Prefix{other, length}.network() == network();
}

std::string Prefix::to_string() const { return address.to_string() + '/' + std::to_string(length); }

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  MacAddress mac;
  if (text.size() != 17) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < 6; ++i) {
    const char* const digits = text.data() + i * 3;
    const auto [end, error] = std::from_chars(digits, digits + 2, mac.octets[i], 16);
    if (error != std::errc{} || end != digits + 2 || (i < 5 && digits[2] != ':')) {
      return std::nullopt;
    }
  }
  return mac;
}

MacAddress MacAddress::random() {
  MacAddress mac;
  if (getrandom(mac.octets.data(), mac.octets.size(), 0) != 6) {
    throw std::system_error(errno, std::generic_category(), "read random bytes for a MAC address");
  }
  mac.octets[0] = static_cast<std::uint8_t>((mac.octets[0] & 0xfcU) | 0x02U);
  return mac;
}

std::string MacAddress::to_string() const {
  static constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned octet : octets) {
    if (!text.empty()) {
      text += ':';
    }
    text += digits[octet >> 4U];
    text += digits[octet & 15U];
  }
  return text;
}

}  // namespace paddock::net
