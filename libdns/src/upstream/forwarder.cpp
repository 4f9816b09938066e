// SPDX-License-Identifier: Apache-2.0
#include "upstream/forwarder.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;

// A resolver that does not answer is asked twice, for the sake of one lost packet; one that
// answered SERVFAIL or REFUSED would say so again.
constexpr unsigned max_asked = 2;

constexpr auto longest_wait = 20ms;          // transports have time-outs of their own
constexpr auto shortest_hedge = 2ms;         // as fine as the loop's clock
constexpr auto shortest_repetition = 150ms;  // to the same resolver: likely one lost packet

// Says nothing about the name but something about the resolver: another one may know better.
bool is_refusal(const KnownAnswer& answer) {
  return answer.rcode != static_cast<std::uint16_t>(Rcode::noerror) &&
         answer.rcode != static_cast<std::uint16_t>(Rcode::nxdomain) &&
         (answer.rcode <= static_cast<std::uint16_t>(Rcode::refused) ||
          answer.rcode >= static_cast<std::uint16_t>(Rcode::badvers));
}

// That a resolver would not is for the client to know; that it could not, or did not understand a
// query of ours, is SERVFAIL.
Rcode rcode_for_client(const KnownAnswer& refusal) {
  const Rcode rcode{refusal.rcode};
  return rcode == Rcode::refused || rcode == Rcode::notimp ? rcode : Rcode::servfail;
}

constexpr NoAnswer nobody_reached{ExtendedError::no_reachable_authority};

}  // namespace

Forwarder::Forwarder(Shared& shared, std::size_t worker, Poller& poller, ForwardTallies& tallies,
                     Deliver deliver)
    : shared_(shared),
      worker_(worker),
      poller_(poller),
      tallies_(tallies),
      deliver_(std::move(deliver)) {}

Forwarder::~Forwarder() = default;

void Forwarder::configure(const ForwardOptions& options, const Plan& plan, TimePoint now) {
  now_ = now;
  options_ = options;
  plan_ = &plan;
  exchanges_.clear();
  auto resolvers = std::make_unique<Resolvers>(plan.upstreams(), options.attempt_timeout,
                                               plan.tls(), poller_, static_cast<Exchanges&>(*this));
  if (resolvers_) {
    resolvers->remember(*resolvers_);
  }
  resolvers_ = std::move(resolvers);

  std::vector<std::unique_ptr<Flight>> flights;
  for (auto& [key, flight] : flights_) {
    flights.push_back(std::move(flight));
  }
  flights_.clear();
  for (auto& flight : flights) {  // their groups may be others now
    if (flight->is_leader) {
      shared_.flights.land(flight->question.key(), nullptr, {});
    }
    const auto asked = flight->question.wire();
    flight->group = plan.same_group(flight->question.group(), asked.first(asked.size() - 4));
    flight->question.set_group(plan.group(flight->group).id);
    if (const auto same = flights_.find(flight->question.key()); same != flights_.end()) {
      std::ranges::copy(flight->tickets, std::back_inserter(same->second->tickets));
      continue;
    }
    Flight& again = *flight;
    flights_.emplace(again.question.key(), std::move(flight));
    take_off(again);
  }
  settle();
}

bool Forwarder::is_waiting() const {
  return !flights_.empty() || (resolvers_ && resolvers_->is_busy());
}

std::chrono::milliseconds Forwarder::patience(TimePoint now) const {
  return std::clamp(std::chrono::ceil<std::chrono::milliseconds>(next_check_ - now),
                    std::chrono::milliseconds{0}, std::chrono::milliseconds{longest_wait});
}

std::optional<Resolution> Forwarder::find(const Question& question, TimePoint now) {
  const auto found = shared_.cache.find(question.key(), now);
  (found ? tallies_.hits : tallies_.misses) += 1;
  tallies_.stale += found && found->presentation.is_stale ? 1 : 0;
  return found;
}

