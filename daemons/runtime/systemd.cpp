// SPDX-License-Identifier: Apache-2.0
#include "runtime/systemd.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>

namespace paddock::runtime {

void notify_service_manager(const std::string& lines) noexcept {
  ::sd_notify(
      0,
      lines.c_str());  // returns at once without NOTIFY_SOCKET; a lost notice is not ours to mend
}

std::chrono::milliseconds watchdog_interval() noexcept {
  std::uint64_t microseconds = 0;
  if (::sd_watchdog_enabled(0, &microseconds) <= 0) return std::chrono::milliseconds{0};
  return std::chrono::milliseconds{static_cast<std::int64_t>(microseconds / 1000)};
}

}  // namespace paddock::runtime
