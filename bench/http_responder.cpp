// SPDX-License-Identifier: Apache-2.0
//
// The limit that HTTP figures are compared with: an epoll loop that answers whatever arrives with
// one fixed response for every empty line it sees. It parses nothing.
//   http_responder PORT [BODY_BYTES]
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

int listen_on(unsigned short port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 1024) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  return fd;
}

void answer(int fd, const std::string& response) {
  char buffer[65536];
  const ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
  if (size <= 0) {
    ::close(fd);
    return;
  }
  std::string_view bytes(buffer, static_cast<std::size_t>(size));
  std::string replies;
  for (auto end = bytes.find("\r\n\r\n"); end != bytes.npos; end = bytes.find("\r\n\r\n")) {
    bytes.remove_prefix(end + 4);
    if (bytes.empty() && replies.empty()) {
      (void)!::send(fd, response.data(), response.size(), MSG_NOSIGNAL);
      return;
    }
    replies += response;
  }
  (void)!::send(fd, replies.data(), replies.size(), MSG_NOSIGNAL);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  const std::string body(argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 10, 'x');
  const std::string response = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                               "\r\nContent-Type: text/plain\r\n\r\n" + body;
  const int listener = listen_on(static_cast<unsigned short>(std::atoi(argv[1])));
  const int epoll = ::epoll_create1(0);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    epoll_event events[256];
    const int count = ::epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd != listener) {
        answer(events[i].data.fd, response);
        continue;
      }
      const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
      event = {.events = EPOLLIN, .data = {.fd = fd}};
      if (fd >= 0) ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
    }
  }
}