void Forwarder::ask(const Question& question, std::size_t group, std::uint64_t ticket,
                    TimePoint now) {
  now_ = now;
  if (const auto same = flights_.find(question.key()); same != flights_.end()) {
    same->second->tickets.push_back(ticket);
    return;
  }
  if (flights_.size() >= options_.max_in_flight) {
    deliver({ticket}, {.failure = over_limit});
    return;
  }
  if (plan_->group(group).members.empty()) {
    tallies_.exhausted += 1;
    deliver({ticket}, {.failure = {ExtendedError::no_reachable_authority}});
    return;
  }
  begin(question, group, {ticket});
}

void Forwarder::refresh(const Question& question, std::size_t group, TimePoint now) {
  now_ = now;
  if (!flights_.contains(question.key()) && !plan_->group(group).members.empty() &&
      flights_.size() < options_.max_in_flight) {
    tallies_.prefetched += 1;
    begin(question, group, {});
  }
}

void Forwarder::begin(const Question& question, std::size_t group,
                      std::vector<std::uint64_t> tickets) {
  auto flight = std::make_unique<Flight>(Flight{.question = question,
                                                .group = group,
                                                .tickets = std::move(tickets),
                                                .begun = now_,
                                                .recheck = now_ + options_.stale_answer_after});
  Flight& started = *flight;
  flights_.emplace(started.question.key(), std::move(flight));
  take_off(started);
  settle();
}

// Puts the question to the best resolver, and to one whose speed is to be seen, unless another
// worker did so already. May end and free the flight.
void Forwarder::take_off(Flight& flight) {
  const auto& group = plan_->group(flight.group);
  flight.asked.assign(group.members.size(), 0);
  flight.exchanges.clear();
  flight.hedge_at = TimePoint::max();
  flight.is_leader = shared_.flights.lead(flight.question.key(), worker_);
  next_check_ = std::min(next_check_, now_ + longest_wait);
  if (!flight.is_leader) {
    return;
  }
  const auto best = resolvers_->choose(group, flight.asked, max_asked, options_.preference, now_);
  if (!best) {
    give_up(flight);
    return;
  }
  if (options_.preference == Preference::fastest) {
    send_probe(flight, *best);
  }
  send(flight, *best);
}

// The answer counts as any other if it is the first.
void Forwarder::send_probe(Flight& flight, std::size_t chosen) {
  const auto& group = plan_->group(flight.group);
  if (const auto probe = resolvers_->choose_probe(group, chosen, now_)) {
    resolvers_->standing(group.members[*probe]).probed(now_);
    send(flight, *probe);
  }
}

// After a failure: puts the question to the next resolver, or gives up unless one is still being
// asked. May end and free the flight.
void Forwarder::try_next(Flight& flight) {
  const unsigned limit = flight.exchanges.empty() ? max_asked : 1;
  const auto next = resolvers_->choose(plan_->group(flight.group), flight.asked, limit,
                                       options_.preference, now_);
  if (next) {
    send(flight, *next);
  } else if (flight.exchanges.empty()) {
    give_up(flight);
  }
}

void Forwarder::send(Flight& flight, std::size_t member) {
  const auto resolver = plan_->group(flight.group).members[member];
  const Spelling spelling = options_.random_case ? random_.bits() : 0;
  const auto id = ++last_exchange_;
  ++flight.asked[member];
  flight.member = member;
  flight.exchanges.push_back(id);
  exchanges_.emplace(id, Exchange{.flight = &flight,
                                  .member = member,
                                  .resolver = resolver,
                                  .sent = now_,
                                  .spelling = spelling});
  flight.hedge_at = hedge_time(flight);
  next_check_ = std::min({next_check_, flight.hedge_at, now_ + longest_wait});
  tallies_.sent += 1;
  const auto query = build_query(flight.question, random_.id(), spelling);
  is_sending_ = true;
  resolvers_->send(resolver, query, id);
  is_sending_ = false;
}

