// SPDX-License-Identifier: Apache-2.0
#include "model/address_text.hpp"

#include <algorithm>
#include <array>

namespace paddock::metadata {

// Which family it is its characters say: asio would try one after the other.
std::optional<boost::asio::ip::address> parse_address(std::string_view text) noexcept {
  std::array<char, 64> terminated{};  // longer than any address
  if (text.size() >= terminated.size() || text.find('%') != std::string_view::npos ||
      text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::copy(text.begin(), text.end(), terminated.begin());
  boost::system::error_code failed;
  boost::asio::ip::address address;
  if (text.find(':') == std::string_view::npos) {
    address = boost::asio::ip::make_address_v4(terminated.data(), failed);
  } else {
    address = boost::asio::ip::make_address_v6(terminated.data(), failed);
  }
  return failed ? std::nullopt : std::optional(address);
}

}  // namespace paddock::metadata
