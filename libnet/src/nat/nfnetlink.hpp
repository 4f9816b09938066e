// SPDX-License-Identifier: Apache-2.0
//
// What all talk with nftables over netlink has in common.
#pragma once

#include <paddock/net/error.hpp>

#include <linux/netfilter/nfnetlink.h>

#include <cerrno>
#include <cstdint>

namespace paddock::net::nat {

// The netlink type of an operation of nftables, NFT_MSG_….
inline std::uint16_t nftables_message(unsigned operation) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8U | operation);
}

// The table, set or element is not there.
inline bool is_missing(const Error& error) { return error.code.value() == ENOENT; }

}  // namespace paddock::net::nat