// When to ask another one, or the same again where there is no other. Never while nothing is known
// of how long the one asked takes.
TimePoint Forwarder::hedge_time(const Flight& flight) {
  const auto& members = plan_->group(flight.group).members;
  const auto slow = resolvers_->standing(members[flight.member]).slow_answer();
  if (slow == TimePoint::duration{0}) {
    return TimePoint::max();
  }
  return now_ + (members.size() > 1 ? std::max<TimePoint::duration>(slow, shortest_hedge)
                                    : std::max<TimePoint::duration>(3 * slow, shortest_repetition));
}

// Only ever to one in good standing: when all are slow, asking more would not help them.
void Forwarder::hedge(Flight& flight) {
  const auto& group = plan_->group(flight.group);
  const auto slow = group.members[flight.member];
  flight.hedge_at = TimePoint::max();
  const auto next = resolvers_->choose(
      group, flight.asked, group.members.size() > 1 ? 1 : max_asked, options_.preference, now_);
  if (next && resolvers_->standing(group.members[*next]).is_trusted(now_)) {
    resolvers_->standing(slow).overtaken(now_);
    tallies_.hedged += 1;
    send(flight, *next);
  }
}

// A flight that is about to send must not end, and be freed, meanwhile.
void Forwarder::on_end(std::uint64_t id, Failure failure, std::span<const std::uint8_t> response) {
  if (is_sending_) {
    ended_.emplace_back(id, failure);
    return;
  }
  end(id, failure, response);
}

void Forwarder::settle() {
  while (!ended_.empty() && !is_going_through_) {
    const auto [id, failure] = ended_.back();
    ended_.pop_back();
    end(id, failure, {});
  }
}

void Forwarder::end(std::uint64_t id, Failure failure, std::span<const std::uint8_t> response) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) {
    return;  // of resolvers that are no longer asked
  }
  const Exchange exchange = found->second;
  exchanges_.erase(found);
  Flight* const flight = exchange.flight;
  auto& standing = resolvers_->standing(exchange.resolver);
  if (failure == Failure::none) {
    standing.answered(now_ - exchange.sent, now_);
    plan_->seen(exchange.resolver, worker_).latency.add(now_ - exchange.sent, 1);
  } else {
    standing.failed(now_);
    plan_->seen(exchange.resolver, worker_).failures += 1;
  }
  if (flight == nullptr) {
    return;
  }
  std::erase(flight->exchanges, id);
  if (auto answer = judge(exchange, *flight, failure, response)) {
    succeed(*flight, *answer);
    return;
  }
  tallies_.failures += 1;
  try_next(*flight);
}

// The answer, if that is what came; else notes in the flight why not.
std::optional<KnownAnswer> Forwarder::judge(const Exchange& exchange, Flight& flight,
                                            Failure failure,
                                            std::span<const std::uint8_t> response) {
  if (failure != Failure::none) {
    note(flight, {failure == Failure::timed_out ? ExtendedError::no_reachable_authority
                                                : ExtendedError::network_error});
    return std::nullopt;
  }
  auto answer = parse_response(response, flight.question);
  if (answer && options_.random_case && !is_spelt(response, flight.question, exchange.spelling)) {
    answer.reset();
  }
  if (!answer) {
    resolvers_->standing(exchange.resolver).failed(now_);
    plan_->seen(exchange.resolver, worker_).failures += 1;
    note(flight, {ExtendedError::network_error});
    return std::nullopt;
  }
  if (is_refusal(*answer)) {
    flight.asked[exchange.member] = max_asked;
    note(flight, {answer->error == ExtendedError::none ? ExtendedError::no_reachable_authority
                                                       : answer->error,
                  rcode_for_client(*answer)});
    return std::nullopt;
  }
  if (options_.cache_bytes != 0) {  // what is told is kept no longer here than by the client
    cap_ttls(*answer, answer->is_negative ? options_.max_negative_ttl : options_.max_ttl);
  }
  return answer;
}

// A client is told a response code that all agree on.
void Forwarder::note(Flight& flight, NoAnswer failure) {
  if (flight.failure && flight.failure->rcode != failure.rcode) {
    failure.rcode = Rcode::servfail;
  }
  flight.failure = failure;
}

