// SPDX-License-Identifier: Apache-2.0
#include "store/audit_log.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <system_error>

namespace paddock::metadata {
namespace {

constexpr std::string_view line_start = "{\"revision\":";

std::uint64_t revision_in(std::string_view line) {
  std::uint64_t revision = 0;
  if (line.starts_with(line_start)) {
    line.remove_prefix(line_start.size());
    std::from_chars(line.data(), line.data() + line.size(), revision);
  }
  return revision;
}

// The last complete lines of a file, oldest first; none when there is no file.
std::vector<std::string> last_lines(const std::filesystem::path& path, std::size_t limit) {
  std::error_code missing;
  if (limit == 0 || !std::filesystem::exists(path, missing)) return {};
  const File file(path, O_RDONLY);
  constexpr off_t step = 64 << 10;
  off_t at = ::lseek(file.get(), 0, SEEK_END);
  std::vector<std::string> blocks;  // the last one first
  for (std::size_t ends = 0; at > 0 && ends <= limit;) {
    const off_t from = std::max<off_t>(0, at - step);
    std::string& block = blocks.emplace_back(static_cast<std::size_t>(at - from), '\0');
    if (::pread(file.get(), block.data(), block.size(), from) != at - from) return {};
    ends += static_cast<std::size_t>(std::count(block.begin(), block.end(), '\n'));
    at = from;
  }
  std::string text;
  for (; !blocks.empty(); blocks.pop_back()) text += blocks.back();
  std::vector<std::string> lines;
  std::size_t end = text.rfind('\n');
  while (end != std::string::npos && end > 0 && lines.size() < limit) {
    const std::size_t before = text.rfind('\n', end - 1);
    if (before == std::string::npos && at > 0) break;  // its beginning was not read
    const std::size_t start = before == std::string::npos ? 0 : before + 1;
    lines.push_back(text.substr(start, end - start));
    end = before;
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

AuditLog::AuditLog(Options options) : options_(std::move(options)) {
  open();
  const auto last = tail(1);
  if (!last.empty()) last_revision_ = revision_in(last.front());
}

AuditLog::~AuditLog() { give_back(); }

void AuditLog::give_back() noexcept {
  if (reserved_ > size_) (void)!::ftruncate(file_.get(), static_cast<off_t>(size_));
  reserved_ = 0;
}

std::filesystem::path AuditLog::path(unsigned number) const {
  const std::string name = number == 0 ? "audit.log" : "audit.log." + std::to_string(number);
  return options_.directory / name;
}

void AuditLog::open() {
  file_ = File(path(0), O_RDWR | O_CREAT | O_APPEND);
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  size_ = static_cast<std::size_t>(end);
  char last = '\n';
  while (size_ > 0 && ::pread(file_.get(), &last, 1, static_cast<off_t>(size_) - 1) == 1 &&
         last != '\n') {
    --size_;
  }
  if (static_cast<off_t>(size_) != end &&
      ::ftruncate(file_.get(), static_cast<off_t>(size_)) != 0) {
    throw std::system_error(errno, std::generic_category(), "truncate " + path(0).string());
  }
}

void AuditLog::rotate() {
  // Made first, and moved into its place: where no file can be made, none is to go.
  const auto fresh = path(0) += ".new";
  File next(fresh, O_RDWR | O_CREAT | O_APPEND | O_TRUNC);
  give_back();
  (void)::fdatasync(file_.get());
  std::error_code failed;
  for (unsigned number = options_.files - 1; number > 0; --number) {
    std::filesystem::rename(path(number - 1), path(number), failed);
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    throw std::system_error(failed, "rename " + path(0).string());
  }
  std::filesystem::rename(fresh, path(0));
  file_ = std::move(next);
  size_ = 0;
  sync_directory(options_.directory);
}

std::uint64_t AuditLog::last_revision() const {
  const std::scoped_lock lock(mutex_);
  return last_revision_;
}

void AuditLog::forget_revision() {
  const std::scoped_lock lock(mutex_);
  last_revision_ = 0;
}

bool AuditLog::reserve(std::size_t bytes) {
  const std::scoped_lock lock(mutex_);
  try {
    if (size_ >= options_.bytes) rotate();
  } catch (const std::system_error&) {
    return false;
  }
  if (size_ + bytes <= reserved_) return true;
  // For many lines at once.
  const std::size_t room = std::max<std::size_t>(bytes, 1U << 20U);
  const auto from = static_cast<off_t>(size_);
  if (::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, from, static_cast<off_t>(room)) == 0) {
    reserved_ = size_ + room;
    return true;
  }
  return errno == EOPNOTSUPP || errno == ENOSYS;
}

bool AuditLog::append(std::string_view lines, std::uint64_t last_revision) {
  const std::scoped_lock lock(mutex_);
  try {
    if (size_ >= options_.bytes) rotate();
  } catch (const std::system_error&) {
    return false;  // no room even for a new file; the old one is complete
  }
  if (!write_all(file_.get(), lines)) {
    // Should this fail too, the torn line is cut off at the next start.
    (void)!::ftruncate(file_.get(), static_cast<off_t>(size_));
    return false;
  }
  size_ += lines.size();
  last_revision_ = last_revision;
  return true;
}

bool AuditLog::sync() {
  File file;
  {
    const std::scoped_lock lock(mutex_);
    file = file_.another();
  }
  // Whoever appends does not wait for the disk.
  return ::fdatasync(file.get()) == 0;
}

std::vector<std::string> AuditLog::tail(std::size_t limit) const {
  const std::scoped_lock lock(mutex_);
  std::vector<std::string> lines;
  for (unsigned number = 0; number < options_.files && lines.size() < limit; ++number) {
    auto older = last_lines(path(number), limit - lines.size());
    if (number > 0 && older.empty()) break;
    older.insert(older.end(), std::make_move_iterator(lines.begin()),
                 std::make_move_iterator(lines.end()));
    lines = std::move(older);
  }
  return lines;
}

}  // namespace paddock::metadata
