// SPDX-License-Identifier: Apache-2.0
#include "server/worker.hpp"

#include <pthread.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <string>
#include <system_error>

namespace paddock::dns::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds stop_tick{20};    // how late the end of stopping may be noticed
constexpr milliseconds sweep_tick{250};  // the same for time-outs of TCP connections
constexpr std::size_t max_events = 64;

// What an event is about: the kind above, a number below.
enum class Kind : std::uint64_t { mailbox, udp, listener, connection, upstream, landing };
constexpr int kind_shift = 56;

constexpr std::uint64_t tag(Kind kind, std::uint64_t number) {
  return (static_cast<std::uint64_t>(kind) << kind_shift) | number;
}

Descriptor open_epoll() {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.is_open()) {
    throw std::system_error(errno, std::generic_category(), "epoll of a DNS worker");
  }
  return epoll;
}

std::vector<int> udp_sockets(const std::vector<Listener>& listeners) {
  std::vector<int> sockets;
  for (const auto& listener : listeners) {
    sockets.push_back(listener.udp.number());
  }
  return sockets;
}

// Signals are for the threads of the program, not for ours: a thread that is made while this lives
// takes none.
class SignalsHeldBack {
 public:
  SignalsHeldBack() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsHeldBack() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsHeldBack(const SignalsHeldBack&) = delete;
  SignalsHeldBack& operator=(const SignalsHeldBack&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

Worker::Worker(Common& common, std::size_t index, std::vector<Listener> listeners)
    : common_(common),
      index_(index),
      epoll_(open_epoll()),
      listeners_(std::move(listeners)),
      responder_(
          common.identity, common.shared, index, static_cast<upstream::Poller&>(*this), tallies_,
          [this](const Route& route, std::span<const std::uint8_t> reply) {
            route.transport == Transport::udp ? udp_.send(route, reply) : tcp_.send(route, reply);
          }),
      udp_(udp_sockets(listeners_), common.identity.max_udp_payload, responder_, tallies_),
      tcp_(common.options.tcp, common.limits, static_cast<ConnectionPoller&>(*this), responder_,
           tallies_) {
  add(mailbox_.descriptor(), tag(Kind::mailbox, 0));
  add(common.shared.flights.descriptor(index), tag(Kind::landing, 0));
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    add(listeners_[i].udp.number(), tag(Kind::udp, i));
    add(listeners_[i].tcp.number(), tag(Kind::listener, i));
  }
}

Worker::~Worker() { join(); }

void Worker::start(const Orders& first) {
  carry_out(first);
  try {
    const SignalsHeldBack held_back;
    thread_ = std::thread([this] { run(); });
  } catch (const std::system_error& failed) {
    throw std::system_error(failed.code(),
                            "cannot start the thread of DNS worker " + std::to_string(index_ + 1) +
                                ": have fewer workers, or raise the limit (TasksMax, ulimit -u)");
  }
  ::pthread_setname_np(thread_.native_handle(), "dns");
}

void Worker::join() {
  if (thread_.joinable()) {
    thread_.join();
  }
}

void Worker::run() {
  while (turn(patience())) {
  }
}

// One turn of the loop, inside the epochs of what workers share from its first event to its last
// reply. False when it is over.
bool Worker::turn(int timeout) {
  std::array<epoll_event, max_events> events;
  const int ready = ::epoll_wait(epoll_.number(), events.data(), max_events, timeout);
  common_.shared.epochs.enter(index_);
  const Published& newest = *common_.newest.load();
  responder_.set_authority(newest.authority, newest.views);
  for (int i = 0; i < ready; ++i) {
    const auto& event = events[static_cast<std::size_t>(i)];
    dispatch(event.data.u64, event.events);
  }
  bool goes_on = true;
  if (responder_.forwarder().is_waiting() || tcp_.size() > 0 || is_stopping_) {
    const auto now = steady_clock::now();
    tick(now);
    goes_on = !is_stopping_ || !is_done(now);
  }
  if (goes_on) {
    tcp_.flush();
  }
  common_.shared.epochs.leave(index_);
  return goes_on;
}

void Worker::dispatch(std::uint64_t event_tag, std::uint32_t events) {
  const auto number = event_tag & ((std::uint64_t{1} << kind_shift) - 1);
  const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool readable = (events & EPOLLIN) != 0;
  const bool writable = (events & EPOLLOUT) != 0;
  switch (static_cast<Kind>(event_tag >> kind_shift)) {
    case Kind::mailbox:
      take_orders();
      break;
    case Kind::udp:
      (void)udp_.drain(number);
      break;
    case Kind::listener:
      if (!is_stopping_) {
        tcp_.accept(listeners_[number].tcp.number());
      }
      break;
    case Kind::connection:
      tcp_.ready(number, readable, writable, failed);
      break;
    case Kind::landing:
      responder_.forwarder().take_landings(steady_clock::now());
      break;
    case Kind::upstream:  // c-ares learns of a failure by reading or writing
      responder_.forwarder().ready(static_cast<int>(number), readable || failed, writable,
                                   steady_clock::now());
      break;
  }
}

void Worker::take_orders() {
  if (const auto orders = mailbox_.take()) {
    carry_out(*orders);
    mailbox_.acknowledge();
  }
}

void Worker::carry_out(const Orders& orders) {
  if (orders.status) {
    responder_.set_status(*orders.status);
  }
  if (orders.forwarding) {
    responder_.configure(orders.forwarding, steady_clock::now());
  }
  if (orders.rules) {
    responder_.set_rules(*orders.rules);
  }
  if (orders.query_log) {
    responder_.set_query_log(*orders.query_log);
  }
  if (orders.stop) {
    begin_to_stop();
  }
}

// What the kernel already took from clients is still answered; then only what is owed. New queries
// go to another server that is bound to the same addresses, if there is one. Sockets that are
// handed on are left as they are: what waits in them is the next process's.
void Worker::begin_to_stop() {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (common_.options.hands_sockets_on) {
      remove(listeners_[i].udp.number());
      remove(listeners_[i].tcp.number());
      continue;
    }
    turn_away(listeners_[i]);
    while (!udp_.drain(i)) {
    }
    tcp_.accept(listeners_[i].tcp.number());
    listeners_[i].tcp.reset();
  }
  is_stopping_ = true;
  const auto now = steady_clock::now();
  linger_until_ = now + stop_tick;  // for datagrams that were on their way to us
  stop_by_ = now + common_.options.stop_grace;
  tcp_.stop();
}

