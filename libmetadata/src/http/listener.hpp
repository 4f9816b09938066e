// SPDX-License-Identifier: Apache-2.0
//
// Opens the sockets a server listens on. Throws std::runtime_error with a sentence when that is
// not possible.
#pragma once

#include <paddock/metadata/http_server.hpp>

#include <sys/types.h>

#include <string>
#include <utility>

namespace paddock::metadata::http {

// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { reset(); }
  void reset() noexcept;
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// Where a TCP socket is bound.
[[nodiscard]] TcpEndpoint bound_endpoint(int fd);

// A listening socket: an inherited one, else a new one. Removes its unix socket file when
// destroyed, if it is still its own.
class Listener {
 public:
  // Nagle's delay is off for the connections taken from it.
  static Listener open(const TcpEndpoint& endpoint, bool reuse_port,
                       InheritedSockets* inherited = nullptr);
  // Replaces the file of a dead process; refuses to take it from a living one.
  static Listener open(const UnixEndpoint& endpoint, InheritedSockets* inherited = nullptr);
  Listener(Listener&&) = default;
  ~Listener();

  [[nodiscard]] int fd() const noexcept { return descriptor_.get(); }
  [[nodiscard]] bool is_local() const noexcept { return !path_.empty(); }
  // The unix socket's file stays when this is destroyed.
  void keep_file() noexcept { inode_ = 0; }
  // Where a TCP listener is bound.
  [[nodiscard]] TcpEndpoint bound() const { return bound_endpoint(fd()); }
  // Takes a waiting connection, non-blocking; closed when there is none, with errno saying why.
  [[nodiscard]] Descriptor accept(Peer& peer) const;

 private:
  Listener(Descriptor descriptor, std::string path) noexcept
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}
  Descriptor descriptor_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace paddock::metadata::http
