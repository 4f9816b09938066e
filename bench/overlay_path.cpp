// SPDX-License-Identifier: Apache-2.0
//
// TCP between two pods.
//   overlay_path serve ADDRESS PORT           answers one connection after the other
//   overlay_path stream ADDRESS PORT SECONDS  prints Gbit/s of one stream
//   overlay_path turns ADDRESS PORT SECONDS   prints round trips of 64 octets per second
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t turn_size = 64;

sockaddr_in address_of(char** arguments) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(arguments[1])));
  ::inet_pton(AF_INET, arguments[0], &address.sin_addr);
  return address;
}

bool read_whole(int connection, char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t count = ::read(connection, bytes, size);
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

// The first octet says what the client wants: 't' each 64 octets returned, else all swallowed.
void answer(int connection, std::vector<char>& bytes) {
  char wish = 0;
  if (!read_whole(connection, &wish, 1)) return;
  if (wish == 't') {
    while (read_whole(connection, bytes.data(), turn_size) &&
           ::write(connection, bytes.data(), turn_size) == ssize_t{turn_size}) {
    }
    return;
  }
  while (::read(connection, bytes.data(), bytes.size()) > 0) {
  }
}

int serve(const sockaddr_in& address) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener, 8) != 0) {
    std::perror("serve");
    return 1;
  }
  std::vector<char> bytes(1 << 17);
  for (;;) {
    const int connection = ::accept(listener, nullptr, nullptr);
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    answer(connection, bytes);
    ::close(connection);
  }
}

int ask(const sockaddr_in& address, bool turns, double seconds) {
  const int connection = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    return 1;
  }
  std::vector<char> bytes(1 << 17);
  const char wish = turns ? 't' : 's';
  if (::write(connection, &wish, 1) != 1) return 1;
  double done = 0;
  const auto begun = Clock::now();
  const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - begun).count(); };
  while (passed() < seconds) {
    const ssize_t sent = ::write(connection, bytes.data(), turns ? turn_size : bytes.size());
    if (sent <= 0 || (turns && !read_whole(connection, bytes.data(), turn_size))) return 1;
    done += turns ? 1 : static_cast<double>(sent) * 8 / 1e9;
  }
  std::printf("%.3f\n", done / passed());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "serve" && argc == 4) return serve(address_of(argv + 2));
  if ((verb == "stream" || verb == "turns") && argc == 5) {
    return ask(address_of(argv + 2), verb == "turns", std::atof(argv[4]));
  }
  std::fprintf(stderr,
               "usage: overlay_path serve ADDRESS PORT | stream|turns ADDRESS PORT SECONDS\n");
  return 1;
}
