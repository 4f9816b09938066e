// SPDX-License-Identifier: Apache-2.0
//
// TCP (RFC 7766, RFC 9210): queries are answered as they come, many may be on
// their way at once, and replies that wait for another resolver are overtaken by
// later ones. All replies to what one read brought leave in one write: written
// one by one they would meet delayed acknowledgements (43 ms each).
#pragma once

#include "server/descriptor.hpp"
#include "server/limits.hpp"
#include "server/responder.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

namespace paddock::dns::server {

// Where connections are watched; `number` comes back with the event. Descriptors are forgotten
// when they are closed.
class ConnectionPoller {
 public:
  virtual void watch(int descriptor, std::uint64_t number, bool readable, bool writable,
                     bool is_new) = 0;

 protected:
  ~ConnectionPoller() = default;
};

class Tcp {
 public:
  Tcp(const TcpOptions& options, ConnectionLimits& limits, ConnectionPoller& poller,
      Responder& responder, Tallies& tallies);
  ~Tcp();
  Tcp(const Tcp&) = delete;
  Tcp& operator=(const Tcp&) = delete;

  // Takes the connections that wait at a listening socket.
  void accept(int listener);

  // The connection can be read, written, or both. One that is gone is ignored.
  void ready(std::uint64_t number, bool readable, bool writable, bool failed);

  // A reply that was awaited; empty: there is none. Written by flush().
  void send(const Route& route, std::span<const std::uint8_t> reply);

  // Writes what send() collected. Once per turn of the loop.
  void flush();

  // Closes what is idle, stalled or does not read. Every 250 ms or so.
  void expire(TimePoint now);

  // Reads no more; connections are closed as soon as nothing is owed to them.
  void stop();

  [[nodiscard]] std::size_t size() const { return connections_.size(); }

 private:
  struct Connection;
  enum class Framing { waiting, paused, broken };

  void admit(Descriptor descriptor, const SocketAddress& client);
  void refuse_for_want_of_descriptors(int listener);
  void read(Connection& connection);
  void proceed(Connection& connection, std::size_t available);
  Framing answer_messages(Connection& connection, std::size_t available, std::size_t& used);
  void send_transfer(Connection& connection);
  void put(Connection& connection, std::span<const std::uint8_t> replies);
  void write(Connection& connection);
  std::size_t transmit(Connection& connection, std::span<const std::uint8_t> bytes);
  void settle(Connection& connection);
  void close(Connection& connection);
  [[nodiscard]] bool is_expired(const Connection& connection, TimePoint now, bool crowded) const;

  const TcpOptions& options_;
  ConnectionLimits& limits_;
  ConnectionPoller& poller_;
  Responder& responder_;
  Tallies& tallies_;
  Descriptor spare_;  // given up for a moment to refuse a connection when there are no more
  std::vector<std::uint8_t> input_;   // shared by all connections, within one read
  std::vector<std::uint8_t> output_;  // the replies to it
  std::size_t output_size_ = 0;
  std::vector<std::uint64_t> touched_;  // connections send() added to
  std::uint64_t last_number_ = 0;
  bool stopping_ = false;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
};

}  // namespace paddock::dns::server
