// SPDX-License-Identifier: Apache-2.0
#include "http/loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <stdexcept>
#include <system_error>

namespace paddock::metadata {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t events_a_turn = 256;
constexpr int accepts_a_turn = 64;
// Waiters and streams that have something to do give way to requests after that time.
constexpr milliseconds woken_time{1};
constexpr std::chrono::seconds certificate_interval{1};  // between two looks at its files

// epoll data of what is no connection: connection ids have a generation from 1 in the upper half.
constexpr std::uint64_t wakeup_tag = 0xffffffff;

bool waits_for_nothing(const http::Connection& connection) {
  return connection.phase == http::Connection::Phase::reading && connection.has_asked &&
         !connection.partial && !connection.pending && connection.input.empty();
}

http::Descriptor checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return http::Descriptor(fd);
}

}  // namespace

HttpServer::Loop::Loop(HttpOptions options, Handler handler)
    : options_(std::move(options)),
      handler_(std::move(handler)),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "make an epoll instance")),
      wakeup_(checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "make an event descriptor")),
      now_(Clock::now()),
      buffer_(std::make_unique<char[]>(http::buffer_bytes)) {
  if (!options_.tls.certificate_file.empty()) {
    auto context = tls::Context::for_server(options_.tls);
    if (!context) throw std::runtime_error(context.error().text);
    tls_ = std::move(*context);
  }
  for (const auto& endpoint : options_.tcp) {
    listeners_.push_back(http::Listener::open(endpoint, options_.reuse_port, options_.inherited));
    endpoints_.push_back(listeners_.back().bound());
  }
  for (const auto& endpoint : options_.unix_sockets) {
    listeners_.push_back(http::Listener::open(endpoint, options_.inherited));
    if (options_.hands_sockets_on) listeners_.back().keep_file();
  }
  options_.inherited = nullptr;
  epoll_event event{.events = EPOLLIN, .data = {.u64 = wakeup_tag}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event);
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    event.data.u64 = i;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listeners_[i].fd(), &event);
  }
}

HttpServer::Loop::~Loop() { stop(std::chrono::seconds(1)); }

void HttpServer::Loop::start() {
  if (thread_.joinable()) throw std::logic_error("the HTTP server is started already");
  thread_ = std::thread([this] { run(); });
}

void HttpServer::Loop::stop(milliseconds grace) {
  const std::scoped_lock lock(stop_mutex_);
  if (thread_.joinable()) {
    post([this, grace] {
      stop_deadline_ = Clock::now() + grace;
      begin_stop();
    });
    thread_.join();
  }
  listeners_.clear();
  std::vector<std::function<void()>> dropped;
  const std::scoped_lock posted_lock(posted_mutex_);
  is_closed_ = true;
  dropped.swap(posted_);
}

void HttpServer::Loop::post(std::function<void()> work) {
  {
    const std::scoped_lock lock(posted_mutex_);
    if (is_closed_) return;
    posted_.push_back(std::move(work));
    if (posted_.size() > 1) return;
  }
  const std::uint64_t one = 1;
  (void)!::write(wakeup_.get(), &one, sizeof one);
}

std::vector<int> HttpServer::Loop::sockets() const {
  std::vector<int> sockets;
  for (const auto& listener : listeners_) sockets.push_back(listener.fd());
  return sockets;
}

HttpCounters HttpServer::Loop::counters() const {
  const auto read = [](const std::atomic<std::uint64_t>& c) {
    return c.load(std::memory_order_relaxed);
  };
  return {.connections_open = read(counters_.open),
          .connections_accepted = read(counters_.accepted),
          .connections_refused = read(counters_.refused),
          .connections_shed = read(counters_.shed),
          .requests = read(counters_.requests),
          .bad_requests = read(counters_.bad),
          .timeouts = read(counters_.timeouts),
          .waiting = read(counters_.waiting),
          .streams = read(counters_.streams)};
}

void HttpServer::Loop::run() {
  while (!is_stopping_ ||
         (counters_.open.load(std::memory_order_relaxed) > 0 && now_ < stop_deadline_)) {
    turn();
  }
  for (auto& slot : slots_) {
    if (slot.connection) close(*slot.connection);
  }
}

void HttpServer::Loop::turn() {
  epoll_event events[events_a_turn];
  const int count =
      ::epoll_wait(epoll_.get(), events, static_cast<int>(events_a_turn), milliseconds_to_wait());
  now_ = Clock::now();
  date_.set(std::time(nullptr));
  for (int i = 0; i < count; ++i) {
    const std::uint64_t tag = events[i].data.u64;
    if (tag == wakeup_tag) {
      run_posted();
    } else if (tag < wakeup_tag) {
      accept_from(tag);
    } else {
      serve_event(tag, events[i].events);
    }
  }
  serve_woken();
  expire_timers();
  if (held_ > options_.memory_limit) relieve();
  if (now_ >= accept_again_ && !is_stopping_) {
    accept_again_ = Clock::time_point::max();
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
      epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listeners_[i].fd(), &event);
    }
  }
}

