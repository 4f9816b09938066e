// SPDX-License-Identifier: Apache-2.0
#include "upstream/forwarder.hpp"

#include <sys/random.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace paddock::dns::upstream {
namespace {

// A resolver that does not answer is asked twice, for the sake of one lost packet; one that
// answered SERVFAIL or REFUSED would say so again.
constexpr unsigned max_asked = 2;

CacheLimits cache_limits(const ForwardOptions& options) {
  return {.bytes = options.cache_bytes,
          .max_ttl = options.max_ttl,
          .max_negative_ttl = options.max_negative_ttl,
          .failure_ttl = options.failure_ttl,
          .serve_stale = options.serve_stale};
}

// Says nothing about the name but something about the resolver: another one may know better.
bool is_refusal(const KnownAnswer& answer) {
  return answer.rcode != static_cast<std::uint16_t>(Rcode::noerror) &&
         answer.rcode != static_cast<std::uint16_t>(Rcode::nxdomain) &&
         (answer.rcode <= static_cast<std::uint16_t>(Rcode::refused) ||
          answer.rcode >= static_cast<std::uint16_t>(Rcode::badvers));
}

}  // namespace

Forwarder::Forwarder(Poller& poller, ForwardTallies& tallies, Deliver deliver)
    : poller_(poller), tallies_(tallies), deliver_(std::move(deliver)), cache_({}) {}

Forwarder::~Forwarder() = default;

void Forwarder::configure(const ForwardOptions& options, std::vector<Endpoint> upstreams,
                          TimePoint now) {
  now_ = now;
  options_ = options;
  if (upstreams != upstreams_) {
    cache_.set_limits({});
  }
  cache_.set_limits(cache_limits(options));
  upstreams_ = std::move(upstreams);
  exchanges_.clear();
  resolvers_ = std::make_unique<Resolvers>(upstreams_, options.attempt_timeout, poller_,
                                           static_cast<Exchanges&>(*this));

  std::vector<Flight*> flights;
  for (const auto& [key, flight] : flights_) {
    flights.push_back(flight.get());
  }
  for (Flight* flight : flights) {
    flight->asked.assign(upstreams_.size(), 0);
    try_next(*flight);
  }
}

bool Forwarder::is_waiting() const {
  return !flights_.empty() || (resolvers_ && resolvers_->is_busy());
}

std::optional<Resolution> Forwarder::find(const Question& question, TimePoint now) {
  const auto found = cache_.find(question.key(), now);
  (found ? tallies_.hits : tallies_.misses) += 1;
  tallies_.stale += found && found->presentation.is_stale ? 1 : 0;
  return found;
}

void Forwarder::ask(const Question& question, std::uint64_t ticket, TimePoint now) {
  now_ = now;
  if (const auto same = flights_.find(question.key()); same != flights_.end()) {
    same->second->tickets.push_back(ticket);
    return;
  }
  if (!has_upstreams() || flights_.size() >= options_.max_in_flight) {
    tallies_.exhausted += 1;
    deliver({ticket}, {.error = ExtendedError::no_reachable_authority});
    return;
  }
  auto flight =
      std::make_unique<Flight>(Flight{.question = question,
                                      .tickets = {ticket},
                                      .asked = std::vector<std::uint8_t>(upstreams_.size()),
                                      .begun = now,
                                      .recheck = now + options_.stale_answer_after});
  Flight& started = *flight;
  flights_.emplace(started.question.key(), std::move(flight));
  try_next(started);
}

// Puts the question to the next resolver, or gives up. May end and free the flight.
void Forwarder::try_next(Flight& flight) {
  const auto resolver = resolvers_->choose(flight.asked, max_asked, now_);
  if (!resolver) {
    give_up(flight);
    return;
  }
  ++flight.asked[*resolver];
  flight.resolver = *resolver;
  flight.exchange = ++last_exchange_;
  exchanges_.emplace(flight.exchange, &flight);
  tallies_.sent += 1;
  const auto query = build_query(flight.question, random_id());
  resolvers_->send(*resolver, query, flight.exchange);
}

void Forwarder::on_end(std::uint64_t exchange, Failure failure,
                       std::span<const std::uint8_t> response) {
  const auto found = exchanges_.find(exchange);
  if (found == exchanges_.end()) {
    return;  // its flight ended before it
  }
  Flight& flight = *found->second;
  exchanges_.erase(found);
  auto answer = failure == Failure::none ? parse_response(response, flight.question) : std::nullopt;
  if (answer && !is_refusal(*answer)) {
    resolvers_->set_answered(flight.resolver);
    succeed(flight, std::move(*answer));
    return;
  }
  tallies_.failures += 1;
  if (answer) {
    resolvers_->set_answered(flight.resolver);
    flight.asked[flight.resolver] = max_asked;
    flight.error = answer->error == ExtendedError::none ? ExtendedError::no_reachable_authority
                                                        : answer->error;
  } else {
    resolvers_->set_failed(flight.resolver, now_);
    flight.error = failure == Failure::timed_out ? ExtendedError::no_reachable_authority
                                                 : ExtendedError::network_error;
  }
  try_next(flight);
}

void Forwarder::ready(int descriptor, bool readable, bool writable, TimePoint now) {
  now_ = now;
  if (resolvers_) {
    resolvers_->ready(descriptor, readable, writable);
  }
}

void Forwarder::expire(TimePoint now) {
  now_ = now;
  if (resolvers_) {
    resolvers_->expire();
  }
  std::vector<Flight*> late;
  for (const auto& [key, flight] : flights_) {
    if (now - flight->begun >= options_.deadline) {
      late.push_back(flight.get());
    } else if (now >= flight->recheck && !flight->tickets.empty()) {
      if (const auto stale = cache_.find_stale(key, now)) {
        tallies_.stale += flight->tickets.size();
        deliver(std::exchange(flight->tickets, {}), *stale);
      }
    }
  }
  for (Flight* flight : late) {
    give_up(*flight);
  }
}

void Forwarder::succeed(Flight& flight, KnownAnswer answer) {
  const auto done = take(flight);
  deliver(done->tickets, {.answer = &answer});
  cache_.store(done->question.key(), std::move(answer), now_);
  count_cache();
}

void Forwarder::give_up(Flight& flight) {
  const auto done = take(flight);
  tallies_.exhausted += 1;
  cache_.fail(done->question.key(), done->error, now_);
  count_cache();
  const auto stale = cache_.find_stale(done->question.key(), now_);
  tallies_.stale += stale ? done->tickets.size() : 0;
  deliver(done->tickets, stale.value_or(Resolution{.error = done->error}));
}

void Forwarder::deliver(std::vector<std::uint64_t> tickets, const Resolution& resolution) {
  for (const auto ticket : tickets) {
    deliver_(ticket, resolution);
  }
}

void Forwarder::count_cache() {
  tallies_.entries.set(cache_.size());
  tallies_.bytes.set(cache_.bytes());
}

std::unique_ptr<Forwarder::Flight> Forwarder::take(Flight& flight) {
  exchanges_.erase(flight.exchange);
  return std::move(flights_.extract(flight.question.key()).mapped());
}

std::uint16_t Forwarder::random_id() {
  if (random_.empty()) {
    random_.resize(128);
    if (::getrandom(random_.data(), random_.size() * sizeof(random_[0]), 0) !=
        static_cast<ssize_t>(random_.size() * sizeof(random_[0]))) {
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
  }
  const auto number = random_.back();
  random_.pop_back();
  return number;
}

}  // namespace paddock::dns::upstream
