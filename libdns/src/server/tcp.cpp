// SPDX-License-Identifier: Apache-2.0
#include "server/tcp.hpp"

#include "wire/message.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <ctime>

namespace paddock::dns::server {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t length_size = 2;
constexpr std::size_t max_frame = length_size + 65535;
constexpr std::size_t input_capacity = 2 * max_frame;
constexpr std::size_t output_capacity = 256 * 1024 + max_frame;
constexpr std::size_t max_unsent = 256 * 1024;  // beyond it no query of that client is read
constexpr unsigned max_owed = 64;               // queries of one connection at other resolvers
constexpr int max_transfer_messages = 16;       // per turn of the loop, of 16 KiB
constexpr int max_accepts = 64;                 // per turn of the loop
constexpr int crowded_divisor = 10;             // idle time-out when connections run short

}  // namespace

// One client. Invariant: after settle(), the poller watches exactly what can be done next.
struct Tcp::Connection {
  Descriptor descriptor;
  std::uint64_t number = 0;
  SocketAddress client{};
  std::vector<std::uint8_t> input;   // read but not answered: the begin of a message, or, while
                                     // paused, whole ones
  std::vector<std::uint8_t> output;  // not yet written
  std::size_t written = 0;           // of `output`
  unsigned owed = 0;
  std::unique_ptr<ZoneTransfer> transfer{};  // under way; what was asked behind it waits
  bool has_asked = false;                    // anything, be it half a message
  bool is_paused = false;                    // too much is unsent or owed to answer more
  bool is_finished = false;   // nothing more comes: the client closed its side, or broke framing
  bool is_failed = false;     // nothing more can be sent
  bool is_touched = false;    // is in touched_
  bool watches_read = false;  // what the poller was told
  bool watches_write = false;
  bool is_watched = false;
  TimePoint active;   // last query or reply
  TimePoint begun;    // when the unfinished message in `input` began
  TimePoint stalled;  // since when `output` does not shrink

  [[nodiscard]] std::size_t unsent() const { return output.size() - written; }
  [[nodiscard]] bool is_full() const {
    return owed >= max_owed || unsent() >= max_unsent || transfer;
  }
};

Tcp::Tcp(const TcpOptions& options, ConnectionLimits& limits, ConnectionPoller& poller,
         Responder& responder, Tallies& tallies)
    : options_(options),
      limits_(limits),
      poller_(poller),
      responder_(responder),
      tallies_(tallies),
      spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      input_(input_capacity),
      output_(output_capacity) {}

Tcp::~Tcp() {
  while (!connections_.empty()) {
    close(*connections_.begin()->second);
  }
}

