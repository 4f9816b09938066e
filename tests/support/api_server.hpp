// SPDX-License-Identifier: Apache-2.0
//
// An HTTP server on a free port of the loopback that says to each request, byte for byte, what the
// test wants said: for answers that no well-behaved server gives, and for replaying recorded ones.
#pragma once

#include "support/loopback_socket.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace paddock::test {

struct ApiRequest {
  std::string method;
  std::string target;  // "/path?query"
  std::string head;    // the first line and the header lines
  std::string body;
};

struct ApiAnswer {
  enum class Then { close, keep, hold };  // hold: neither a byte nor an end, until the client goes
  std::vector<std::string> pieces;        // each sent by itself
  Then then = Then::close;
};

class ApiServer {
 public:
  // Called on the connection's thread; calls may overlap.
  using Handler = std::function<ApiAnswer(const ApiRequest&)>;
  // All that there is to know of a GET: "/path?query".
  using TargetHandler = std::function<ApiAnswer(const std::string& target)>;

  explicit ApiServer(TargetHandler handler)
      : ApiServer(Handler([handler = std::move(handler)](const ApiRequest& request) {
          return handler(request.target);
        })) {}
  explicit ApiServer(Handler handler) : handler_(std::move(handler)) {
    if (::listen(listener_.number(), 64) != 0) {
      throw std::runtime_error("no listener on the loopback");
    }
    accepting_ = std::jthread([this](const std::stop_token& stop) { accept(stop); });
  }
  ~ApiServer() {
    accepting_ = {};
    connections_.clear();
  }
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(listener_.port());
  }

  // The targets that were asked for, in order.
  [[nodiscard]] std::vector<std::string> asked() const {
    const std::scoped_lock lock(mutex_);
    return asked_;
  }

 private:
  static constexpr int look_around = 20;  // ms between two looks at whether to stop

  void accept(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd waited{listener_.number(), POLLIN, 0};
      if (::poll(&waited, 1, look_around) <= 0) continue;
      const int fd = ::accept4(listener_.number(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      connections_.emplace_back([this, fd](const std::stop_token& ending) {
        serve(fd, ending);
        ::close(fd);
      });
    }
  }

  void serve(int fd, const std::stop_token& stop) {
    std::string bytes;
    while (const auto request = read_request(fd, bytes, stop)) {
      {
        const std::scoped_lock lock(mutex_);
        asked_.push_back(request->target);
      }
      const ApiAnswer answer = handler_(*request);
      for (const auto& piece : answer.pieces) {
        if (!send(fd, piece)) return;
      }
      if (answer.then == ApiAnswer::Then::close) return;
      if (answer.then == ApiAnswer::Then::hold) return wait_for_end(fd, stop);
    }
  }

  // `bytes` are those of the next request already.
  static std::optional<ApiRequest> read_request(int fd, std::string& bytes,
                                                const std::stop_token& stop) {
    while (bytes.find("\r\n\r\n") == std::string::npos) {
      if (!read_more(fd, bytes, stop)) return std::nullopt;
    }
    const auto end = bytes.find("\r\n\r\n") + 4;
    ApiRequest request{.method = bytes.substr(0, bytes.find(' ')),
                       .target = target_of(bytes),
                       .head = bytes.substr(0, end),
                       .body = {}};
    const auto size = length_of(request.head);
    while (bytes.size() < end + size) {
      if (!read_more(fd, bytes, stop)) return std::nullopt;
    }
    request.body = bytes.substr(end, size);
    bytes.erase(0, end + size);
    return request;
  }
  static bool read_more(int fd, std::string& bytes, const std::stop_token& stop) {
    char piece[4096];
    if (!wait_for_bytes(fd, stop)) return false;
    const ssize_t size = ::recv(fd, piece, sizeof piece, 0);
    if (size > 0) bytes.append(piece, static_cast<std::size_t>(size));
    return size > 0;
  }
  static std::size_t length_of(const std::string& head) {
    constexpr std::string_view name = "Content-Length: ";
    const auto at = head.find(name);
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + name.size()));
  }
  static bool wait_for_bytes(int fd, const std::stop_token& stop) {
    pollfd waited{fd, POLLIN, 0};
    while (!stop.stop_requested()) {
      if (::poll(&waited, 1, look_around) > 0) return true;
    }
    return false;
  }
  static void wait_for_end(int fd, const std::stop_token& stop) {
    char byte = 0;
    while (wait_for_bytes(fd, stop) && ::recv(fd, &byte, 1, 0) > 0) {
    }
  }
  static bool send(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  static std::string target_of(const std::string& request) {
    const auto begin = request.find(' ') + 1;
    return request.substr(begin, request.find(' ', begin) - begin);
  }

  Handler handler_;
  LoopbackSocket listener_{SOCK_STREAM};
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::list<std::jthread> connections_;  // of the accepting thread, then of the destructor
  std::jthread accepting_;
};

}  // namespace paddock::test
