// SPDX-License-Identifier: Apache-2.0
//
// c-ares instead of getaddrinfo(): that could be held to no deadline, nor be interrupted.
#include "client/server.hpp"

#include <ares.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace paddock::metadata::client {
namespace {

using boost::asio::ip::address;

struct Answer {
  bool is_there = false;
  int status = ARES_SUCCESS;
  std::vector<address> addresses;
};

void take(Answer& answer, const ares_addrinfo& found) {
  for (const ares_addrinfo_node* node = found.nodes; node != nullptr; node = node->ai_next) {
    if (node->ai_family == AF_INET) {
      boost::asio::ip::address_v4::bytes_type bytes;
      const auto* in = reinterpret_cast<const sockaddr_in*>(node->ai_addr);
      std::memcpy(bytes.data(), &in->sin_addr, bytes.size());
      answer.addresses.emplace_back(boost::asio::ip::address_v4(bytes));
    } else if (node->ai_family == AF_INET6) {
      boost::asio::ip::address_v6::bytes_type bytes;
      const auto* in = reinterpret_cast<const sockaddr_in6*>(node->ai_addr);
      std::memcpy(bytes.data(), &in->sin6_addr, bytes.size());
      answer.addresses.emplace_back(boost::asio::ip::address_v6(bytes));
    }
  }
}

void answered(void* to, int status, int, ares_addrinfo* found) {
  auto& answer = *static_cast<Answer*>(to);
  answer.is_there = true;
  answer.status = status;
  if (found == nullptr) return;
  take(answer, *found);
  ares_freeaddrinfo(found);
}

Error failure(const std::string& name, int code, const std::string& why) {
  return {boost::system::error_code(code, boost::system::generic_category()),
          "find the address of " + name + ": " + why};
}

// Lets c-ares work until something happens; false when interrupted.
bool turn(ares_channel channel, Deadline deadline, int interrupt) {
  ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
  const auto wanted = static_cast<unsigned>(ares_getsock(channel, sockets, ARES_GETSOCK_MAXNUM));
  pollfd watched[ARES_GETSOCK_MAXNUM + 1] = {};
  nfds_t count = 0;
  for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
    short events = ARES_GETSOCK_READABLE(wanted, i) ? POLLIN : 0;
    if (ARES_GETSOCK_WRITABLE(wanted, i)) events |= POLLOUT;
    if (events != 0) watched[count++] = {.fd = sockets[i], .events = events, .revents = 0};
  }
  watched[count] = {.fd = interrupt, .events = POLLIN, .revents = 0};
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  timeval most{.tv_sec = 3600, .tv_usec = 0};
  timeval next{};
  const timeval* wait = ares_timeout(channel, &most, &next);
  const std::int64_t until_retry = wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1;
  ::poll(watched, count + 1,
         static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, until_retry)));
  if (watched[count].revents != 0) return false;
  ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // its own time-outs
  for (nfds_t i = 0; i < count; ++i) {
    const auto& socket = watched[i];
    ares_process_fd(channel, (socket.revents & ~POLLOUT) != 0 ? socket.fd : ARES_SOCKET_BAD,
                    (socket.revents & POLLOUT) != 0 ? socket.fd : ARES_SOCKET_BAD);
  }
  return true;
}

}  // namespace

Result<std::vector<address>> resolve(const std::string& name, Deadline deadline, int interrupt) {
  boost::system::error_code is_a_name;
  const auto given =
      boost::asio::ip::make_address(name == "localhost" ? "127.0.0.1" : name, is_a_name);
  if (!is_a_name) return std::vector{given};
  static const int library = ares_library_init(ARES_LIB_INIT_ALL);
  ares_channel made = nullptr;
  if (library != ARES_SUCCESS || ares_init(&made) != ARES_SUCCESS) {
    return failure(name, ENOMEM, "the resolver cannot be made; is /etc/resolv.conf readable?");
  }
  Answer answer;
  const std::unique_ptr<ares_channeldata, void (*)(ares_channel)> channel(made, &ares_destroy);
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  ares_getaddrinfo(made, name.c_str(), nullptr, &hints, answered, &answer);
  while (!answer.is_there) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return failure(name, ETIMEDOUT, "no answer from the resolvers in /etc/resolv.conf");
    }
    if (!turn(made, deadline, interrupt)) return failure(name, ECANCELED, "interrupted");
  }
  if (answer.addresses.empty()) {
    return failure(name, EHOSTUNREACH,
                   answer.status == ARES_SUCCESS ? "it has none" : ares_strerror(answer.status));
  }
  return std::move(answer.addresses);
}

}  // namespace paddock::metadata::client
