// SPDX-License-Identifier: Apache-2.0
//
// A fast hash of short text, seeded once per process: names come from strangers, who must not be
// able to choose the shape of our trees or the slots of our caches.
#pragma once

#include <boost/asio/ip/address.hpp>

#include <cstdint>
#include <string_view>

namespace paddock::metadata {

[[nodiscard]] std::uint64_t hash_text(std::string_view text, std::uint64_t before = 0) noexcept;
[[nodiscard]] std::uint64_t hash_address(const boost::asio::ip::address& address,
                                         std::uint64_t before = 0) noexcept;

}  // namespace paddock::metadata
