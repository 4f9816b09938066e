// SPDX-License-Identifier: Apache-2.0
#include "standard/former_reservations.hpp"

#include <sys/stat.h>

#include <ctime>

namespace paddock::net::standard {
namespace {

std::time_t boot() {
  timespec now{};
  timespec up{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  ::clock_gettime(CLOCK_BOOTTIME, &up);
  return now.tv_sec - up.tv_sec - 1;
}

}  // namespace

bool is_reserved(const IpAddress& address, const std::filesystem::path& root) {
  std::error_code failed;  // most hosts have no such folder
  for (const auto& network : std::filesystem::directory_iterator(root, failed)) {
    struct stat status {};
    if (::stat((network.path() / address.to_string()).c_str(), &status) == 0 &&
        status.st_mtim.tv_sec >= boot())
      return true;
  }
  return false;
}

}  // namespace paddock::net::standard
