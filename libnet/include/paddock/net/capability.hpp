// SPDX-License-Identifier: Apache-2.0
//
// What a runtime may ask for a pod besides addresses: ports of the host, and limits of bandwidth.
#pragma once

#include <paddock/net/address.hpp>

#include <cstdint>
#include <optional>

namespace paddock::net {

// With the numbers of IP, so that they go into rules as they are.
enum class Protocol : std::uint8_t { tcp = 6, udp = 17, sctp = 132 };

// What comes to this port of the host goes to that port of the pod.
struct PortMapping {
  std::uint16_t host_port = 0;  // 1 to 65535, as pod_port
  std::uint16_t pod_port = 0;
  Protocol protocol = Protocol::tcp;
  // Of the host; absent: all its addresses. The unspecified address: all of that family.
  std::optional<IpAddress> host_address;

  friend bool operator==(const PortMapping&, const PortMapping&) = default;
};

// One direction, in bits per second and bits. A rate of 0: no limit.
struct RateLimit {
  std::uint64_t rate = 0;
  std::uint64_t burst = 0;  // what may pass at once, more than 0 with a rate

  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

struct Bandwidth {
  RateLimit ingress;  // to the pod
  RateLimit egress;   // from the pod

  friend bool operator==(const Bandwidth&, const Bandwidth&) = default;
};

}  // namespace paddock::net
