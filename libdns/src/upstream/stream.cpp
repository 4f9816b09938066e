// SPDX-License-Identifier: Apache-2.0
#include "upstream/stream.hpp"

#include "wire/message.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace paddock::dns::upstream {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t read_size = 16384;
constexpr std::size_t length_size = 2;

// Begins to connect; -1 when that failed at once.
int connect_to(const Endpoint& resolver) {
  sockaddr_storage address{};
  socklen_t size = 0;
  if (resolver.address.is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(resolver.port);
    v4.sin_addr.s_addr = htonl(resolver.address.to_v4().to_uint());
    std::memcpy(&address, &v4, size = sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(resolver.port);
    std::memcpy(&v6.sin6_addr, resolver.address.to_v6().to_bytes().data(), 16);
    std::memcpy(&address, &v6, size = sizeof v6);
  }
  const int descriptor = ::socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return -1;
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), size) != 0 &&
      errno != EINPROGRESS) {
    ::close(descriptor);
    return -1;
  }
  return descriptor;
}

}  // namespace

Stream::Stream(Upstream resolver, std::chrono::milliseconds timeout,
               std::shared_ptr<const TlsContext> tls, TransportOwner& owner)
    : resolver_(std::move(resolver)), timeout_(timeout), tls_(std::move(tls)), owner_(owner) {}

Stream::~Stream() { disconnect(); }

std::uint16_t Stream::free_id() {
  auto id = random_.id();
  while (pending_.contains(id)) {
    id = random_.id();
  }
  return id;
}

// The id becomes one that is free on this connection; who sent the query knows its exchange.
void Stream::send(std::span<const std::uint8_t> query, std::uint64_t exchange) {
  const auto id = free_id();
  std::vector<std::uint8_t> frame(length_size + query.size());
  wire::store16(frame.data(), static_cast<std::uint16_t>(query.size()));
  std::ranges::copy(query, frame.begin() + length_size);
  wire::store16(&frame[length_size], id);
  output_.insert(output_.end(), frame.begin(), frame.end());
  pending_.emplace(id, Pending{.exchange = exchange,
                               .until = steady_clock::now() + timeout_,
                               .frame = std::move(frame)});
  if (phase_ == Phase::closed) {
    open();
  } else if (phase_ == Phase::open && !is_proceeding_) {  // no reading: what came is not for here
    write() ? watch() : fail();
  }
}

void Stream::open() {
  descriptor_ = connect_to(resolver_.endpoint);
  if (descriptor_ < 0) {
    fail();
    return;
  }
  phase_ = Phase::connecting;
  heard_ = {};
  watch();
}

void Stream::ready(int descriptor, bool /*readable*/, bool /*writable*/) {
  if (descriptor == descriptor_) {
    proceed();
  }
}

// Goes as far as the socket lets it. Answers may bring new queries.
void Stream::proceed() {
  is_proceeding_ = true;
  const bool is_well = advance();
  is_proceeding_ = false;
  if (is_well) {
    watch();
  } else {
    fail();
  }
}

bool Stream::advance() {
  return (phase_ != Phase::connecting || finish_connecting()) &&
         (phase_ != Phase::handshake || finish_handshake()) &&
         (phase_ != Phase::open || (write() && read() && (output_.empty() || write())));
}

bool Stream::finish_connecting() {
  int error = 0;
  socklen_t size = sizeof error;
  sockaddr_storage peer;
  socklen_t peer_size = sizeof peer;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    return false;
  }
  if (::getpeername(descriptor_, reinterpret_cast<sockaddr*>(&peer), &peer_size) != 0) {
    return errno == ENOTCONN;  // not yet
  }
  phase_ = tls_ ? Phase::handshake : Phase::open;
  heard_ = steady_clock::now();
  if (tls_) {
    session_.emplace(*tls_, resolver_, descriptor_, ticket_);
  }
  return true;
}

bool Stream::finish_handshake() {
  const auto step = session_->handshake();
  wants_write_ = step == TlsSession::Step::wants_write;
  if (step == TlsSession::Step::done) {
    phase_ = Phase::open;
    heard_ = steady_clock::now();
  }
  return step != TlsSession::Step::failed;
}