void Forwarder::ready(int descriptor, bool readable, bool writable, TimePoint now) {
  now_ = now;
  if (resolvers_) {
    resolvers_->ready(descriptor, readable, writable);
  }
  settle();
}

void Forwarder::expire(TimePoint now) {
  now_ = now;
  if (now < next_check_) {
    return;
  }
  if (resolvers_) {
    resolvers_->expire();
  }
  answer_stale();
  std::vector<Flight*> late;
  std::vector<Flight*> slow;
  next_check_ = now + longest_wait;
  for (const auto& [key, flight] : flights_) {
    const auto deadline = flight->begun + options_.deadline;
    if (now >= deadline) {
      late.push_back(flight.get());
    } else if (now >= flight->hedge_at) {
      slow.push_back(flight.get());
    }
    next_check_ = std::min(
        {next_check_, std::max(deadline, now + 1ms), std::max(flight->hedge_at, now + 1ms)});
    if (now < flight->recheck) {
      next_check_ = std::min(next_check_, flight->recheck);
    }
  }
  is_going_through_ = true;  // who is told may ask at once, which may end others of these
  for (Flight* flight : late) {
    note(*flight, {flight->failure.value_or(nobody_reached).error});
    give_up(*flight);
  }
  for (Flight* flight : slow) {
    hedge(*flight);
  }
  is_going_through_ = false;
  settle();
}

// For those who have waited long enough; their flights go on.
void Forwarder::answer_stale() {
  std::vector<std::pair<std::vector<std::uint64_t>, Resolution>> given;
  for (const auto& [key, flight] : flights_) {
    if (now_ < flight->recheck || flight->tickets.empty()) {
      continue;
    }
    if (const auto stale = shared_.cache.find_stale(key, now_)) {
      tallies_.stale += flight->tickets.size();
      given.emplace_back(std::exchange(flight->tickets, {}), *stale);
    }
  }
  for (const auto& [tickets, stale] : given) {
    deliver(tickets, stale);
  }
}

void Forwarder::succeed(Flight& flight, const KnownAnswer& answer) {
  const auto done = take(flight);
  const auto key = done->question.key();
  if (done->is_leader) {
    shared_.cache.store(key, answer, now_);
    shared_.flights.land(key, &answer, {});
  }
  deliver(done->tickets, {.answer = answer.view()});
}

void Forwarder::give_up(Flight& flight) {
  const auto done = take(flight);
  const auto key = done->question.key();
  const NoAnswer failure = done->failure.value_or(nobody_reached);
  tallies_.exhausted += 1;
  if (done->is_leader) {
    shared_.cache.fail(key, failure, now_);
    shared_.flights.land(key, nullptr, failure);
  }
  const auto stale = shared_.cache.find_stale(key, now_);
  tallies_.stale += stale ? done->tickets.size() : 0;
  deliver(done->tickets, stale.value_or(Resolution{.failure = failure}));
}

void Forwarder::take_landings(TimePoint now) {
  now_ = now;
  for (const auto& landing : shared_.flights.take_landings(worker_)) {
    const auto found = flights_.find(landing.key);
    if (found == flights_.end() || found->second->is_leader) {
      continue;
    }
    Flight& flight = *found->second;
    if (landing.answer) {
      succeed(flight, *landing.answer);
    } else if (landing.failure.error != ExtendedError::none) {
      flight.failure = landing.failure;
      give_up(flight);
    } else {
      take_off(flight);
    }
  }
  settle();
}

void Forwarder::deliver(const std::vector<std::uint64_t>& tickets, const Resolution& resolution) {
  for (const auto ticket : tickets) {
    deliver_(ticket, resolution);
  }
}

std::unique_ptr<Forwarder::Flight> Forwarder::take(Flight& flight) {
  for (const auto id : flight.exchanges) {
    exchanges_.at(id).flight = nullptr;
  }
  return std::move(flights_.extract(flight.question.key()).mapped());
}

}  // namespace paddock::dns::upstream
