// SPDX-License-Identifier: Apache-2.0
//
// The text of the nftables table "inet paddock" for a plan. Rules are by set and by interface
// group, so nothing in it changes when pods come and go.
#pragma once

#include <paddock/net/host_network.hpp>

#include <string>

namespace paddock::net::nat {

// In the very form in which nft lists it, so that a listing can be compared with it.
std::string ruleset(const HostPlan& plan);

}  // namespace paddock::net::nat
