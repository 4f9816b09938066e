// SPDX-License-Identifier: Apache-2.0
//
// The reverse zones of subnets.
#pragma once

#include <paddock/dns/name.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <vector>

namespace paddock::dns {

// The origins that together cover the reverse names of a subnet and nothing else: one if the
// prefix ends where a label does, else up to 128 (IPv4) or 8 (IPv6).
std::vector<Name> reverse_origins(const boost::asio::ip::network_v4& subnet);
std::vector<Name> reverse_origins(const boost::asio::ip::network_v6& subnet);

}  // namespace paddock::dns
