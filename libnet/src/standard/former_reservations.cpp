// SPDX-License-Identifier: Apache-2.0
#include "standard/former_reservations.hpp"

#include "failure.hpp"

#include <sys/stat.h>

#include <ctime>
#include <string>
#include <system_error>

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

Result<bool> is_reserved(const IpAddress& address, const std::filesystem::path& root) {
  std::error_code failed;
  std::filesystem::directory_iterator network(root, failed);
  if (failed == std::errc::no_such_file_or_directory) return false;  // as on most hosts
  const std::string name = address.to_string();
  for (; !failed && network != std::filesystem::directory_iterator(); network.increment(failed)) {
    struct stat status {};
    if (::stat((network->path() / name).c_str(), &status) == 0 && status.st_mtim.tv_sec >= boot())
      return true;
  }
  if (failed) return failure(failed.value(), "read " + root.string());
  return false;
}

}  // namespace paddock::net::standard