int HttpServer::Loop::milliseconds_to_wait() const {
  if (!woken_.empty()) return 0;
  auto next = std::min(accept_again_, stop_deadline_);
  if (!timers_.empty()) next = std::min(next, timers_.top().first);
  if (next == Clock::time_point::max()) return -1;
  const auto wait = std::chrono::ceil<milliseconds>(next - now_);
  return static_cast<int>(std::clamp<std::int64_t>(wait.count(), 0, 60'000));
}

void HttpServer::Loop::serve_event(ConnectionId id, std::uint32_t events) {
  Connection* connection = find(id);
  if (connection == nullptr) return;  // closed earlier in this turn
  if ((events & (EPOLLERR | EPOLLHUP)) != 0 && (events & EPOLLIN) == 0) {
    close(*connection);
  } else if (connection->pending) {
    if (!flush(*connection)) return;
    if (!connection->input.empty()) wake(id);  // there may be whole requests in it
    if (connection->phase == Connection::Phase::streaming) {
      watch(*connection, EPOLLRDHUP);
      wake(id);  // in turn with the other streams
    } else {
      go_on(*connection);
    }
  } else if (connection->phase == Connection::Phase::reading) {
    read(*connection);
  } else if (connection->phase == Connection::Phase::draining) {
    read_to_drop(*connection);
  } else {
    close(*connection);  // the reader of a long poll or stream is gone: EPOLLRDHUP
  }
}

void HttpServer::Loop::accept_from(std::size_t listener) {
  for (int i = 0; i < accepts_a_turn && listener < listeners_.size(); ++i) {
    Peer peer;
    auto socket = listeners_[listener].accept(peer);
    if (!socket.is_open()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        pause_accepting();
      }
      if (errno != ECONNABORTED && errno != EINTR) return;
      continue;
    }
    if (const auto refusal = refusal_of(peer); !refusal.empty()) {
      if (!tls_ || peer.is_local) {
        (void)!::send(socket.get(), refusal.data(), refusal.size(), MSG_NOSIGNAL);
      }
      http::add(counters_.refused, 1);
      continue;
    }
    add_connection(std::move(socket), peer);
  }
}

// What a newcomer is told when there is no room for him; empty: there is.
std::string_view HttpServer::Loop::refusal_of(const Peer& newcomer) {
  if (options_.max_connections_per_client != 0 &&
      clients_.connections_of(newcomer) >= options_.max_connections_per_client) {
    return "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
           "Connection: close\r\n\r\n";
  }
  const auto open = counters_.open.load(std::memory_order_relaxed);
  if (open < options_.max_connections || make_room(newcomer)) return {};
  return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
         "Connection: close\r\n\r\n";
}

void HttpServer::Loop::add_connection(http::Descriptor socket, const Peer& peer) {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t index = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[index];
  slot.generation = slot.generation == 0xffffffff ? 1 : slot.generation + 1;
  slot.connection = std::make_unique<Connection>();
  Connection& connection = *slot.connection;
  connection.id = (std::uint64_t{slot.generation} << 32) | index;
  connection.socket = std::move(socket);
  connection.peer = peer;
  connection.share = &clients_.join(peer);
  if (tls_ && !peer.is_local) {
    renew_certificate();
    connection.tls = tls::Session::accept(tls_, connection.socket.get());
  }
  http::add(counters_.accepted, 1);
  http::add(counters_.open, 1);
  connection.interest = EPOLLIN;
  epoll_event event{.events = EPOLLIN, .data = {.u64 = connection.id}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.socket.get(), &event);
  set_deadline(connection, now_ + options_.header_timeout);
}

void HttpServer::Loop::renew_certificate() {
  if (now_ < look_at_certificate_) return;
  look_at_certificate_ = now_ + certificate_interval;
  if (tls_->is_current()) return;
  auto renewed = tls::Context::for_server(options_.tls);
  if (renewed) {
    tls_ = std::move(*renewed);
  } else if (options_.on_certificate_refused) {
    options_.on_certificate_refused(renewed.error().text);
  }
}

void HttpServer::Loop::pause_accepting() {
  for (const auto& listener : listeners_) {
    epoll_event none{};
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, listener.fd(), &none);
  }
  accept_again_ = now_ + milliseconds(100);
}

void HttpServer::Loop::run_posted() {
  std::uint64_t count = 0;
  (void)!::read(wakeup_.get(), &count, sizeof count);
  std::vector<std::function<void()>> work;
  {
    const std::scoped_lock lock(posted_mutex_);
    work.swap(posted_);
  }
  for (const auto& item : work) item();
}

