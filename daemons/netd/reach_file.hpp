// SPDX-License-Identifier: Apache-2.0
//
// What dnsd is told of the way to other hosts' pods: a file with a line for each network of the
// cluster and for each subnet in it that packets get to from here. Pure.
#pragma once

#include <paddock/net/overlay.hpp>

#include <string>
#include <vector>

namespace paddock::netd {

// Whether there is a way to all subnets of that host.
[[nodiscard]] bool is_reached(const net::PeerStatus& status);

// How the file begins; `own` is always reached. With the backend `none` somebody else sees to the
// way: that is all of it, and no line says anything.
[[nodiscard]] std::string format_reach(net::OverlayBackend backend,
                                       const std::vector<net::Prefix>& networks,
                                       const std::vector<net::Prefix>& own);
// The lines of one peer behind that; empty: it is not reached.
[[nodiscard]] std::string format_reach(const net::PeerStatus& peer);

}  // namespace paddock::netd
