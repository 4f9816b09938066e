// SPDX-License-Identifier: Apache-2.0
#include "dnsd/text_lines.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

namespace paddock::dnsd {

namespace {

dns::Error unreadable(const std::string& path) {
  const int reason = errno;
  return {{reason, boost::system::generic_category()},
          "cannot read " + path + ": " + std::strerror(reason)};
}

}  // namespace

dns::Result<void> read_lines(const std::string& path, const TakeLine& take) {
  std::ifstream file(path);
  if (!file) return unreadable(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (auto taken = take(line); !taken) {
      return dns::Error{taken.error().code,
                        path + ":" + std::to_string(number) + ": " + taken.error().text};
    }
  }
  if (file.bad()) return unreadable(path);  // a folder, say
  return {};
}

}  // namespace paddock::dnsd
