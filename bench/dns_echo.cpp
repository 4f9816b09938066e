// SPDX-License-Identifier: Apache-2.0
//
// The limit a DNS server over UDP is measured against: a socket for each worker, read and
// written in batches, every datagram sent back as it came but for the QR bit.
//
//   dns_echo PORT [WORKERS]
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

namespace {

constexpr std::size_t batch = 64;

struct Slot {
  std::array<std::uint8_t, 2048> data;
  sockaddr_in client;
  iovec vector;
};

int open_socket(const char* port) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  sockaddr any;
  std::memcpy(&any, &address, sizeof any);
  const int buffer = 1 << 20;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
  if (::bind(socket, &any, sizeof any) != 0) {
    std::perror("dns_echo: bind");
    std::exit(1);
  }
  return socket;
}

void echo(int socket) {
  std::vector<Slot> slots(batch);
  std::array<mmsghdr, batch> messages{};
  for (std::size_t i = 0; i < batch; ++i) {
    messages[i].msg_hdr.msg_iov = &slots[i].vector;
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &slots[i].client;
  }
  while (true) {
    for (std::size_t i = 0; i < batch; ++i) {
      slots[i].vector = {slots[i].data.data(), slots[i].data.size()};
      messages[i].msg_hdr.msg_namelen = sizeof slots[i].client;
    }
    const int count = ::recvmmsg(socket, messages.data(), batch, MSG_WAITFORONE, nullptr);
    if (count < 0) {
      if (errno == EINTR) continue;
      std::perror("dns_echo: recvmmsg");
      std::exit(1);
    }
    for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
      slots[i].data[2] |= 0x80;
      slots[i].vector.iov_len = messages[i].msg_len;
    }
    ::sendmmsg(socket, messages.data(), static_cast<unsigned>(count), 0);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: dns_echo PORT [WORKERS]\n");
    return 2;
  }
  std::vector<std::jthread> workers;
  for (int left = argc > 2 ? std::atoi(argv[2]) : 1; left > 0; --left) {
    workers.emplace_back([socket = open_socket(argv[1])] { echo(socket); });
  }
}
