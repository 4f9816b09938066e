// SPDX-License-Identifier: Apache-2.0
//
// A TCP port for a server that is told which: it is bound here, and nobody listens. As long as it
// is held the kernel gives it to nobody else, but who sets SO_REUSEADDR, as servers do, may listen
// at it, and again after a restart.
#pragma once

#include "support/loopback_socket.hpp"

namespace paddock::test {

class HeldPort {
 public:
  [[nodiscard]] std::uint16_t number() const { return socket_.port(); }

 private:
  LoopbackSocket socket_{SOCK_STREAM, SO_REUSEADDR};
};

}  // namespace paddock::test
