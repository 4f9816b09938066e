// SPDX-License-Identifier: Apache-2.0
//
// The epoll loop behind HttpServer. loop.cpp has its turn: events, timers, posted work, stopping;
// exchange.cpp what happens on one connection. All but the marked members belong to the loop's
// thread.
#pragma once

#include "http/clients.hpp"
#include "http/connection.hpp"
#include "http/head_parser.hpp"
#include "http/listener.hpp"
#include "http/outbox.hpp"
#include "http/reply.hpp"

#include <paddock/metadata/http_server.hpp>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace paddock::metadata {

namespace http {
constexpr std::size_t buffer_bytes = 64 * 1024;  // read at once

// The loop is the only writer: no locked instruction is needed.
inline void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
  counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}
}  // namespace http

class HttpServer::Loop {
 public:
  using Clock = http::Clock;
  using Connection = http::Connection;

  Loop(HttpOptions options, Handler handler);
  ~Loop();

  // Any thread.
  void start();
  void stop(std::chrono::milliseconds grace);
  void post(std::function<void()> work);
  [[nodiscard]] const std::vector<TcpEndpoint>& tcp_endpoints() const { return endpoints_; }
  [[nodiscard]] std::vector<int> sockets() const;
  [[nodiscard]] HttpCounters counters() const;

  void wake(ConnectionId id);

 private:
  struct Counters {
    std::atomic<std::uint64_t> open, accepted, refused, shed, requests, bad, timeouts, waiting,
        streams;
  };
  // Where a connection lives; the generation tells its id from those of earlier ones.
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::uint32_t generation = 0;
  };
  using Timer = std::pair<Clock::time_point, ConnectionId>;

  // loop.cpp
  void run();
  void turn();
  [[nodiscard]] int milliseconds_to_wait() const;
  void serve_event(ConnectionId id, std::uint32_t events);
  void accept_from(std::size_t listener);
  void add_connection(http::Descriptor socket, const Peer& peer);
  [[nodiscard]] std::string_view refusal_of(const Peer& newcomer);
  void run_posted();
  void serve_woken();
  void serve_woken(Connection& connection);
  void expire_timers();
  void expire(Connection& connection);
  void begin_stop();
  void end_wait(Connection& connection);
  [[nodiscard]] Connection* find(ConnectionId id) noexcept;
  void close(Connection& connection);
  void watch(Connection& connection, std::uint32_t events);
  void set_deadline(Connection& connection, Clock::time_point deadline);
  void pause_accepting();
  void renew_certificate();

  // room.cpp
  template <class Visit>
  void sample(Visit visit);
  [[nodiscard]] bool make_room(const Peer& newcomer);
  void account(Connection& connection);
  void relieve();

  // exchange.cpp
  [[nodiscard]] ssize_t receive(Connection& connection);
  void read(Connection& connection);
  void read_to_drop(Connection& connection);
  void serve_input(Connection& connection, std::string_view bytes);
  [[nodiscard]] std::size_t serve_one(Connection& connection, std::string_view bytes);
  [[nodiscard]] std::size_t read_body(Connection& connection, std::string_view bytes);
  [[nodiscard]] std::size_t begin_body(Connection& connection, std::string_view bytes);
  void call_handler(Connection& connection, std::string_view body);
  void respond(Connection& connection, Response response);
  void refuse(Connection& connection, int status, std::string_view why);
  void ask_waiter(Connection& connection, bool expired);
  void pump(Connection& connection);
  // Writes what is in outbox_; then goes on with the connection. Not to be used after: it may be
  // closed.
  void settle(Connection& connection);
  // False when the rest is kept for later, or the connection is closed.
  [[nodiscard]] bool flush(Connection& connection);
  void go_on(Connection& connection);

  HttpOptions options_;
  Handler handler_;
  std::vector<http::Listener> listeners_;
  std::vector<TcpEndpoint> endpoints_;       // where they are bound; never changes
  std::shared_ptr<const tls::Context> tls_;  // null: TCP is bare
  Clock::time_point look_at_certificate_ = {};
  http::Descriptor epoll_;
  http::Descriptor wakeup_;  // any thread
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  http::Clients clients_;
  std::size_t held_ = 0;  // sum of Connection::held
  std::size_t samples_ = 0;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  std::deque<ConnectionId> woken_;
  Clock::time_point now_;
  Clock::time_point accept_again_ = Clock::time_point::max();  // after running out of descriptors
  bool is_stopping_ = false;
  Clock::time_point stop_deadline_ = Clock::time_point::max();
  Counters counters_{};  // written by the loop, read by any thread

  // Reused by every request.
  std::unique_ptr<char[]> buffer_;
  http::Outbox outbox_;
  http::Head head_;
  http::DateLine date_;

  std::mutex posted_mutex_;  // posting is how other threads reach the loop
  std::vector<std::function<void()>> posted_;
  bool is_closed_ = false;  // under posted_mutex_: nothing is posted any more
  std::mutex stop_mutex_;   // two threads may stop at once
  std::thread thread_;
};

}  // namespace paddock::metadata
