// SPDX-License-Identifier: Apache-2.0
#include "http/outbox.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace paddock::metadata::http {
namespace {

constexpr std::size_t copy_limit = 4096;        // shorter is cheaper to copy than to point at
constexpr std::size_t keep_limit = 256 * 1024;  // memory an empty outbox may hold
constexpr std::size_t vector_limit = 64;

// The next bytes to write, as far as one call takes them.
class Slices {
 public:
  explicit Slices(std::size_t skip) noexcept : skip_(skip) {}
  void add(std::string_view bytes) noexcept {
    if (bytes.size() <= skip_) {
      skip_ -= bytes.size();
      return;
    }
    if (count_ == vector_limit) return;
    bytes.remove_prefix(std::exchange(skip_, 0));
    slices_[count_++] = {const_cast<char*>(bytes.data()), bytes.size()};
    total_ += bytes.size();
  }
  [[nodiscard]] bool is_full() const noexcept { return count_ == vector_limit; }
  [[nodiscard]] std::size_t total() const noexcept { return total_; }
  // As one record, for each costs its own bytes and time.
  [[nodiscard]] ssize_t write(tls::Session& session) const {
    if (count_ == 1 || slices_[0].iov_len >= tls::record_bytes) {
      return session.write(static_cast<const char*>(slices_[0].iov_base), slices_[0].iov_len);
    }
    char record[tls::record_bytes];
    std::size_t size = 0;
    for (std::size_t i = 0; i < count_ && size < sizeof record; ++i) {
      const std::size_t part = std::min(slices_[i].iov_len, sizeof record - size);
      std::memcpy(record + size, slices_[i].iov_base, part);
      size += part;
    }
    return session.write(record, size);
  }
  [[nodiscard]] ssize_t write(int fd) noexcept {
    if (count_ == 1) return ::send(fd, slices_[0].iov_base, slices_[0].iov_len, MSG_NOSIGNAL);
    msghdr message{};
    message.msg_iov = slices_;
    message.msg_iovlen = count_;
    return ::sendmsg(fd, &message, MSG_NOSIGNAL);
  }

 private:
  iovec slices_[vector_limit];
  std::size_t count_ = 0;
  std::size_t skip_;
  std::size_t total_ = 0;
};

}  // namespace

void Outbox::add(std::string&& bytes) {
  if (bytes.size() <= copy_limit) {
    text_ += bytes;
    return;
  }
  long_bytes_ += bytes.size();
  pieces_.push_back({text_.size(), std::move(bytes), nullptr});
}

void Outbox::add(std::shared_ptr<const std::string> bytes) {
  if (bytes->size() <= copy_limit) {
    text_ += *bytes;
    return;
  }
  long_bytes_ += bytes->size();
  pieces_.push_back({text_.size(), {}, std::move(bytes)});
}

std::size_t Outbox::held() const noexcept {
  std::size_t bytes = text_.size();
  for (const Piece& piece : pieces_) {
    if (piece.shared.use_count() <= 1) bytes += piece.bytes().size();
  }
  return bytes;
}

void Outbox::clear() noexcept {
  if (text_.capacity() > keep_limit) {
    text_ = {};
  } else {
    text_.clear();
  }
  pieces_.clear();
  long_bytes_ = written_ = 0;
}

Outbox::Flush Outbox::flush(int fd, tls::Session* session) {
  while (!empty()) {
    Slices slices(written_);
    std::size_t text_begin = 0;
    for (const Piece& piece : pieces_) {
      if (slices.is_full()) break;
      slices.add(std::string_view(text_).substr(text_begin, piece.text_end - text_begin));
      slices.add(piece.bytes());
      text_begin = piece.text_end;
    }
    const bool is_last = !slices.is_full();
    if (is_last) slices.add(std::string_view(text_).substr(text_begin));
    const ssize_t written = session != nullptr ? slices.write(*session) : slices.write(fd);
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno == EAGAIN || errno == EWOULDBLOCK ? Flush::blocked : Flush::failed;
    }
    written_ += static_cast<std::size_t>(written);
    if (is_last && static_cast<std::size_t>(written) == slices.total()) clear();
  }
  return Flush::done;
}

}  // namespace paddock::metadata::http
