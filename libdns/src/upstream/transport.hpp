// SPDX-License-Identifier: Apache-2.0
//
// Transport: the way to one other resolver. Queries go in, each comes back once,
// with a response or without; who is asked next is decided above it. The loop
// that owns it tells it when a descriptor is ready and when time has passed.
#pragma once

#include <cstdint>
#include <span>

namespace paddock::dns::upstream {

enum class Failure { none, timed_out, network };

class Transport;

// Told, from inside send(), ready() and expire(), what becomes of a transport. A transport must not
// be destroyed from in here.
class TransportOwner {
 public:
  // Watch this descriptor; neither reading nor writing: forget it, it will be closed. Also from
  // inside the transport's destructor.
  virtual void on_socket(Transport& transport, int descriptor, bool readable, bool writable) = 0;

  // An exchange ended; from inside send() only for want of a way. `response` is borrowed for the
  // call.
  virtual void on_end(std::uint64_t exchange, Failure failure,
                      std::span<const std::uint8_t> response) = 0;

 protected:
  ~TransportOwner() = default;
};

// Exchanges still going on when it is destroyed are dropped without a word.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(std::span<const std::uint8_t> query, std::uint64_t exchange) = 0;
  virtual void ready(int descriptor, bool readable, bool writable) = 0;
  virtual void expire() = 0;

  // Waits for nothing.
  [[nodiscard]] virtual bool is_idle() const = 0;

  // Has carried as many queries as it should: the next one is better off with a fresh one.
  [[nodiscard]] virtual bool is_spent() const = 0;
};

}  // namespace paddock::dns::upstream
