// SPDX-License-Identifier: Apache-2.0
#include "runtime/systemd.hpp"

#include "runtime/log.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

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

bool has_service_manager() noexcept { return std::getenv("NOTIFY_SOCKET") != nullptr; }

bool has_passed_sockets() noexcept { return ::sd_listen_fds(0) > 0; }

std::vector<int> passed_sockets() noexcept {
  std::vector<int> sockets;
  const int count = ::sd_listen_fds(1);
  for (int i = 0; i < count; ++i) sockets.push_back(SD_LISTEN_FDS_START + i);
  return sockets;
}

void leave_sockets(const std::vector<int>& sockets, const std::vector<int>& passed) {
  if (!passed.empty()) log::info("goes on with the sockets of the process before");
  const auto is_used = [&](int socket) {
    return std::ranges::find(sockets, socket) != sockets.end();
  };
  // Copies of what nobody reads would go on taking what clients send.
  if (!std::ranges::all_of(passed, is_used)) {
    notify_service_manager("FDSTOREREMOVE=1\nFDNAME=sockets");
  }
  constexpr std::size_t at_once = 128;  // the kernel passes up to 253 with one message
  for (std::size_t first = 0; first < sockets.size(); first += at_once) {
    const std::size_t count = std::min(at_once, sockets.size() - first);
    // Without FDPOLL=0 a socket with an error, such as of a client that is gone, would be closed.
    (void)::sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=sockets\nFDPOLL=0",
                                   sockets.data() + first, static_cast<unsigned>(count));
  }
}

}  // namespace paddock::runtime
