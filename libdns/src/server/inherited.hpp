// SPDX-License-Identifier: Apache-2.0
//
// Sockets that a process before this one bound: clients' queries wait in them, and whoever takes
// them over loses none.
#pragma once

#include "server/descriptor.hpp"

#include <paddock/dns/upstream.hpp>

#include <vector>

namespace paddock::dns::server {

class InheritedSockets {
 public:
  // Owns them from now on; those that nobody takes are closed with this.
  explicit InheritedSockets(const std::vector<int>& descriptors);

  // One of `type` (SOCK_DGRAM, or SOCK_STREAM that listens) that is bound to the endpoint; a closed
  // descriptor when there is none left.
  [[nodiscard]] Descriptor take(int type, const Endpoint& endpoint);

 private:
  std::vector<Descriptor> sockets_;
};

}  // namespace paddock::dns::server
