// SPDX-License-Identifier: Apache-2.0
//
// Whether packets get to other hosts, how long there and back takes, and how large they may be:
// asked with ICMP echo, which every kernel answers, so that nothing of ours has to run there.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>
#include <paddock/net/namespace.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>

namespace paddock::net {

// One thread at a time.
class PADDOCK_NET_EXPORT PathProbe {
 public:
  // Throws std::system_error when there are no raw sockets, which need CAP_NET_RAW. Without IPv6 in
  // the kernel, asking over it fails.
  explicit PathProbe(const NetworkNamespace& host);
  ~PathProbe();
  PathProbe(const PathProbe&) = delete;
  PathProbe& operator=(const PathProbe&) = delete;

  // Sends one packet of that many octets (smaller ones are made as large as they have to be), which
  // nobody may cut in pieces. message_size: already the first link carries less. Never waits.
  Result<void> ask(const IpAddress& address, std::uint32_t number, std::uint32_t octets);

  // Hands over what has come back, by the number it was asked with. An answer may come late, twice,
  // or never.
  using Take = std::function<void(std::uint32_t number, std::chrono::nanoseconds took)>;
  void hear(const Take& take);
  // One of each family, for poll().
  const std::array<int, 2>& descriptors() const { return echo_; }

  // The largest packet that gets to that address, as far as this host knows: by the link it leaves
  // by, the route, and what routers have said of late.
  Result<std::uint32_t> known_mtu(const IpAddress& address) const;

 private:
  std::array<int, 2> echo_{-1, -1};       // IPv4, IPv6
  std::array<int, 2> connected_{-1, -1};  // nothing is ever sent by these
  std::uint64_t token_ = 0;               // tells our answers from those to others
};

}  // namespace paddock::net
