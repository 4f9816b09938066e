// SPDX-License-Identifier: Apache-2.0
//
// Forwarder: finds the answer to a question in the cache or at another resolver.
// Questions that are equal share one flight, whichever worker is asked them. A flight asks the best
// resolver of its group, another one as well when that keeps it waiting for longer than most
// answers take, and the next when one fails; a client is never kept past the
// deadline.
//
// One worker owns one and drives it: ready() and expire() from its loop. Answers
// come through the function given, perhaps from inside ask().
#pragma once

#include "upstream/plan.hpp"
#include "upstream/random.hpp"
#include "upstream/resolvers.hpp"
#include "upstream/shared.hpp"
#include "upstream/tally.hpp"

#include <paddock/dns/upstream.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace paddock::dns::upstream {

class Forwarder final : private Exchanges {
 public:
  // Gives the answer to the question that was asked with `ticket`, once for each. The resolution
  // is borrowed for the call.
  using Deliver = std::function<void(std::uint64_t ticket, const Resolution& resolution)>;

  // `shared` outlives it and knows it as `worker`, which is inside its epochs whenever it calls.
  Forwarder(Shared& shared, std::size_t worker, Poller& poller, ForwardTallies& tallies,
            Deliver deliver);
  ~Forwarder();

  // Takes new options. Questions in flight are put anew to the resolvers `plan` has for them. What
  // is cached stays, by group. `plan` is borrowed until the next one.
  void configure(const ForwardOptions& options, const Plan& plan, TimePoint now);

  // What can be said at once. Nothing: ask().
  [[nodiscard]] std::optional<Resolution> find(const Question& question, TimePoint now);

  // `group` is a number of the plan, and the question's own.
  void ask(const Question& question, std::size_t group, std::uint64_t ticket, TimePoint now);

  // Asks anew for what is known, for those who will ask next.
  void refresh(const Question& question, std::size_t group, TimePoint now);

  // From the loop: flights of other workers have landed. See SharedFlights::descriptor().
  void take_landings(TimePoint now);

  // From the loop: a watched descriptor is ready; time has passed (call it within patience()
  // while is_waiting()).
  void ready(int descriptor, bool readable, bool writable, TimePoint now);
  void expire(TimePoint now);
  [[nodiscard]] bool is_waiting() const;
  [[nodiscard]] std::chrono::milliseconds patience(TimePoint now) const;

 private:
  struct Flight {
    Question question;
    std::size_t group;
    std::vector<std::uint64_t> tickets;
    std::vector<std::uint8_t> asked{};       // how often, by member of the group
    std::vector<std::uint64_t> exchanges{};  // that go on
    bool is_leader = false;                  // else another worker asks
    std::size_t member = 0;                  // the one asked last
    TimePoint begun{};
    TimePoint recheck{};                // when a stale answer may stand in
    TimePoint hedge_at{};               // when another resolver is asked as well
    std::optional<NoAnswer> failure{};  // of those asked so far
  };

  // One query on its way. Outlives its flight, so that what is learnt of the resolver is not lost.
  struct Exchange {
    Flight* flight;  // null: it has ended
    std::size_t member;
    std::size_t resolver;
    TimePoint sent;
    Spelling spelling;
  };

  void on_end(std::uint64_t exchange, Failure failure,
              std::span<const std::uint8_t> response) override;
  void begin(const Question& question, std::size_t group, std::vector<std::uint64_t> tickets);
  void take_off(Flight& flight);
  void try_next(Flight& flight);
  void hedge(Flight& flight);
  void send(Flight& flight, std::size_t member);
  void send_probe(Flight& flight, std::size_t chosen);
  [[nodiscard]] TimePoint hedge_time(const Flight& flight);
  void settle();
  void end(std::uint64_t exchange, Failure failure, std::span<const std::uint8_t> response);
  [[nodiscard]] std::optional<KnownAnswer> judge(const Exchange& exchange, Flight& flight,
                                                 Failure failure,
                                                 std::span<const std::uint8_t> response);
  static void note(Flight& flight, NoAnswer failure);
  void answer_stale();
  void succeed(Flight& flight, const KnownAnswer& answer);
  void give_up(Flight& flight);
  void deliver(const std::vector<std::uint64_t>& tickets, const Resolution& resolution);
  std::unique_ptr<Flight> take(Flight& flight);

  Shared& shared_;
  const std::size_t worker_;
  ForwardOptions options_;
  const Plan* plan_ = nullptr;
  Poller& poller_;
  ForwardTallies& tallies_;
  Deliver deliver_;
  TimePoint now_;
  TimePoint next_check_;
  std::unordered_map<std::string_view, std::unique_ptr<Flight>> flights_;  // keys live in them
  std::unordered_map<std::uint64_t, Exchange> exchanges_;
  std::vector<std::pair<std::uint64_t, Failure>> ended_;  // from inside send(): seen to by settle()
  bool is_sending_ = false;
  bool is_going_through_ = false;  // flights, none of which may end meanwhile: settle() waits
  std::uint64_t last_exchange_ = 0;
  Random random_;
  std::unique_ptr<Resolvers> resolvers_;
};

}  // namespace paddock::dns::upstream
