// SPDX-License-Identifier: Apache-2.0
//
// Worker: one thread with one epoll loop, its own sockets and its own forwarder.
// It shares nothing it writes to with other workers while answering from what is known.
#pragma once

#include "server/mailbox.hpp"
#include "server/responder.hpp"
#include "server/sockets.hpp"
#include "server/tallies.hpp"
#include "server/tcp.hpp"
#include "server/udp.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace paddock::dns::server {

// What queries are answered from. Borrowed, and so is this itself: the Server keeps it until no
// turn of a worker goes on that may have begun with it.
struct Published {
  const Authority* authority = nullptr;
  const Views* views = nullptr;  // may be null
};

// What all workers share. Outlives them.
struct Common {
  ServerOptions options;
  Identity identity;
  ConnectionLimits limits;
  upstream::Shared shared;
  // Of every turn that begins. Set before the first.
  std::atomic<const Published*> newest = nullptr;
};

class Worker final : private upstream::Poller, private ConnectionPoller {
 public:
  // `index` is its own among the server's workers.
  Worker(Common& common, std::size_t index, std::vector<Listener> listeners);
  // To stop must have been ordered if it was started.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Begins to answer. Throws std::system_error with a sentence when there is no thread to be had.
  void start(const Orders& first);
  [[nodiscard]] bool is_started() const { return thread_.joinable(); }

  [[nodiscard]] Mailbox& mailbox() { return mailbox_; }
  void join();

  // From any thread.
  [[nodiscard]] const Tallies& tallies() const { return tallies_; }

 private:
  void run();
  [[nodiscard]] bool turn(int timeout);
  void dispatch(std::uint64_t tag, std::uint32_t events);
  void take_orders();
  void carry_out(const Orders& orders);
  void begin_to_stop();
  [[nodiscard]] bool is_done(TimePoint now) const;
  [[nodiscard]] int patience() const;
  void tick(TimePoint now);

  void watch(int descriptor, bool readable, bool writable) override;
  void watch(int descriptor, std::uint64_t number, bool readable, bool writable,
             bool is_new) override;
  void add(int descriptor, std::uint64_t tag);
  void remove(int descriptor);

  Common& common_;
  const std::size_t index_;
  Tallies tallies_;
  Mailbox mailbox_;
  Descriptor epoll_;
  std::vector<Listener> listeners_;
  Responder responder_;
  Udp udp_;
  Tcp tcp_;
  TimePoint next_sweep_;
  TimePoint linger_until_;
  TimePoint stop_by_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace paddock::dns::server
