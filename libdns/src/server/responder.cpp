// SPDX-License-Identifier: Apache-2.0
#include "server/responder.hpp"

#include "upstream/known_answer.hpp"
#include "upstream/private_reverse.hpp"
#include "wire/message.hpp"

#include <algorithm>
#include <utility>

namespace paddock::dns::server {
namespace {

constexpr std::size_t max_message = 65535;
constexpr std::size_t askers_per_question = 16;  // on average, before clients are turned away

}  // namespace

Responder::Responder(const Identity& identity, upstream::Poller& poller, Tallies& tallies,
                     Deliver deliver)
    : identity_(identity),
      tallies_(tallies),
      deliver_(std::move(deliver)),
      reply_(max_message),
      rendered_(max_message),
      forwarder_(poller, tallies.forward,
                 [this](std::uint64_t ticket, const upstream::Resolution& resolution) {
                   on_resolution(ticket, resolution);
                 }) {}

void Responder::configure(std::shared_ptr<const Forwarding> forwarding, TimePoint now) {
  now_ = now;
  forwarding_ = std::move(forwarding);
  max_pending_ = forwarding_->options.max_in_flight * askers_per_question;
  forwarder_.configure(forwarding_->options, forwarding_->plan, now);
}

void Responder::set_time(TimePoint now, std::uint32_t unix_time) {
  now_ = now;
  unix_time_ = unix_time;
}

AnswerContext Responder::context_for(const Route& route) {
  return {.transport = route.transport,
          .client = to_address(route.client),
          .views = views_,
          .udp_limit = identity_.max_udp_payload,
          .rotation = rotation_++,
          .is_forwarding = forwarding_->plan.has_upstreams(),
          .is_ready = status_ != Status::not_ready,
          .is_stale = status_ == Status::stale,
          .server_id = identity_.nsid,
          .version = identity_.version,
          .cookie_secret = &identity_.cookie_secret,
          .unix_time = unix_time_,
          .keepalive = identity_.keepalive};
}

Responder::Response Responder::respond(std::span<const std::uint8_t> query, const Route& route,
                                       std::span<std::uint8_t> reply) {
  const auto context = context_for(route);
  tallies_.count_query(query, route.transport, route.client.any.sa_family == AF_INET6);
  const Outcome outcome = answer(*authority_, query, context, reply);
  if (outcome.action == Action::forward || outcome.action == Action::chase) {
    return forward(query, route, context, outcome, reply);
  }
  return count(outcome, reply);
}

Responder::Response Responder::forward(std::span<const std::uint8_t> query, const Route& route,
                                       const AnswerContext& context, const Outcome& outcome,
                                       std::span<std::uint8_t> reply) {
  wire::Query parsed;
  if (wire::parse_query(query, parsed) != wire::Verdict::ok) {
    return fail(query, context, Rcode::formerr, ExtendedError::none, reply);
  }
  const bool is_chase = outcome.action == Action::chase;
  const auto name = is_chase ? outcome.target : parsed.qname();
  const auto& plan = forwarding_->plan;
  const auto group = plan.group_for(name);
  const upstream::Question question(
      name, parsed.type, parsed.klass,
      {.dnssec_ok = parsed.edns.dnssec_ok, .checking_disabled = parsed.wants(wire::flag_cd)},
      plan.group(group).id);
  if (!forwarding_->options.private_reverse && !plan.is_stub(group)) {
    if (const auto local = upstream::answer_private_reverse(question)) {
      return finish(query, context, outcome, {.answer = &*local}, reply);
    }
  }
  if (const auto known = forwarder_.find(question, now_)) {
    return finish(query, context, outcome, *known, reply);
  }
  const bool may_ask = parsed.wants(wire::flag_rd) || is_chase;  // else only see what is known
  if (!may_ask || (plan.group(group).members.empty() && !is_chase)) {
    return fail(query, context, Rcode::refused, ExtendedError::not_authoritative, reply);
  }
  if (pending_.size() >= max_pending_ || plan.group(group).members.empty()) {
    return finish(query, context, outcome, {.error = ExtendedError::no_reachable_authority}, reply);
  }
  Pending waiting{.route = route,
                  .query = {query.begin(), query.end()},
                  .begun = {},
                  .chased = outcome,
                  .context = context,
                  .received = now_};
  waiting.context.views = nullptr;
  if (is_chase) {
    const auto target_end =
        static_cast<std::size_t>(outcome.target.data() - reply.data()) + outcome.target.size();
    waiting.begun.assign(reply.data(), reply.data() + std::max(outcome.size, target_end));
    waiting.chased.target =
        std::span(waiting.begun)
            .subspan(static_cast<std::size_t>(outcome.target.data() - reply.data()),
                     outcome.target.size());
  }
  const auto ticket = ++last_ticket_;
  pending_.emplace(ticket, std::move(waiting));
  forwarder_.ask(question, group, ticket, now_);
  return {Result::pending, 0};
}

Responder::Response Responder::finish(std::span<const std::uint8_t> query,
                                      const AnswerContext& context, const Outcome& outcome,
                                      const upstream::Resolution& resolution,
                                      std::span<std::uint8_t> reply) {
  if (outcome.action == Action::chase) {
    return finish_chase(query, context, outcome, resolution, reply);
  }
  wire::Query parsed;
  if (resolution.answer == nullptr || wire::parse_query(query, parsed) != wire::Verdict::ok) {
    return fail(query, context, Rcode::servfail, resolution.error, reply);
  }
  const auto size = upstream::compose_reply(parsed, query, context, *resolution.answer,
                                            resolution.presentation, reply);
  Outcome replied{};
  replied.action = Action::reply;
  replied.size = size;
  replied.rcode = Rcode{resolution.answer->rcode};
  return count(replied, reply);
}

Responder::Response Responder::finish_chase(std::span<const std::uint8_t> query,
                                            const AnswerContext& context, const Outcome& outcome,
                                            const upstream::Resolution& resolution,
                                            std::span<std::uint8_t> reply) {
  std::size_t size = 0;
  if (resolution.answer != nullptr) {
    upstream::render(*resolution.answer, resolution.presentation, rendered_.data());
    size = resolution.answer->message.size();
  }
  return count(complete_chase(query, context, std::span(rendered_).first(size), outcome, reply),
               reply);
}

Responder::Response Responder::fail(std::span<const std::uint8_t> query,
                                    const AnswerContext& context, Rcode rcode, ExtendedError error,
                                    std::span<std::uint8_t> reply) {
  return count(answer_failure(query, context, rcode, error, reply), reply);
}

Responder::Response Responder::count(const Outcome& outcome, std::span<const std::uint8_t> reply) {
  if (outcome.action != Action::reply || outcome.size < wire::header_size) {
    tallies_.dropped += 1;
    return {};
  }
  tallies_.count_reply(reply, outcome.rcode);
  return {Result::replied, outcome.size};
}

void Responder::on_resolution(std::uint64_t ticket, const upstream::Resolution& resolution) {
  auto node = pending_.extract(ticket);
  if (node.empty()) {
    return;
  }
  Pending& waiting = node.mapped();
  if (waiting.chased.action == Action::chase) {
    std::ranges::copy(waiting.begun, reply_.begin());
    waiting.chased.target = std::span<const std::uint8_t>(reply_).subspan(
        static_cast<std::size_t>(waiting.chased.target.data() - waiting.begun.data()),
        waiting.chased.target.size());
  }
  const auto response = finish(waiting.query, waiting.context, waiting.chased, resolution, reply_);
  if (response.result == Result::replied) {
    deliver_(waiting.route, std::span(reply_).first(response.size));
    tallies_.count_latency(std::chrono::steady_clock::now() - waiting.received, 1);
  } else {
    deliver_(waiting.route, {});
  }
}

}  // namespace paddock::dns::server
