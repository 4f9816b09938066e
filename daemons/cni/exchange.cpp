// SPDX-License-Identifier: Apache-2.0
#include "cni/exchange.hpp"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

namespace paddock::cni {
namespace {

long long now_in_milliseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000LL + now.tv_nsec / 1'000'000;
}

// False at the deadline.
bool wait_for(int socket, short events, long long deadline) {
  for (;;) {
    const long long left = deadline - now_in_milliseconds();
    if (left <= 0) return false;
    pollfd waited{socket, events, 0};
    const int ready = ::poll(&waited, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

int open_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0); }

// False with errno.
bool connect_once(int socket, const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (::strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return false;
  }
  ::strcpy(address.sun_path, path);
  return ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Exchanged connect_to(int socket, const char* path, long long deadline) {
  while (!connect_once(socket, path)) {
    if (errno != EAGAIN && errno != EINTR) return Exchanged::away;
    if (now_in_milliseconds() >= deadline) return Exchanged::late;
    const timespec pause{0, 5'000'000};  // the daemon's queue is full
    ::nanosleep(&pause, nullptr);
  }
  return Exchanged::ok;
}

// The first bytes carry the descriptor of the pod's namespace.
Exchanged send_call(int socket, const Call& call, long long deadline) {
  size_t sent = 0;
  while (sent < call.size) {
    iovec part{const_cast<char*>(call.bytes) + sent, call.size - sent};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    if (sent == 0 && call.netns >= 0) {
      message.msg_control = control;
      message.msg_controllen = sizeof control;
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int));
      ::memcpy(CMSG_DATA(header), &call.netns, sizeof(int));
    }
    const ssize_t count = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    if (count > 0) sent += static_cast<size_t>(count);
    if (count > 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return sent == 0 ? Exchanged::away : Exchanged::broken;
    if (!wait_for(socket, POLLOUT, deadline)) return Exchanged::late;
  }
  return Exchanged::ok;
}

Exchanged receive(int socket, char* bytes, size_t size, long long deadline) {
  while (size > 0) {
    const ssize_t count = ::recv(socket, bytes, size, 0);
    if (count == 0) return Exchanged::broken;
    if (count > 0) {
      bytes += count;
      size -= static_cast<size_t>(count);
    } else if (errno == EAGAIN) {
      if (!wait_for(socket, POLLIN, deadline)) return Exchanged::late;
    } else if (errno != EINTR) {
      return Exchanged::broken;
    }
  }
  return Exchanged::ok;
}

Exchanged talk(int socket, const Call& call, long long deadline, Answer& answer) {
  auto result = send_call(socket, call, deadline);
  if (result == Exchanged::ok) result = receive(socket, answer.bytes, header_size, deadline);
  if (result != Exchanged::ok) return result;
  answer.status = static_cast<int>(get_number(answer.bytes + magic_size));
  answer.output = answer.bytes + header_size;
  answer.output_size = get_number(answer.bytes + magic_size + 4);
  if (::memcmp(answer.bytes, magic, magic_size) != 0 || answer.output_size > longest_part)
    return Exchanged::broken;
  return receive(socket, answer.bytes + header_size, answer.output_size, deadline);
}

}  // namespace

int connect_early(const char* socket_path) {
  const int socket = open_socket();
  if (socket >= 0 && connect_once(socket, socket_path)) return socket;
  if (socket >= 0) ::close(socket);
  return -1;
}

Exchanged exchange(const char* socket_path, const Call& call, Patience patience, Answer& answer,
                   int early) {
  const long long now = now_in_milliseconds();
  const long long deadline = now + patience.for_answer;
  if (early >= 0) {
    const auto result = talk(early, call, deadline, answer);
    ::close(early);
    if (result != Exchanged::away) return result;
  }
  for (;;) {
    const int socket = open_socket();
    if (socket < 0) return Exchanged::away;
    auto result = connect_to(socket, socket_path, deadline);
    if (result == Exchanged::ok) result = talk(socket, call, deadline, answer);
    ::close(socket);
    if (result != Exchanged::away || now_in_milliseconds() >= now + patience.for_daemon)
      return result;
    const timespec pause{0, 20'000'000};
    ::nanosleep(&pause, nullptr);
  }
}

}  // namespace paddock::cni
