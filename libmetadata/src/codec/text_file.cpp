// SPDX-License-Identifier: Apache-2.0
#include "codec/text_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

namespace paddock::metadata {
namespace {

Error cannot_read(const std::filesystem::path& path, int number) {
  const boost::system::error_code code(number, boost::system::generic_category());
  return {code, "read " + path.string() + ": " + code.message()};
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t most) {
  // Not blocking: a fifo would wait for its writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return cannot_read(path, errno);
  const std::unique_ptr<const int, void (*)(const int*)> owner(
      &fd, [](const int* open_fd) { ::close(*open_fd); });
  struct stat status {};
  if (::fstat(fd, &status) != 0) return cannot_read(path, errno);
  if (S_ISDIR(status.st_mode)) return cannot_read(path, EISDIR);
  if (!S_ISREG(status.st_mode)) return cannot_read(path, EINVAL);
  constexpr std::size_t piece = std::size_t{1} << 18U;
  std::string text;
  // With room for the last look beyond the end: growing there would double the whole.
  text.reserve(std::min(static_cast<std::size_t>(status.st_size), most) + piece + 1);
  for (;;) {
    const std::size_t size = text.size();
    text.resize(size + piece);
    const ssize_t got = ::read(fd, text.data() + size, piece);
    if (got < 0 && errno == EINTR) {
      text.resize(size);
      continue;
    }
    if (got < 0) return cannot_read(path, errno);
    text.resize(size + static_cast<std::size_t>(got));
    if (text.size() > most) return cannot_read(path, EFBIG);
    if (got == 0) return text;
  }
}

}  // namespace paddock::metadata
