// SPDX-License-Identifier: Apache-2.0
#include "dnsd/text_lines.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace paddock::dnsd {

dns::Result<void> read_lines(const std::string& path, const TakeLine& take) {
  std::ifstream file(path);
  if (!file) {
    const int reason = errno;
    return dns::Error{{reason, boost::system::generic_category()},
                      "cannot read " + path + ": " + std::strerror(reason)};
  }
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (auto taken = take(line); !taken) {
      return dns::Error{taken.error().code,
                        path + ":" + std::to_string(number) + ": " + taken.error().text};
    }
  }
  return {};
}

}  // namespace paddock::dnsd
