// SPDX-License-Identifier: Apache-2.0
//
// Forwarder: finds the answer to a question in the cache or at another resolver.
// Questions that are equal share one exchange (a flight); a resolver that fails
// is followed by the next; a client is never kept past the deadline.
//
// One worker owns one and drives it: ready() and expire() from its loop. Answers
// come through the function given, perhaps from inside ask().
#pragma once

#include "upstream/cache.hpp"
#include "upstream/resolvers.hpp"
#include "upstream/tally.hpp"

#include <paddock/dns/upstream.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace paddock::dns::upstream {

class Forwarder final : private Exchanges {
 public:
  // Gives the answer to the question that was asked with `ticket`, once for each. The resolution
  // is borrowed for the call.
  using Deliver = std::function<void(std::uint64_t ticket, const Resolution& resolution)>;

  Forwarder(Poller& poller, ForwardTallies& tallies, Deliver deliver);
  ~Forwarder();

  // Takes new options; `upstreams` are the resolvers chosen by them. Questions in flight are put
  // to these anew. What is cached stays unless the resolvers are others now.
  void configure(const ForwardOptions& options, std::vector<Endpoint> upstreams, TimePoint now);

  [[nodiscard]] bool has_upstreams() const { return resolvers_ && resolvers_->size() > 0; }

  // What can be said at once. Nothing: ask().
  [[nodiscard]] std::optional<Resolution> find(const Question& question, TimePoint now);

  void ask(const Question& question, std::uint64_t ticket, TimePoint now);

  // From the loop: a watched descriptor is ready; time has passed (call it every 20 ms or so
  // while is_waiting()).
  void ready(int descriptor, bool readable, bool writable, TimePoint now);
  void expire(TimePoint now);
  [[nodiscard]] bool is_waiting() const;

 private:
  struct Flight {
    Question question;
    std::vector<std::uint64_t> tickets;
    std::vector<std::uint8_t> asked;  // how often, by resolver
    std::size_t resolver = 0;         // the one being asked
    std::uint64_t exchange = 0;
    TimePoint begun;
    TimePoint recheck;  // when a stale answer may stand in; never if the deadline comes first
    ExtendedError error = ExtendedError::no_reachable_authority;
  };

  void on_end(std::uint64_t exchange, Failure failure,
              std::span<const std::uint8_t> response) override;
  void try_next(Flight& flight);
  void succeed(Flight& flight, KnownAnswer answer);
  void give_up(Flight& flight);
  void deliver(std::vector<std::uint64_t> tickets, const Resolution& resolution);
  void count_cache();
  std::unique_ptr<Flight> take(Flight& flight);
  std::uint16_t random_id();

  ForwardOptions options_;
  std::vector<Endpoint> upstreams_;
  Poller& poller_;
  ForwardTallies& tallies_;
  Deliver deliver_;
  TimePoint now_;
  Cache cache_;
  std::unordered_map<std::string_view, std::unique_ptr<Flight>> flights_;  // keys live in them
  std::unordered_map<std::uint64_t, Flight*> exchanges_;
  std::uint64_t last_exchange_ = 0;
  std::vector<std::uint16_t> random_;  // unused message ids
  std::unique_ptr<Resolvers> resolvers_;
};

}  // namespace paddock::dns::upstream