bool Stream::write() {
  wants_write_ = false;
  std::size_t written = 0;
  while (written < output_.size()) {
    const auto rest = std::span<const std::uint8_t>(output_).subspan(written);
    std::size_t size = 0;
    if (session_) {
      const auto step = session_->write(rest, size);
      if (step == TlsSession::Step::failed) {
        return false;
      }
      wants_write_ = step == TlsSession::Step::wants_write;
      if (step != TlsSession::Step::done) {
        break;
      }
    } else {
      const auto sent = ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR) {
          return false;
        }
        wants_write_ = true;
        break;
      }
      size = static_cast<std::size_t>(sent);
    }
    written += size;
  }
  output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(written));
  return true;
}

// False when the connection has ended.
bool Stream::read() {
  while (phase_ == Phase::open) {
    const auto before = input_.size();
    input_.resize(before + read_size);
    const auto room = std::span(input_).subspan(before);
    std::size_t size = 0;
    bool is_ended = false;
    if (session_) {
      const auto step = session_->read(room, size);
      wants_write_ = wants_write_ || step == TlsSession::Step::wants_write;
      is_ended = step == TlsSession::Step::failed;
    } else {
      const auto got = ::recv(descriptor_, room.data(), room.size(), MSG_DONTWAIT);
      is_ended = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
      size = got > 0 ? static_cast<std::size_t>(got) : 0;
    }
    if (size > 0) {
      heard_ = steady_clock::now();
    }
    input_.resize(before + size);
    if (!take_messages() || is_ended) {
      return false;
    }
    if (size == 0) {
      return true;
    }
  }
  return true;
}

// False when what comes is no DNS. An answer nobody waits for any more is passed over.
bool Stream::take_messages() {
  std::size_t at = 0;
  while (input_.size() - at >= length_size) {
    const std::size_t size = wire::load16(&input_[at]);
    if (input_.size() - at - length_size < size) {
      break;
    }
    const auto message = std::span<const std::uint8_t>(input_).subspan(at + length_size, size);
    at += length_size + size;
    if (size < wire::header_size) {
      return false;
    }
    if (auto waiting = pending_.extract(wire::load16(message.data())); !waiting.empty()) {
      was_answered_ = true;
      const std::vector<std::uint8_t> copy(message.begin(), message.end());
      owner_.on_end(waiting.mapped().exchange, Failure::none, copy);
    }
  }
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

void Stream::watch() {
  const bool is_writing = phase_ == Phase::connecting || wants_write_;
  if (!is_watched_ || is_writing != is_write_watched_) {
    is_watched_ = true;
    is_write_watched_ = is_writing;
    owner_.on_socket(*this, descriptor_, true, is_writing);
  }
}

// Also after no connection was had: what was to be sent over it is not sent over the next.
void Stream::disconnect() {
  input_.clear();
  output_.clear();
  was_answered_ = wants_write_ = is_watched_ = false;
  if (phase_ == Phase::closed) {
    return;
  }
  if (session_ && phase_ == Phase::open) {
    ticket_ = session_->ticket();
  }
  owner_.on_socket(*this, descriptor_, false, false);
  session_.reset();
  ::close(std::exchange(descriptor_, -1));
  phase_ = Phase::closed;
}

// A resolver may close a kept connection at any time (RFC 7766, 6.2.4): what was on its way then is
// put on a new one, once. Anything else ends what is pending.
void Stream::fail() {
  const bool was_kept = was_answered_;
  disconnect();
  std::vector<std::uint64_t> ended;
  for (auto at = pending_.begin(); at != pending_.end();) {
    auto& [id, waiting] = *at;
    if (was_kept && !waiting.is_repeated) {
      waiting.is_repeated = true;
      output_.insert(output_.end(), waiting.frame.begin(), waiting.frame.end());
      ++at;
    } else {
      ended.push_back(waiting.exchange);
      at = pending_.erase(at);
    }
  }
  if (!pending_.empty()) {
    open();
  }
  for (const auto exchange : ended) {
    owner_.on_end(exchange, Failure::network, {});
  }
}

// A connection on which nothing came since what waited too long was sent is given up: the other end
// may be gone without a word, and TCP would go on for a quarter of an hour.
void Stream::expire() {
  const auto now = steady_clock::now();
  bool is_silent = false;
  std::vector<std::uint64_t> late;
  std::erase_if(pending_, [&](const auto& waiting) {
    const bool is_late = now >= waiting.second.until;
    if (is_late) {
      is_silent = is_silent || heard_ <= waiting.second.until - timeout_;
      late.push_back(waiting.second.exchange);
    }
    return is_late;
  });
  if (is_silent) {
    fail();
  }
  for (const auto exchange : late) {
    owner_.on_end(exchange, Failure::timed_out, {});
  }
}

}  // namespace paddock::dns::upstream