void Tcp::accept(int listener) {
  for (int i = 0; i < max_accepts; ++i) {
    SocketAddress client{};
    socklen_t length = sizeof client;
    Descriptor descriptor(::accept4(listener, &client.any, &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (descriptor.is_open()) {
      admit(std::move(descriptor), client);
    } else if (errno == EMFILE || errno == ENFILE) {
      refuse_for_want_of_descriptors(listener);
      return;
    } else if (errno != EINTR && errno != ECONNABORTED) {
      return;
    }
  }
}

void Tcp::admit(Descriptor descriptor, const SocketAddress& client) {
  if (stopping_ || !limits_.admit(to_address(client))) {
    tallies_.tcp_refused += 1;
    return;
  }
  tallies_.tcp_accepted += 1;
  tallies_.tcp_open += 1;
  auto connection = std::make_unique<Connection>();
  connection->descriptor = std::move(descriptor);
  connection->number = ++last_number_;
  connection->client = client;
  connection->active = steady_clock::now();
  Connection& admitted = *connection;
  connections_.emplace(admitted.number, std::move(connection));
  settle(admitted);
}

// Otherwise the listener would stay readable and the loop would spin.
void Tcp::refuse_for_want_of_descriptors(int listener) {
  tallies_.tcp_refused += 1;
  spare_.reset();
  Descriptor(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)).reset();
  spare_ = Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

void Tcp::ready(std::uint64_t number, bool readable, bool writable, bool failed) {
  const auto found = connections_.find(number);
  if (found == connections_.end()) {
    return;
  }
  Connection& connection = *found->second;
  if (writable && connection.unsent() > 0) {
    write(connection);
  }
  if (connection.transfer) {
    send_transfer(connection);
  }
  if (connection.is_paused) {
    proceed(connection, 0);
  }
  if (readable && !connection.is_paused && !connection.is_finished) {
    read(connection);
  }
  connection.is_failed |= failed;
  settle(connection);
}

void Tcp::read(Connection& connection) {
  // What is left over is less than one message here, so there is room for another.
  const std::size_t before = connection.input.size();
  std::ranges::copy(connection.input, input_.begin());
  const ssize_t got =
      ::recv(connection.descriptor.number(), &input_[before], input_.size() - before, 0);
  if (got > 0) {
    connection.active = steady_clock::now();
    connection.has_asked = true;
    if (before == 0) {
      connection.begun = connection.active;
    }
    proceed(connection, before + static_cast<std::size_t>(got));
  } else if (got == 0) {
    connection.is_finished = true;
  } else if (errno != EAGAIN && errno != EINTR) {
    connection.is_failed = true;
  }
}

// Answers the messages in the first `available` octets of input_, or, when that is 0, the ones
// kept back while the connection was paused.
void Tcp::proceed(Connection& connection, std::size_t available) {
  if (available == 0) {
    std::ranges::copy(connection.input, input_.begin());
    available = connection.input.size();
  }
  std::size_t used = 0;
  auto framing = answer_messages(connection, available, used);
  while (framing == Framing::paused && !connection.is_full()) {  // it was written at once
    framing = answer_messages(connection, available, used);
  }
  connection.is_paused = framing == Framing::paused;
  connection.is_finished |= framing == Framing::broken;
  if (used > 0) {
    connection.begun = connection.active;
  }
  if (framing == Framing::broken) {
    connection.input.clear();
  } else {
    connection.input.assign(input_.begin() + static_cast<std::ptrdiff_t>(used),
                            input_.begin() + static_cast<std::ptrdiff_t>(available));
  }
}

Tcp::Framing Tcp::answer_messages(Connection& connection, std::size_t available,
                                  std::size_t& used) {
  const auto begun = steady_clock::now();
  responder_.set_time(begun, static_cast<std::uint32_t>(::time(nullptr)));
  const Route route{
      .transport = Transport::tcp, .number = connection.number, .client = connection.client};
  auto framing = Framing::waiting;
  std::uint64_t replies = 0;
  output_size_ = 0;
  while (available - used >= length_size) {
    if (connection.is_full() || connection.unsent() + output_size_ >= max_unsent) {
      framing = Framing::paused;
      break;
    }
    const std::size_t size = wire::load16(&input_[used]);
    if (size < wire::header_size) {  // no query; whatever follows cannot be trusted either
      framing = Framing::broken;
      break;
    }
    if (available - used - length_size < size) {
      break;
    }
    ++connection.owed;  // before, as a failure may be delivered from inside respond()
    const auto response =
        responder_.respond(std::span(input_).subspan(used + length_size, size), route,
                           std::span(output_).subspan(output_size_ + length_size, 65535));
    if (response.result == Responder::Result::transfer) {
      connection.transfer =
          responder_.begin_transfer(std::span(input_).subspan(used + length_size, size), route);
    }
    used += length_size + size;
    if (response.result != Responder::Result::pending) {
      --connection.owed;
    }
    if (response.result == Responder::Result::replied) {
      wire::store16(&output_[output_size_], static_cast<std::uint16_t>(response.size));
      output_size_ += length_size + response.size;
      ++replies;
    }
  }
  if (replies > 0) {
    put(connection, std::span(output_).first(output_size_));
    tallies_.latency.add(steady_clock::now() - begun, replies);
  }
  return framing;
}

// A turn's share of the zone, as long as the client takes it.
void Tcp::send_transfer(Connection& connection) {
  for (int i = 0; i < max_transfer_messages && connection.unsent() < max_unsent; ++i) {
    const auto size = connection.transfer->next(std::span(output_).subspan(length_size, 65535));
    if (size == 0) {
      connection.transfer.reset();
      return;
    }
    wire::store16(output_.data(), static_cast<std::uint16_t>(size));
    put(connection, std::span(output_).first(length_size + size));
  }
}

// Writes what it can at once and keeps the rest.
void Tcp::put(Connection& connection, std::span<const std::uint8_t> replies) {
  if (connection.unsent() == 0) {
    const auto sent = transmit(connection, replies);
    connection.stalled = connection.active = steady_clock::now();
    replies = replies.subspan(sent);
  }
  connection.output.insert(connection.output.end(), replies.begin(), replies.end());
}

void Tcp::write(Connection& connection) {
  const auto sent = transmit(connection, std::span(connection.output).subspan(connection.written));
  if (sent == 0) {
    return;
  }
  connection.active = connection.stalled = steady_clock::now();
  connection.written += sent;
  if (connection.unsent() == 0) {
    connection.output = {};
    connection.written = 0;
  } else if (connection.written >= max_unsent) {
    connection.output.erase(
        connection.output.begin(),
        connection.output.begin() + static_cast<std::ptrdiff_t>(connection.written));
    connection.written = 0;
  }
}

std::size_t Tcp::transmit(Connection& connection, std::span<const std::uint8_t> bytes) {
  const ssize_t sent = ::send(connection.descriptor.number(), bytes.data(), bytes.size(),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) {
    connection.is_failed |= errno != EAGAIN && errno != EINTR;
    return 0;
  }
  return static_cast<std::size_t>(sent);
}

void Tcp::send(const Route& route, std::span<const std::uint8_t> reply) {
  const auto found = connections_.find(route.number);
  if (found == connections_.end()) {
    return;  // the client did not wait
  }
  Connection& connection = *found->second;
  --connection.owed;
  if (!reply.empty()) {
    if (connection.unsent() == 0) {
      connection.stalled = steady_clock::now();
    }
    connection.output.push_back(static_cast<std::uint8_t>(reply.size() >> 8));
    connection.output.push_back(static_cast<std::uint8_t>(reply.size()));
    connection.output.insert(connection.output.end(), reply.begin(), reply.end());
  }
  if (!connection.is_touched) {
    connection.is_touched = true;
    touched_.push_back(route.number);
  }
}

void Tcp::flush() {
  // By index: answering what was kept back may touch more.
  for (std::size_t i = 0; i < touched_.size(); ++i) {
    const auto found = connections_.find(touched_[i]);
    if (found != connections_.end()) {
      found->second->is_touched = false;
      ready(touched_[i], false, true, false);
    }
  }
  touched_.clear();
}

// Tells the poller what is wanted now, or closes a connection that is done with.
void Tcp::settle(Connection& connection) {
  // One that was accepted a moment ago will ask something, unless it has left.
  const bool is_fresh = stopping_ && !connection.has_asked && !connection.is_finished;
  const bool owes = connection.owed > 0 || connection.unsent() > 0 || connection.is_paused ||
                    connection.transfer || is_fresh;
  if (connection.is_failed || ((connection.is_finished || stopping_) && !owes)) {
    close(connection);
    return;
  }
  const bool read = !connection.is_paused && !connection.is_finished && (!stopping_ || is_fresh);
  const bool write = connection.unsent() > 0 || connection.transfer;
  if (!connection.is_watched || read != connection.watches_read ||
      write != connection.watches_write) {
    poller_.watch(connection.descriptor.number(), connection.number, read, write,
                  !connection.is_watched);
    connection.is_watched = true;
    connection.watches_read = read;
    connection.watches_write = write;
  }
}

void Tcp::close(Connection& connection) {
  limits_.release(to_address(connection.client));
  tallies_.tcp_open -= 1;
  connections_.erase(connection.number);
}

bool Tcp::is_expired(const Connection& connection, TimePoint now, bool crowded) const {
  if (connection.unsent() > 0) {
    return now - connection.stalled >= options_.write_timeout;
  }
  if (connection.owed > 0 || connection.transfer) {
    return false;
  }
  if (!connection.input.empty()) {
    return now - connection.begun >= options_.message_timeout;
  }
  return now - connection.active >=
         (crowded ? options_.idle_timeout / crowded_divisor : options_.idle_timeout);
}

void Tcp::expire(TimePoint now) {
  const bool crowded = limits_.is_crowded();
  std::vector<Connection*> expired;
  for (const auto& [number, connection] : connections_) {
    if (is_expired(*connection, now, crowded)) {
      expired.push_back(connection.get());
    }
  }
  for (Connection* connection : expired) {
    close(*connection);
  }
}

void Tcp::stop() {
  std::vector<std::uint64_t> all;
  for (const auto& [number, connection] : connections_) {
    all.push_back(number);
  }
  for (const auto number : all) {
    ready(number, true, false, false);  // what has come is still answered
  }
  stopping_ = true;
  for (const auto number : all) {
    ready(number, false, false, false);
  }
}

}  // namespace paddock::dns::server
