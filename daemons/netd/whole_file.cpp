// SPDX-License-Identifier: Apache-2.0
#include "netd/whole_file.hpp"

#include "runtime/directories.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace paddock::netd {
namespace {

// A rename must not come to the disk before what it names.
bool write_through(const std::string& path, const std::string& text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (file < 0) return false;
  std::size_t written = 0;
  while (written < text.size()) {
    const auto step = ::write(file, text.data() + written, text.size() - written);
    if (step < 0 && errno != EINTR) break;
    if (step > 0) written += static_cast<std::size_t>(step);
  }
  // Others read some of these, whatever the umask: that of the systemd unit leaves them nothing.
  const bool is_whole = written == text.size() && ::fchmod(file, mode) == 0 && ::fsync(file) == 0;
  const int code = errno;
  ::close(file);
  errno = code;
  return is_whole;
}

}  // namespace

void write_whole(const std::string& path, const std::string& text, mode_t mode) {
  const std::filesystem::path target(path);
  runtime::make_directory(target.parent_path());
  const auto unfinished = target.parent_path() / ("." + target.filename().string());
  if (!write_through(unfinished, text, mode))
    throw std::runtime_error("write " + unfinished.string() + ": " +
                             std::generic_category().message(errno));
  std::filesystem::rename(unfinished, target);
}

std::string read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<std::string> KeptFile::put(const std::string& path, const std::string& text) {
  if (text_ == text) return std::nullopt;
  try {
    write_whole(path, text);
    text_ = text;
    trouble_.clear();
    return std::nullopt;
  } catch (const std::exception& failed) {
    if (trouble_ == failed.what()) return std::nullopt;
    trouble_ = failed.what();
    return trouble_;
  }
}

}  // namespace paddock::netd
