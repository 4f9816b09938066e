// SPDX-License-Identifier: Apache-2.0
//
// IP addresses as texts, wherever one stands: alone, in front of a subnet's length, in a mapping.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <optional>
#include <string_view>

namespace paddock::metadata {

// Nothing when the text is no IP address, or one of a link (fe80::1%eth0).
[[nodiscard]] std::optional<boost::asio::ip::address> parse_address(std::string_view text) noexcept;

}  // namespace paddock::metadata
