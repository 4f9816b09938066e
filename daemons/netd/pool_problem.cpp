// SPDX-License-Identifier: Apache-2.0
#include "netd/pool_problem.hpp"

namespace paddock::netd {
namespace {

constexpr double nearly_full = 0.9;

}  // namespace

std::optional<runtime::Problem> pool_problem(const net::AddressPool::Usage& usage) {
  const auto used = usage.taken + usage.resting;
  const bool full = used >= usage.size;
  const bool is_nearly = static_cast<double>(used) >= nearly_full * static_cast<double>(usage.size);
  if (usage.size == 0 || (!full && !is_nearly)) return {};
  return runtime::Problem{
      full ? runtime::Problem::Severity::error : runtime::Problem::Severity::warning,
      "subnet " + usage.network.to_string() + (full ? " is used up: " : " is nearly used up: ") +
          std::to_string(usage.taken) + " of " + std::to_string(usage.size) + " addresses taken, " +
          std::to_string(usage.resting) + " resting",
      "remove pods, or give this host another subnet"};
}

}  // namespace paddock::netd
