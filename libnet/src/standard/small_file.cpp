// SPDX-License-Identifier: Apache-2.0
#include "standard/small_file.hpp"

#include "failure.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>

namespace paddock::net::standard {

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

Result<void> write_file(const std::filesystem::path& path, std::string_view content) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return failure(errno, "write " + path.string());
  const auto written = ::write(file, content.data(), content.size());
  const int code = errno;
  ::close(file);
  if (written != static_cast<ssize_t>(content.size()))
    return failure(written < 0 ? code : ENOSPC, "write " + path.string());
  return {};
}

}  // namespace paddock::net::standard
