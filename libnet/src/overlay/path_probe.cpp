// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"

#include <paddock/net/path_probe.hpp>

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <random>
#include <span>
#include <system_error>
#include <vector>

namespace paddock::net {
namespace {

constexpr int raw_icmp_filter = 1;  // ICMP_FILTER, of a header that <netinet/ip_icmp.h> excludes

// Behind the ICMP header of a request; comes back as it was sent.
struct EchoBody {
  std::uint64_t token = 0;
  std::int64_t sent = 0;  // nanoseconds of the steady clock
  std::uint32_t number = 0;
};
constexpr std::size_t icmp_header = 8;
constexpr std::size_t body_size = 20;  // without padding

std::int64_t steady_now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// RFC 1071.
std::uint16_t internet_checksum(std::span<const std::uint8_t> octets) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<std::uint32_t>(octets[i]) << 8U : octets[i];
  }
  while (sum > 0xffffU) {
    sum = (sum & 0xffffU) + (sum >> 16U);
  }
  return static_cast<std::uint16_t>(~sum);
}

std::vector<std::uint8_t> request(bool v4, const EchoBody& body, std::size_t octets) {
  const std::size_t headers = (v4 ? 20 : 40) + icmp_header;
  std::vector<std::uint8_t> made(icmp_header +
                                 std::max(body_size, octets < headers ? 0 : octets - headers));
  made[0] = v4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
  made[4] = static_cast<std::uint8_t>(body.token >> 8U);  // identifier
  made[5] = static_cast<std::uint8_t>(body.token);
  made[6] = static_cast<std::uint8_t>(body.number >> 8U);  // sequence
  made[7] = static_cast<std::uint8_t>(body.number);
  std::memcpy(&made[icmp_header], &body.token, sizeof body.token);
  std::memcpy(&made[icmp_header + 8], &body.sent, sizeof body.sent);
  std::memcpy(&made[icmp_header + 16], &body.number, sizeof body.number);
  if (v4) {  // IPv6 has one over addresses, too: the kernel's
    const std::uint16_t sum = internet_checksum(made);
    made[2] = static_cast<std::uint8_t>(sum >> 8U);
    made[3] = static_cast<std::uint8_t>(sum);
  }
  return made;
}

// Of a packet as raw sockets give it: IPv4 with its IP header.
std::optional<EchoBody> answer_in(bool v4, std::span<const std::uint8_t> packet) {
  if (v4) {
    const std::size_t header = packet.empty() ? 0 : (packet[0] & 0x0fU) * 4U;
    if (header < 20 || packet.size() < header) {
      return std::nullopt;
    }
    packet = packet.subspan(header);
  }
  const std::uint8_t reply = v4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
  if (packet.size() < icmp_header + body_size || packet[0] != reply) {
    return std::nullopt;
  }
  EchoBody body;
  std::memcpy(&body.token, &packet[icmp_header], sizeof body.token);
  std::memcpy(&body.sent, &packet[icmp_header + 8], sizeof body.sent);
  std::memcpy(&body.number, &packet[icmp_header + 16], sizeof body.number);
  return body;
}

// The port is any; raw sockets want none.
socklen_t fill(sockaddr_storage& storage, const IpAddress& address, std::uint16_t port) {
  if (address.is_v4()) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_port = htons(port);
    name.sin_addr.s_addr = htonl(address.to_v4().to_uint());
    std::memcpy(&storage, &name, sizeof name);
    return sizeof name;
  }
  sockaddr_in6 name{};
  name.sin6_family = AF_INET6;
  name.sin6_port = htons(port);
  const auto octets = address.to_v6().to_bytes();
  std::memcpy(&name.sin6_addr, octets.data(), octets.size());
  std::memcpy(&storage, &name, sizeof name);
  return sizeof name;
}

void hear_only_answers(int v4, int v6) {
  const std::uint32_t but_answers = ~(1U << ICMP_ECHOREPLY);
  ::setsockopt(v4, SOL_RAW, raw_icmp_filter, &but_answers, sizeof but_answers);
  icmp6_filter filter{};
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
  ::setsockopt(v6, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter);
}

