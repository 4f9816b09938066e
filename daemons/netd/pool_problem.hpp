// SPDX-License-Identifier: Apache-2.0
//
// What operators should know of a subnet whose addresses come to an end: pure.
#pragma once

#include "runtime/admin.hpp"

#include <paddock/net/address_pool.hpp>

#include <optional>

namespace paddock::netd {

// Absent while there are addresses enough, and of a closed subnet, which has none to give.
[[nodiscard]] std::optional<runtime::Problem> pool_problem(const net::AddressPool::Usage& usage);

}  // namespace paddock::netd
