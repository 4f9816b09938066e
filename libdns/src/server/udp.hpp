// SPDX-License-Identifier: Apache-2.0
//
// UDP: queries are read in batches into buffers made once, answered, and sent
// back in one call. Nothing here allocates while answering.
#pragma once

#include "server/responder.hpp"
#include "server/sockets.hpp"

#include <sys/socket.h>

#include <cstdint>
#include <span>
#include <vector>

namespace paddock::dns::server {

class Udp {
 public:
  // `sockets` are borrowed and numbered in their order: Route::number.
  Udp(std::vector<int> sockets, std::uint16_t max_payload, Responder& responder, Tallies& tallies);
  Udp(const Udp&) = delete;
  Udp& operator=(const Udp&) = delete;

  // Answers what waits at one socket, but only so much that other sockets get their turn. False
  // when there may be more.
  bool drain(std::size_t socket);

  // Sends one later reply.
  void send(const Route& route, std::span<const std::uint8_t> reply);

 private:
  static constexpr std::size_t batch = 64;
  static constexpr int max_batches = 16;

  // One slot of the batch: where a query is read to and its reply written. A query and its reply
  // use the same address and control message.
  struct Slot {
    alignas(8) std::array<std::uint8_t, 40> control;
    SocketAddress client;
    iovec in;
    iovec out;
  };

  std::size_t receive(int socket);
  void answer(std::size_t socket, std::size_t received);
  void transmit(int socket, std::size_t count);

  std::vector<int> sockets_;
  Responder& responder_;
  Tallies& tallies_;
  std::vector<std::uint8_t> queries_;
  std::vector<std::uint8_t> replies_;
  std::array<Slot, batch> slots_{};
  std::array<mmsghdr, batch> in_{};
  std::array<mmsghdr, batch> out_{};
};

}  // namespace paddock::dns::server
