// SPDX-License-Identifier: Apache-2.0
//
// Who goes when the server is full: whoever takes most. Looked for among a few connections at
// random places, where those of a flood are found surely enough; looking at all of them for each
// newcomer would be what a flood wants.
#include "http/loop.hpp"

#include <algorithm>
#include <tuple>

namespace paddock::metadata {
namespace {

constexpr std::size_t looked_at = 64;

bool is_idle(const http::Connection& connection) {
  return connection.phase == http::Connection::Phase::reading && !connection.pending &&
         !connection.partial && connection.input.empty();
}

}  // namespace

// Calls `visit` with some connections.
template <class Visit>
void HttpServer::Loop::sample(Visit visit) {
  if (slots_.empty()) return;
  const std::size_t begin = (++samples_ * 2654435761) % slots_.size();
  for (std::size_t i = 0; i < std::min(looked_at, slots_.size()); ++i) {
    Connection* candidate = slots_[(begin + i) % slots_.size()].connection.get();
    if (candidate != nullptr) visit(*candidate);
  }
}

// For one more connection of `newcomer`. A client that has more gives one up, an idle one first;
// else the connection that has been idle for longest goes.
bool HttpServer::Loop::make_room(const Peer& newcomer) {
  const auto rank = [](const Connection& c) {
    return std::tuple(c.share->connections, is_idle(c), -c.deadline.time_since_epoch());
  };
  Connection* greediest = nullptr;
  Connection* idle = nullptr;
  sample([&](Connection& c) {
    if (greediest == nullptr || rank(c) > rank(*greediest)) greediest = &c;
    if (is_idle(c) && (idle == nullptr || c.deadline < idle->deadline)) idle = &c;
  });
  if (greediest == nullptr) return false;
  const bool has_more = greediest->share->connections > clients_.connections_of(newcomer) + 1;
  Connection* victim = has_more ? greediest : idle;
  if (victim == nullptr) return false;
  http::add(counters_.shed, 1);
  close(*victim);
  return true;
}

// Counts what is kept for the connection.
void HttpServer::Loop::account(Connection& connection) {
  std::size_t held = connection.input.size();
  if (connection.partial) held += connection.partial->decoded.size();
  if (connection.pending) held += connection.pending->held();
  held_ += held - connection.held;
  connection.share->bytes += held - connection.held;
  connection.held = held;
}

// Ends connections for which much is kept, of the clients for which most is, until there is room.
void HttpServer::Loop::relieve() {
  while (held_ > options_.memory_limit) {
    Connection* victim = nullptr;
    const auto look = [&victim](Connection& c) {
      const auto rank = [](const Connection& one) { return std::pair(one.share->bytes, one.held); };
      if (c.held > 0 && (victim == nullptr || rank(c) > rank(*victim))) victim = &c;
    };
    sample(look);
    for (auto slot = slots_.begin(); victim == nullptr && slot != slots_.end(); ++slot) {
      if (slot->connection) look(*slot->connection);
    }
    if (victim == nullptr) return;
    http::add(counters_.shed, 1);
    close(*victim);
  }
}

}  // namespace paddock::metadata
