// SPDX-License-Identifier: Apache-2.0
//
// Channel: c-ares, talking to one other resolver over UDP, and over TCP when an
// answer is cut short. c-ares matches responses by address, id and question.
//
// Source ports (RFC 5452): c-ares 1.18 opens one UDP socket per channel, lets the
// kernel choose its port at random, uses it for all queries that overlap, and
// closes it when none is left. So that a port never serves many queries under
// load, a channel is spent after a few.
#pragma once

#include "upstream/transport.hpp"

#include <paddock/dns/upstream.hpp>

#include <chrono>

struct ares_channeldata;

namespace paddock::dns::upstream {

class Channel final : public Transport {
 public:
  static constexpr unsigned max_sent = 8;

  Channel(const Endpoint& resolver, std::chrono::milliseconds timeout, TransportOwner& owner);
  ~Channel() override;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  void send(std::span<const std::uint8_t> query, std::uint64_t exchange) override;
  void ready(int descriptor, bool readable, bool writable) override;
  void expire() override;

  [[nodiscard]] bool is_idle() const override { return pending_ == 0; }
  [[nodiscard]] bool is_spent() const override { return sent_ >= max_sent; }

 private:
  struct Exchange;
  static void on_socket(void* self, int descriptor, int readable, int writable);
  ares_channeldata* open(const Endpoint& resolver, std::chrono::milliseconds timeout);

  TransportOwner& owner_;
  unsigned sent_ = 0;
  unsigned pending_ = 0;
  ares_channeldata* channel_;
};

}  // namespace paddock::dns::upstream