void HttpServer::Loop::wake(ConnectionId id) {
  Connection* connection = find(id);
  if (connection == nullptr || connection->is_woken) return;
  connection->is_woken = true;
  woken_.push_back(id);
}

void HttpServer::Loop::serve_woken() {
  if (woken_.empty()) return;
  const auto until = Clock::now() + woken_time;
  for (std::size_t left = woken_.size(); left > 0; --left) {
    const ConnectionId id = woken_.front();
    woken_.pop_front();
    if (Connection* connection = find(id)) serve_woken(*connection);
    if (Clock::now() > until) return;
  }
}

void HttpServer::Loop::serve_woken(Connection& connection) {
  connection.is_woken = false;
  if (connection.pending) return;  // asked anyway when the socket takes more
  if (connection.wait) {
    ask_waiter(connection, false);
  } else if (connection.stream) {
    pump(connection);
  } else if (connection.phase == Connection::Phase::reading && !connection.input.empty()) {
    connection.examined = 0;
    serve_input(connection, connection.input);
  }
}

void HttpServer::Loop::set_deadline(Connection& connection, Clock::time_point deadline) {
  connection.deadline = deadline;
  if (deadline < connection.timer) {
    connection.timer = deadline;
    timers_.emplace(deadline, connection.id);
  }
}

// A timer only says when to look: most deadlines have moved on by then.
void HttpServer::Loop::expire_timers() {
  if (timers_.empty() || timers_.top().first > now_) return;
  const auto until = Clock::now() + woken_time;
  while (!timers_.empty() && timers_.top().first <= now_ && Clock::now() <= until) {
    const auto [time, id] = timers_.top();
    timers_.pop();
    Connection* connection = find(id);
    if (connection == nullptr || connection->timer != time) continue;
    connection->timer = Clock::time_point::max();
    if (connection->deadline > now_) {
      set_deadline(*connection, connection->deadline);
    } else {
      expire(*connection);
    }
  }
}

void HttpServer::Loop::expire(Connection& connection) {
  const bool is_between_requests = connection.phase == Connection::Phase::reading &&
                                   !connection.partial && connection.input.empty();
  if (connection.pending || connection.phase == Connection::Phase::draining) {
    http::add(counters_.timeouts, 1);
    close(connection);
  } else if (connection.wait) {
    ask_waiter(connection, true);
  } else if (connection.stream) {
    pump(connection);
  } else if (is_between_requests) {
    close(connection);
  } else {
    http::add(counters_.timeouts, 1);
    refuse(connection, 408, "the request did not arrive in time");
    settle(connection);
  }
}

void HttpServer::Loop::begin_stop() {
  if (is_stopping_) return;
  // Who is connected already is answered here, too, unless somebody comes after.
  for (std::size_t i = 0; i < listeners_.size() && !options_.hands_sockets_on; ++i) accept_from(i);
  is_stopping_ = true;
  listeners_.clear();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Connection* connection = slots_[i].connection.get();
    if (connection == nullptr || connection->pending) continue;
    if (connection->wait) {
      end_wait(*connection);
    } else if (connection->stream) {
      pump(*connection);
    } else if (waits_for_nothing(*connection)) {
      // What it has asked meanwhile is read yet.
      const ConnectionId id = connection->id;
      read(*connection);
      connection = find(id);
      if (connection != nullptr && waits_for_nothing(*connection)) close(*connection);
    }
  }
}

void HttpServer::Loop::end_wait(Connection& connection) {
  if (connection.wait->is_under_way()) {
    set_deadline(connection, std::min(connection.deadline, stop_deadline_));
  } else {
    ask_waiter(connection, true);
  }
}

HttpServer::Loop::Connection* HttpServer::Loop::find(ConnectionId id) noexcept {
  const auto index = static_cast<std::uint32_t>(id);
  if (index >= slots_.size() || slots_[index].generation != id >> 32) return nullptr;
  return slots_[index].connection.get();
}

void HttpServer::Loop::close(Connection& connection) {
  if (connection.wait) http::add(counters_.waiting, static_cast<std::uint64_t>(-1));
  if (connection.stream) http::add(counters_.streams, static_cast<std::uint64_t>(-1));
  http::add(counters_.open, static_cast<std::uint64_t>(-1));
  held_ -= connection.held;
  connection.share->bytes -= connection.held;
  clients_.leave(connection.peer);
  const auto index = static_cast<std::uint32_t>(connection.id);
  free_slots_.push_back(index);
  slots_[index].connection.reset();
}

void HttpServer::Loop::watch(Connection& connection, std::uint32_t events) {
  if (connection.interest == events) return;
  connection.interest = events;
  epoll_event event{.events = events, .data = {.u64 = connection.id}};
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.socket.get(), &event);
}

}  // namespace paddock::metadata