bool Worker::is_done(TimePoint now) const {
  return now >= stop_by_ || (now >= linger_until_ && tcp_.size() == 0 && responder_.pending() == 0);
}

int Worker::patience() const {
  auto longest = tcp_.size() > 0 ? sweep_tick : milliseconds{-1};
  if (is_stopping_) {
    longest = stop_tick;
  }
  if (responder_.forwarder().is_waiting()) {
    const auto next = responder_.forwarder().patience(steady_clock::now());
    longest = longest < milliseconds{0} ? next : std::min(next, longest);
  }
  return static_cast<int>(longest.count());
}

void Worker::tick(TimePoint now) {
  if (responder_.forwarder().is_waiting()) {
    responder_.forwarder().expire(now);
  }
  if (now >= next_sweep_) {
    next_sweep_ = now + sweep_tick;
    tcp_.expire(now);
  }
}

void Worker::watch(int descriptor, bool readable, bool writable) {
  if (!readable && !writable) {
    remove(descriptor);
    return;
  }
  epoll_event event{};
  event.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
  event.data.u64 = tag(Kind::upstream, static_cast<std::uint64_t>(descriptor));
  if (::epoll_ctl(epoll_.number(), EPOLL_CTL_MOD, descriptor, &event) != 0 && errno == ENOENT) {
    (void)::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event);
  }
}

void Worker::watch(int descriptor, std::uint64_t number, bool readable, bool writable,
                   bool is_new) {
  epoll_event event{};
  event.events = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
  event.data.u64 = tag(Kind::connection, number);
  (void)::epoll_ctl(epoll_.number(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event);
}

void Worker::add(int descriptor, std::uint64_t event_tag) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = event_tag;
  if (::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll of a DNS worker");
  }
}

void Worker::remove(int descriptor) {
  (void)::epoll_ctl(epoll_.number(), EPOLL_CTL_DEL, descriptor, nullptr);
}

}  // namespace paddock::dns::server
