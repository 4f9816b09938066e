// SPDX-License-Identifier: Apache-2.0
//
// The file is written in place, which costs less than to grow it: how many bytes and their digest,
// as text, then the lines. What follows is of an earlier, longer note.
#include "remote/pending_writes.hpp"

#include "store/judgement.hpp"

#include <fcntl.h>
#include <openssl/sha.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <set>

namespace paddock::metadata::remote {
namespace {

constexpr std::size_t size_digits = 16;
constexpr std::size_t digest_digits = 2 * SHA256_DIGEST_LENGTH;
constexpr std::size_t header_bytes = size_digits + 1 + digest_digits + 1;
constexpr std::string_view intent_start = R"({"revision":0)";  // before the time

void append_hex(std::string& out, std::uint64_t number, std::size_t digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (std::size_t i = digits; i > 0; --i) out += hex[number >> (4 * (i - 1)) & 15U];
}

std::string header_of(std::string_view lines) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(lines.data()), lines.size(), digest.data());
  std::string header;
  append_hex(header, lines.size(), size_digits);
  header += ' ';
  for (const unsigned char byte : digest) append_hex(header, byte, 2);
  return header += '\n';
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_intent(std::string_view line) {
  return line.starts_with(intent_start) && line.substr(intent_start.size()).starts_with(',');
}

// Who asked for what, and when: the same in the intent and in the line of its outcome.
std::string asked_in(const std::string& line) {
  const auto begin = std::min(line.find(",\"time\":"), line.size());
  const auto end = std::min(line.find(",\"before\":"), line.find(",\"after\":"));
  return line.substr(begin, end - begin);
}

}  // namespace

std::string intent_line(const Write& write, std::int64_t now) {
  std::string line(intent_start);
  append_asked(line, write, now);
  line += ",\"after\":";
  write.object ? append_json(line, *write.object) : void(line += "null");
  return line += ",\"outcome\":\"unknown\"}\n";
}

std::vector<std::string> lacking(const std::vector<std::string>& noted,
                                 const std::vector<std::string>& log) {
  std::vector<std::string> left;
  std::multiset<std::string> others(log.begin(), log.end());
  for (const std::string& line : noted) {
    if (is_intent(line)) continue;
    const auto there = others.find(line);
    there == others.end() ? left.push_back(line) : void(others.erase(there));
  }
  std::multiset<std::string> outcomes;
  for (const std::string& line : others) outcomes.insert(asked_in(line));
  for (const std::string& line : noted) {
    if (!is_intent(line)) continue;
    const auto outcome = outcomes.find(asked_in(line));
    outcome == outcomes.end() ? left.push_back(line) : void(outcomes.erase(outcome));
  }
  return left;
}

PendingWrites::PendingWrites(const std::filesystem::path& directory)
    : path_(directory / "audit.pending"), file_(path_, O_RDWR | O_CREAT) {}

std::vector<std::string> PendingWrites::left() const {
  std::array<char, header_bytes> header{};
  if (::pread(file_.get(), header.data(), header.size(), 0) != ssize_t{header_bytes}) return {};
  std::size_t size = 0;
  const auto [end, failed] = std::from_chars(header.data(), header.data() + size_digits, size, 16);
  std::error_code unknown;
  const auto there = std::filesystem::file_size(path_, unknown);
  if (failed != std::errc() || end != header.data() + size_digits || unknown ||
      size > there - header_bytes) {
    return {};
  }
  std::string lines(size, '\0');
  if (::pread(file_.get(), lines.data(), size, off_t{header_bytes}) != static_cast<ssize_t>(size) ||
      header_of(lines) != std::string_view(header.data(), header.size())) {
    return {};
  }
  return lines_of(lines);
}

Result<void> PendingWrites::note(std::string_view lines) {
  const std::string text = header_of(lines).append(lines);
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t size = ::pwrite(file_.get(), text.data() + written, text.size() - written,
                                  static_cast<off_t>(written));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) break;
    written += static_cast<std::size_t>(size);
  }
  if (written == text.size() && ::fdatasync(file_.get()) == 0) return {};
  const boost::system::error_code code(errno, boost::system::generic_category());
  clear();  // it will not be asked for
  return Error{code, "write " + path_.string() + ": " + code.message()};
}

void PendingWrites::clear() noexcept { (void)!::pwrite(file_.get(), "-", 1, 0); }

}  // namespace paddock::metadata::remote
