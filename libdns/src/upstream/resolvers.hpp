// SPDX-License-Identifier: Apache-2.0
//
// Resolvers: the other resolvers of one worker, which of them is asked next, and
// the channels to them.
//
// Source ports (RFC 5452): c-ares 1.18 opens one UDP socket per channel, lets the
// kernel choose its port at random, uses it for all queries that overlap, and
// closes it when none is left. So that a port never serves many queries under
// load, a channel takes max_sent queries, then a fresh one takes its place while
// it waits for the rest of its answers.
#pragma once

#include "upstream/channel.hpp"
#include "upstream/known_answer.hpp"

#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace paddock::dns::upstream {

// Where a worker watches descriptors. Neither reading nor writing: forget it, it will be closed.
class Poller {
 public:
  virtual void watch(int descriptor, bool readable, bool writable) = 0;

 protected:
  ~Poller() = default;
};

// Told how an exchange ended, perhaps from inside send(). `response` is borrowed for the call.
class Exchanges {
 public:
  virtual void on_end(std::uint64_t exchange, Failure failure,
                      std::span<const std::uint8_t> response) = 0;

 protected:
  ~Exchanges() = default;
};

class Resolvers final : private ChannelOwner {
 public:
  static constexpr unsigned max_sent = 8;

  Resolvers(std::vector<Endpoint> endpoints, std::chrono::milliseconds timeout, Poller& poller,
            Exchanges& exchanges);
  // Exchanges still going on are dropped without a word.
  ~Resolvers() = default;
  Resolvers(const Resolvers&) = delete;
  Resolvers& operator=(const Resolvers&) = delete;

  [[nodiscard]] std::size_t size() const { return resolvers_.size(); }

  // Whom to ask, given how often each was asked this already: the first in order among the ones
  // asked least, but those that failed a moment ago come last. Nothing when each was asked
  // `limit` times.
  [[nodiscard]] std::optional<std::size_t> choose(std::span<const std::uint8_t> asked,
                                                  unsigned limit, TimePoint now) const;

  void send(std::size_t resolver, std::span<const std::uint8_t> query, std::uint64_t exchange);

  // Passes a resolver over for half a second, twice as long each time, up to half a minute.
  void set_failed(std::size_t resolver, TimePoint now);
  void set_answered(std::size_t resolver) { resolvers_[resolver].failures = 0; }

  // Some channel waits for an answer, or is there only to be freed by expire().
  [[nodiscard]] bool is_busy() const;

  // A watched descriptor is ready; one that is not ours any more is ignored.
  void ready(int descriptor, bool readable, bool writable);

  // Lets c-ares see its time-outs and frees channels that are done. Not from inside on_end().
  void expire();

 private:
  struct Resolver {
    Endpoint endpoint;
    std::unique_ptr<Channel> channel{};
    unsigned failures = 0;
    TimePoint avoid_until{};
  };

  void on_socket(Channel& channel, int descriptor, bool readable, bool writable) override;
  void on_end(std::uint64_t exchange, Failure failure,
              std::span<const std::uint8_t> response) override;

  std::chrono::milliseconds timeout_;
  Poller& poller_;
  Exchanges& exchanges_;
  std::unordered_map<int, Channel*> descriptors_;
  std::vector<Resolver> resolvers_;
  std::vector<std::unique_ptr<Channel>> retired_;
};

}  // namespace paddock::dns::upstream
