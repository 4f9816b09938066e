// SPDX-License-Identifier: Apache-2.0
#include "store/journal.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <stdexcept>

namespace paddock::metadata {
namespace {

constexpr std::size_t uuid_bytes = 36;

struct RecordHeader {
  std::array<unsigned char, 16> digest;  // of all that follows it, the beginning of its SHA-256
  std::uint64_t round;
  std::uint64_t revision;  // of the first step; the others follow one by one
  std::uint32_t steps;
  std::uint32_t bytes;  // of the steps
  std::array<char, uuid_bytes> store;
  std::uint32_t unused;
};
static_assert(sizeof(RecordHeader) == 80, "no bytes between them, which would have any value");
constexpr std::size_t digest_bytes = sizeof(RecordHeader::digest);

struct StepHeader {
  std::uint32_t key;
  std::uint32_t json;
  std::uint32_t line;
};

std::array<unsigned char, digest_bytes> digest_of(std::string_view record) {
  record.remove_prefix(digest_bytes);
  // SHA256() would look for the algorithm by its name each time, which takes as long as 4 KiB.
  static const EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> whole{};
  if (sha256 == nullptr ||
      EVP_Digest(record.data(), record.size(), whole.data(), nullptr, sha256, nullptr) != 1) {
    throw std::runtime_error("OpenSSL cannot make a SHA-256 digest");
  }
  std::array<unsigned char, digest_bytes> digest{};
  std::copy_n(whole.begin(), digest.size(), digest.begin());
  return digest;
}

template <class T>
void append_plain(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
[[nodiscard]] bool take_plain(std::string_view& bytes, T& value) {
  if (bytes.size() < sizeof value) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return true;
}

[[nodiscard]] bool take_text(std::string_view& bytes, std::size_t size, std::string_view& text) {
  if (bytes.size() < size) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

// False when there are other steps in it than it says.
[[nodiscard]] bool take_steps(std::string_view bytes, const RecordHeader& header,
                              std::vector<StepView>& steps) {
  for (std::uint64_t i = 0; i < header.steps; ++i) {
    StepHeader sizes{};
    StepView step{.revision = header.revision + i, .key = {}, .json = {}, .line = {}};
    if (!take_plain(bytes, sizes) || !take_text(bytes, sizes.key, step.key) ||
        !take_text(bytes, sizes.json, step.json) || !take_text(bytes, sizes.line, step.line)) {
      return false;
    }
    steps.push_back(step);
  }
  return bytes.empty() && header.steps > 0;
}

bool write_at(int fd, std::string_view bytes, std::size_t place) {
  while (!bytes.empty()) {
    const ssize_t size = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(place));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
    place += static_cast<std::size_t>(size);
  }
  return true;
}

std::string read_up_to(int fd, std::size_t size) {
  std::string bytes(size, '\0');
  std::size_t there = 0;
  while (there < size) {
    const ssize_t part = ::pread(fd, bytes.data() + there, size - there, static_cast<off_t>(there));
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return {};
    there += static_cast<std::size_t>(part);
  }
  return bytes;
}

std::uint64_t random_number() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

}  // namespace

JournalContent parse_journal(std::string_view bytes, std::string_view store) {
  JournalContent content;
  for (std::string_view rest = bytes;;) {
    const std::string_view record = rest;
    RecordHeader header{};
    std::string_view body;
    if (!take_plain(rest, header) || !take_text(rest, header.bytes, body)) break;
    const bool follows =
        content.steps.empty() ||
        (header.round == content.round && header.revision == content.steps.back().revision + 1);
    const auto known = content.steps.size();
    if (!follows || store != std::string_view(header.store.data(), header.store.size()) ||
        header.digest != digest_of(record.substr(0, sizeof header + body.size())) ||
        !take_steps(body, header, content.steps)) {
      content.steps.resize(known);
      break;
    }
    content.round = header.round;
    content.size = bytes.size() - rest.size();
  }
  return content;
}

Journal::Journal(std::filesystem::path path, std::string_view store)
    : store_(store), file_(path, O_RDWR | O_CREAT), round_(random_number()) {
  const off_t end = ::lseek(file_.get(), 0, SEEK_END);
  room_ = static_cast<std::size_t>(std::max<off_t>(end, 0));
  const std::string bytes = read_up_to(file_.get(), room_);
  const JournalContent content = parse_journal(bytes, store_);
  if (content.steps.empty()) return;
  size_ = content.size;
  round_ = content.round;
  first_revision_ = content.steps.front().revision;
  last_revision_ = content.steps.back().revision;
}

void Journal::take_room() {
  if (room_ != 0) return;
  // Zeros, as room that was only set aside would have to be noted as written to later.
  const std::string zeros(wanted_room, '\0');
  if (!write_at(file_.get(), zeros, 0)) return give_back_room();
  room_ = wanted_room;
}

void Journal::give_back_room() noexcept {
  if (::ftruncate(file_.get(), 0) == 0) room_ = 0;
}

bool Journal::append(std::span<const Step> steps) {
  record_.assign(sizeof(RecordHeader), '\0');
  for (const Step& step : steps) {
    append_plain(record_, StepHeader{static_cast<std::uint32_t>(step.key.size()),
                                     static_cast<std::uint32_t>(step.json.size()),
                                     static_cast<std::uint32_t>(step.audit.line.size())});
    record_.append(step.key).append(step.json).append(step.audit.line);
    if (size_ + record_.size() > room_) return false;
  }
  RecordHeader header{};
  header.round = round_;
  header.revision = steps.front().audit.revision;
  header.steps = static_cast<std::uint32_t>(steps.size());
  header.bytes = static_cast<std::uint32_t>(record_.size() - sizeof header);
  store_.copy(header.store.data(), header.store.size());
  std::memcpy(record_.data(), &header, sizeof header);
  const auto digest = digest_of(record_);
  std::copy(digest.begin(), digest.end(), record_.begin());
  if (!write_at(file_.get(), record_, size_) || ::fdatasync(file_.get()) != 0) {
    // It was not stored, so it must not be found.
    (void)write_at(file_.get(), std::string(sizeof header, '\0'), size_);
    (void)::fdatasync(file_.get());
    return false;
  }
  if (size_ == 0) first_revision_ = header.revision;
  last_revision_ = steps.back().audit.revision;
  size_ += record_.size();
  return true;
}

std::string Journal::read() const { return read_up_to(file_.get(), size_); }

void Journal::restart() noexcept {
  size_ = 0;
  ++round_;
  first_revision_ = last_revision_ = 0;
}

void Journal::clear() noexcept {
  restart();
  if (room_ < sizeof(RecordHeader)) return;
  const std::array<char, sizeof(RecordHeader)> nothing{};
  (void)write_at(file_.get(), {nothing.data(), nothing.size()}, 0);
  (void)::fdatasync(file_.get());
}

}  // namespace paddock::metadata
