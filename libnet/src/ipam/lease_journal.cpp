// SPDX-License-Identifier: Apache-2.0
#include "ipam/lease_journal.hpp"

#include <boost/crc.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace paddock::net {
namespace {

constexpr off_t room = 256 << 10;  // on a full disk pods can still go
constexpr std::array<char, 4> magic = {'P', 'L', 'J', '1'};

struct RecordHeader {
  std::array<char, 4> magic;
  std::uint32_t checksum;  // of all that follows it
  std::uint64_t number;
  std::uint32_t size;  // of the body
  std::uint32_t unused;
};

std::uint32_t checksum(const RecordHeader& header, std::string_view body) {
  boost::crc_32_type crc;
  crc.process_bytes(&header.number, sizeof header.number);
  crc.process_bytes(&header.size, sizeof header.size);
  crc.process_bytes(body.data(), body.size());
  return crc.checksum();
}

void put_count(std::string& bytes, std::size_t count) {
  const auto number = static_cast<std::uint32_t>(count);
  bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void put_text(std::string& bytes, std::string_view text) {
  put_count(bytes, text.size());
  bytes.append(text);
}

std::optional<std::uint32_t> take_count(std::string_view& bytes) {
  std::uint32_t count = 0;
  if (bytes.size() < sizeof count) return {};
  std::memcpy(&count, bytes.data(), sizeof count);
  bytes.remove_prefix(sizeof count);
  return count;
}

bool take_text(std::string_view& bytes, std::string& text) {
  const auto size = take_count(bytes);
  if (!size || bytes.size() < *size) return false;
  text = bytes.substr(0, *size);
  bytes.remove_prefix(*size);
  return true;
}

std::string format_change(const LeaseChange& change) {
  std::string bytes;
  put_text(bytes, change.key);
  put_count(bytes, change.value ? 1 : 0);
  if (change.value) put_text(bytes, *change.value);
  put_count(bytes, change.taken.size());
  for (const auto& address : change.taken) put_text(bytes, address);
  put_count(bytes, change.freed.size());
  for (const auto& [address, note] : change.freed) {
    put_text(bytes, address);
    put_text(bytes, note);
  }
  return bytes;
}

std::optional<LeaseChange> parse_change(std::string_view bytes) {
  LeaseChange change;
  if (!take_text(bytes, change.key)) return {};
  const auto has_value = take_count(bytes);
  if (!has_value) return {};
  if (*has_value != 0 && !take_text(bytes, change.value.emplace())) return {};
  for (auto left = take_count(bytes).value_or(0); left > 0; --left) {
    if (!take_text(bytes, change.taken.emplace_back())) return {};
  }
  const auto freed = take_count(bytes);
  if (!freed) return {};
  for (auto left = *freed; left > 0; --left) {
    auto& [address, note] = change.freed.emplace_back();
    if (!take_text(bytes, address) || !take_text(bytes, note)) return {};
  }
  return bytes.empty() ? std::optional(std::move(change)) : std::nullopt;
}

}  // namespace

std::string format_journal_record(const JournalRecord& record) {
  const auto body = format_change(record.change);
  RecordHeader header{magic, 0, record.number, static_cast<std::uint32_t>(body.size()), 0};
  header.checksum = checksum(header, body);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof header);
  return bytes += body;
}

std::vector<JournalRecord> parse_journal(std::string_view bytes) {
  std::vector<JournalRecord> records;
  RecordHeader header{};
  while (bytes.size() >= sizeof header) {
    std::memcpy(&header, bytes.data(), sizeof header);
    bytes.remove_prefix(sizeof header);
    const bool follows = records.empty() || header.number == records.back().number + 1;
    if (header.magic != magic || !follows || bytes.size() < header.size) break;
    const auto body = bytes.substr(0, header.size);
    auto change = checksum(header, body) == header.checksum ? parse_change(body) : std::nullopt;
    if (!change) break;
    records.push_back({header.number, std::move(*change)});
    bytes.remove_prefix(header.size);
  }
  return records;
}

LeaseJournal::LeaseJournal(std::filesystem::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0)
    throw std::runtime_error("open " + path_.string() + ": " + std::strerror(errno));
  (void)::posix_fallocate(descriptor_, 0, room);  // without it, writes say that the disk is full
}

LeaseJournal::~LeaseJournal() { ::close(descriptor_); }

std::vector<JournalRecord> LeaseJournal::read() const {
  std::string bytes;
  std::array<char, 65536> part{};
  for (;;) {
    const auto got =
        ::pread(descriptor_, part.data(), part.size(), static_cast<off_t>(bytes.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw std::runtime_error("read " + path_.string() + ": " + std::strerror(errno));
    if (got == 0) return parse_journal(bytes);
    bytes.append(part.data(), static_cast<std::size_t>(got));
  }
}

void LeaseJournal::clear() {
  size_ = 0;
  (void)!::ftruncate(descriptor_, 0);  // their numbers tell old ones, too
}

// A record that is cut off has no checksum that fits, so it is none.
int LeaseJournal::append(const JournalRecord& record) {
  const auto bytes = format_journal_record(record);
  std::size_t written = 0;
  while (written < bytes.size()) {
    const auto count = ::pwrite(descriptor_, bytes.data() + written, bytes.size() - written,
                                static_cast<off_t>(size_ + written));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    written += static_cast<std::size_t>(count);
  }
  size_ += written;
  return 0;
}

}  // namespace paddock::net