// Neither this host nor a router cuts them in pieces, whatever is known of the way.
void never_cut(int v4, int v6) {
  const int probe = IP_PMTUDISC_PROBE;
  ::setsockopt(v4, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof probe);
  const int probe_v6 = IPV6_PMTUDISC_PROBE;
  ::setsockopt(v6, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe_v6, sizeof probe_v6);
  const int on = 1;
  ::setsockopt(v6, IPPROTO_IPV6, IPV6_DONTFRAG, &on, sizeof on);
}

}  // namespace

PathProbe::PathProbe(const NetworkNamespace& host) {
  std::random_device chance;
  token_ = static_cast<std::uint64_t>(chance()) << 32U | chance();
  int code = 0;
  const auto entered = host.run([&] {
    constexpr int flags = SOCK_CLOEXEC | SOCK_NONBLOCK;
    echo_[0] = ::socket(AF_INET, SOCK_RAW | flags, IPPROTO_ICMP);
    code = echo_[0] < 0 ? errno : 0;
    echo_[1] = ::socket(AF_INET6, SOCK_RAW | flags, IPPROTO_ICMPV6);
    // A kernel without IPv6 has no hosts to ask over it either.
    code = code == 0 && echo_[1] < 0 && errno != EAFNOSUPPORT ? errno : code;
    connected_ = {::socket(AF_INET, SOCK_DGRAM | flags, 0),
                  ::socket(AF_INET6, SOCK_DGRAM | flags, 0)};
  });
  if (!entered || code != 0) {
    for (const int descriptor : {echo_[0], echo_[1], connected_[0], connected_[1]}) {
      ::close(descriptor);
    }
    throw std::system_error(entered ? code : entered.error().code.value(), std::generic_category(),
                            "open a raw ICMP socket");
  }
  hear_only_answers(echo_[0], echo_[1]);
  never_cut(echo_[0], echo_[1]);
}

PathProbe::~PathProbe() {
  for (const int descriptor : {echo_[0], echo_[1], connected_[0], connected_[1]}) {
    ::close(descriptor);
  }
}

Result<void> PathProbe::ask(const IpAddress& address, std::uint32_t number, std::uint32_t octets) {
  const bool v4 = address.is_v4();
  const auto packet = request(v4, {token_, steady_now(), number}, octets);
  sockaddr_storage name{};
  const socklen_t size = fill(name, address, 0);
  if (::sendto(echo_[v4 ? 0 : 1], packet.data(), packet.size(), 0,
               reinterpret_cast<const sockaddr*>(&name), size) < 0) {
    const int code = errno;  // writing the address may change it
    return failure(code, "send to " + address.to_string());
  }
  return {};
}

void PathProbe::hear(const Take& take) {
  std::array<std::uint8_t, 256> packet{};  // of larger ones the beginning will do
  for (const bool v4 : {true, false}) {
    for (;;) {
      const ssize_t count = ::recv(echo_[v4 ? 0 : 1], packet.data(), packet.size(), 0);
      if (count < 0 && errno == EINTR) {
        continue;
      }
      if (count < 0) {
        break;
      }
      const auto body = answer_in(v4, std::span(packet).first(static_cast<std::size_t>(count)));
      if (body && body->token == token_) {
        take(body->number, std::chrono::nanoseconds(steady_now() - body->sent));
      }
    }
  }
}

Result<std::uint32_t> PathProbe::known_mtu(const IpAddress& address) const {
  const bool v4 = address.is_v4();
  const int descriptor = connected_[v4 ? 0 : 1];
  sockaddr_storage name{};
  const socklen_t size = fill(name, address, 9);  // RFC 863, discard; nothing is sent
  int mtu = 0;
  socklen_t length = sizeof mtu;
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&name), size) != 0 ||
      ::getsockopt(descriptor, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu,
                   &length) != 0) {
    const int code = errno;
    return failure(code, "ask for the MTU of the way to " + address.to_string());
  }
  return static_cast<std::uint32_t>(mtu);
}

}  // namespace paddock::net
