// SPDX-License-Identifier: Apache-2.0
//
// The service notification protocol. Everything here does nothing unless NOTIFY_SOCKET is set.
#pragma once

#include <chrono>
#include <string>

namespace paddock::runtime {

// Sends lines such as READY=1 or STATUS=… to the service manager.
void notify_service_manager(const std::string& lines) noexcept;

// How often the service manager wants to hear WATCHDOG=1; zero when it does not.
[[nodiscard]] std::chrono::milliseconds watchdog_interval() noexcept;

}  // namespace paddock::runtime
