// SPDX-License-Identifier: Apache-2.0
//
// Channel: c-ares, talking to one other resolver over UDP, and over TCP when an
// answer is cut short. c-ares matches responses by address, id and question; who
// is asked next when one fails is decided above it. The loop that owns the
// channel tells it when a descriptor is ready and when time has passed.
#pragma once

#include <paddock/dns/upstream.hpp>

#include <chrono>
#include <cstdint>
#include <span>

struct ares_channeldata;

namespace paddock::dns::upstream {

enum class Failure { none, timed_out, network };

class Channel;

// Told, from inside send(), ready(), expire() and the destructor, what becomes of a channel.
class ChannelOwner {
 public:
  // Watch this descriptor; neither reading nor writing: forget it, it will be closed.
  virtual void on_socket(Channel& channel, int descriptor, bool readable, bool writable) = 0;

  // An exchange ended. `response` is borrowed for the call. The channel must not be destroyed here.
  virtual void on_end(std::uint64_t exchange, Failure failure,
                      std::span<const std::uint8_t> response) = 0;

 protected:
  ~ChannelOwner() = default;
};

class Channel {
 public:
  Channel(const Endpoint& resolver, std::chrono::milliseconds timeout, ChannelOwner& owner);
  // Exchanges still going on are dropped without a word.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void send(std::span<const std::uint8_t> query, std::uint64_t exchange);
  void ready(int descriptor, bool readable, bool writable);
  void expire();

  [[nodiscard]] unsigned sent() const { return sent_; }
  [[nodiscard]] bool is_idle() const { return pending_ == 0; }

 private:
  struct Exchange;
  static void on_socket(void* self, int descriptor, int readable, int writable);
  ares_channeldata* open(const Endpoint& resolver, std::chrono::milliseconds timeout);

  ChannelOwner& owner_;
  unsigned sent_ = 0;
  unsigned pending_ = 0;
  ares_channeldata* channel_;
};

}  // namespace paddock::dns::upstream
