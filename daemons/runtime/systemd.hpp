// SPDX-License-Identifier: Apache-2.0
//
// The service notification protocol, and the sockets a service manager passes on from one process
// of a service to the next. Everything here does nothing unless it set NOTIFY_SOCKET or LISTEN_FDS.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace paddock::runtime {

// Sends lines such as READY=1 or STATUS=… to the service manager.
void notify_service_manager(const std::string& lines) noexcept;

// How often the service manager wants to hear WATCHDOG=1; zero when it does not.
[[nodiscard]] std::chrono::milliseconds watchdog_interval() noexcept;

[[nodiscard]] bool has_service_manager() noexcept;

// Whether sockets were passed on that nobody has asked for yet.
[[nodiscard]] bool has_passed_sockets() noexcept;

// The sockets it passes on, which the caller owns; none when asked again.
[[nodiscard]] std::vector<int> passed_sockets() noexcept;

// Has it keep copies of these until the service is stopped, for the process that comes next, in
// place of those it passed on to this one. It needs FileDescriptorStoreMax= for that.
void leave_sockets(const std::vector<int>& sockets, const std::vector<int>& passed);

}  // namespace paddock::runtime
