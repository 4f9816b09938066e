// SPDX-License-Identifier: Apache-2.0
//
// What the loop keeps of one connection. Small while idle or waiting: bytes are read into the
// loop's buffer and answered through the loop's outbox; only what is left over stays here.
#pragma once

#include "http/clients.hpp"
#include "http/head_parser.hpp"
#include "http/listener.hpp"
#include "http/outbox.hpp"
#include "tls/session.hpp"

#include <paddock/metadata/http_server.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace paddock::metadata::http {

using Clock = std::chrono::steady_clock;

struct Connection {
  enum class Phase {
    reading,    // requests
    waiting,    // a LongPoll will answer
    streaming,  // a ChunkSource makes the body
    draining    // the last answer is out; what the peer still sends is read and dropped
  };

  // A body that is still arriving.
  struct PartialBody {
    bool is_chunked = false;
    std::size_t head_size = 0;
    std::size_t taken = 0;  // bytes understood so far; Content-Length: those needed in all
    ChunkDecoder decoder;
    std::string decoded;
  };

  ConnectionId id = 0;
  Descriptor socket;
  std::unique_ptr<tls::Session> tls;  // goes before the socket; null: bare
  Phase phase = Phase::reading;
  bool keep_alive = true;       // after the answer under way
  bool is_head = false;         // of the request under way
  bool is_http_1_0 = false;     // of the request under way
  bool is_mid_request = false;  // its first byte came, its last did not
  bool has_asked = false;       // once at least
  bool lingers = false;         // more may come that nobody reads
  bool is_woken = false;        // queued to be asked again
  std::uint32_t interest = 0;   // what epoll watches
  Clock::time_point deadline;
  Clock::time_point timer = Clock::time_point::max();  // its earliest entry among the timers
  Peer peer;
  Clients::Share* share = nullptr;       // the peer's, with this connection
  std::size_t held = 0;                  // bytes that are kept for it, as far as counted
  std::string input;                     // read but not yet understood
  std::size_t examined = 0;              // bytes in which no whole head was found
  std::unique_ptr<PartialBody> partial;  // while a body arrives
  std::unique_ptr<Outbox> pending;       // what the socket did not take yet
  std::unique_ptr<LongPoll> wait;
  std::unique_ptr<ChunkSource> stream;
};

}  // namespace paddock::metadata::http
