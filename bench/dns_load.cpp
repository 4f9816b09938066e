// SPDX-License-Identifier: Apache-2.0
//
// Load that dnsperf does not make: a fixed rate over UDP with the distribution of latencies, and
// TCP connections with so many queries on their way each, written together.
//
//   dns_load udp PORT QUERIES SECONDS RATE
//   dns_load tcp PORT QUERIES SECONDS CONNECTIONS PIPELINED
//
// QUERIES is a file as dnsperf reads it. Prints: answered, lost, p50, p99 and p99.9 in microseconds
// (0 over TCP).
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Message = std::vector<std::uint8_t>;

std::uint16_t type_of(const std::string& text) {
  if (text == "AAAA") return 28;
  if (text == "SRV") return 33;
  if (text == "PTR") return 12;
  return 1;
}

Message message_of(const std::string& name, const std::string& type) {
  Message message{0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t dot = std::min(name.find('.', at), name.size());
    message.push_back(static_cast<std::uint8_t>(dot - at));
    message.insert(message.end(), name.begin() + static_cast<std::ptrdiff_t>(at),
                   name.begin() + static_cast<std::ptrdiff_t>(dot));
    at = dot + 1;
  }
  const std::uint16_t number = type_of(type);
  for (const int octet : {0, 0, static_cast<int>(number), 0, 1}) {
    message.push_back(static_cast<std::uint8_t>(octet));
  }
  return message;
}

std::vector<Message> read_queries(const char* path) {
  std::vector<Message> messages;
  std::ifstream file(path);
  for (std::string name, type; file >> name >> type;) messages.push_back(message_of(name, type));
  return messages;
}

int connect_to(int type, const char* port) {
  const int socket = ::socket(AF_INET, type, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  sockaddr any;
  std::memcpy(&any, &address, sizeof any);
  if (::connect(socket, &any, sizeof any) != 0) {
    std::perror("dns_load: connect");
    std::exit(1);
  }
  const int on = 1;
  if (type == SOCK_STREAM) ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // What comes while this program is not scheduled is no loss of the server's.
  const int room = 8 << 20;
  if (type == SOCK_DGRAM &&
      ::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0) {
    std::perror("dns_load: SO_RCVBUFFORCE (replies may be lost here; run it as root)");
  }
  return socket;
}

void print(std::uint64_t answered, std::uint64_t lost, std::vector<float>& latencies) {
  std::ranges::sort(latencies);
  const auto at = [&](double share) {
    if (latencies.empty()) return 0.0;
    return double{latencies[static_cast<std::size_t>(share * double(latencies.size() - 1))]};
  };
  std::printf("%llu %llu %.0f %.0f %.0f\n", static_cast<unsigned long long>(answered),
              static_cast<unsigned long long>(lost), at(0.5), at(0.99), at(0.999));
}

// Queries leave when they are due, whether or not earlier ones were answered.
int load_udp(const char* port, std::vector<Message> queries, double seconds, double rate) {
  const int socket = connect_to(SOCK_DGRAM, port);
  std::array<Clock::time_point, 65536> sent{};
  std::vector<float> latencies;
  latencies.reserve(static_cast<std::size_t>(seconds * rate));
  std::array<std::uint8_t, 4096> reply;
  const auto begun = Clock::now();
  const auto total = static_cast<std::uint64_t>(seconds * rate);
  const auto receive = [&] {
    while (::recv(socket, reply.data(), reply.size(), MSG_DONTWAIT) > 1) {
      const auto late = Clock::now() - sent[static_cast<std::size_t>(reply[0] << 8 | reply[1])];
      latencies.push_back(std::chrono::duration<float, std::micro>(late).count());
    }
  };
  for (std::uint64_t i = 0; i < total; ++i) {
    const auto due = begun + std::chrono::duration_cast<Clock::duration>(
                                 std::chrono::duration<double>(double(i) / rate));
    while (Clock::now() < due) receive();
    Message& query = queries[i % queries.size()];
    query[0] = static_cast<std::uint8_t>(i >> 8);
    query[1] = static_cast<std::uint8_t>(i);
    sent[i & 0xFFFF] = Clock::now();
    (void)::send(socket, query.data(), query.size(), 0);
  }
  for (const auto end = Clock::now() + std::chrono::milliseconds(500);
       Clock::now() < end && latencies.size() < total;) {
    receive();
  }
  print(latencies.size(), total - latencies.size(), latencies);
  return 0;
}

struct Connection {
  int socket = -1;
  std::size_t next = 0;  // query
  std::vector<std::uint8_t> input{};
};

// Sends `count` more queries in one write.
void send_some(Connection& connection, const std::vector<Message>& queries, std::size_t count) {
  std::vector<std::uint8_t> out;
  for (std::size_t i = 0; i < count; ++i) {
    const Message& query = queries[connection.next++ % queries.size()];
    out.push_back(static_cast<std::uint8_t>(query.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(query.size()));
    out.insert(out.end(), query.begin(), query.end());
  }
  (void)::send(connection.socket, out.data(), out.size(), MSG_NOSIGNAL);
}

// Reads what is there; how many whole replies it completes.
std::size_t receive_some(Connection& connection) {
  std::array<std::uint8_t, 65536> buffer;
  const auto got = ::recv(connection.socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (got <= 0) return 0;
  connection.input.insert(connection.input.end(), buffer.begin(), buffer.begin() + got);
  std::size_t replies = 0;
  std::size_t at = 0;
  const auto& input = connection.input;
  while (input.size() - at >= 2) {
    const std::size_t size = static_cast<std::size_t>(input[at] << 8 | input[at + 1]);
    if (input.size() - at - 2 < size) break;
    at += 2 + size;
    ++replies;
  }
  connection.input.erase(connection.input.begin(),
                         connection.input.begin() + static_cast<std::ptrdiff_t>(at));
  return replies;
}

int load_tcp(const char* port, const std::vector<Message>& queries, double seconds,
             std::size_t count, std::size_t pipelined) {
  std::vector<Connection> connections(count);
  std::vector<pollfd> watched;
  for (std::size_t i = 0; i < count; ++i) {
    connections[i].socket = connect_to(SOCK_STREAM, port);
    connections[i].next = i * 997;
    watched.push_back({.fd = connections[i].socket, .events = POLLIN, .revents = 0});
    send_some(connections[i], queries, pipelined);
  }
  std::uint64_t answered = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  while (Clock::now() < end) {
    ::poll(watched.data(), watched.size(), 100);
    for (std::size_t i = 0; i < count; ++i) {
      if (watched[i].revents == 0) continue;
      const std::size_t replies = receive_some(connections[i]);
      answered += replies;
      if (replies > 0) send_some(connections[i], queries, replies);
    }
  }
  std::vector<float> none;
  print(answered, 0, none);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.size() < 5) {
    std::fprintf(stderr,
                 "usage: dns_load udp PORT QUERIES SECONDS RATE | "
                 "tcp PORT QUERIES SECONDS CONNECTIONS PIPELINED\n");
    return 2;
  }
  const auto queries = read_queries(argv[3]);
  if (queries.empty()) {
    std::fprintf(stderr, "dns_load: no queries in %s\n", argv[3]);
    return 1;
  }
  const double seconds = std::atof(argv[4]);
  if (words[0] == "udp") return load_udp(argv[2], queries, seconds, std::atof(argv[5]));
  return load_tcp(argv[2], queries, seconds, std::stoul(words[4]),
                  words.size() > 5 ? std::stoul(words[5]) : 1);
}
