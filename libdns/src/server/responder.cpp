// SPDX-License-Identifier: Apache-2.0
#include "server/responder.hpp"

#include "upstream/known_answer.hpp"
#include "upstream/local_names.hpp"
#include "wire/cookie.hpp"
#include "wire/message.hpp"
#include "zone/answer_query.hpp"
#include "zone/reply.hpp"

#include <paddock/dns/view.hpp>

#include <algorithm>
#include <utility>

namespace paddock::dns::server {
namespace {

constexpr std::size_t max_message = 65535;
constexpr std::size_t askers_per_question = 16;  // on average, before clients are turned away

Responder::Response response_of(const Outcome& outcome) {
  if (outcome.action != Action::reply || outcome.size < wire::header_size) {
    return {};
  }
  return {Responder::Result::replied, outcome.size, outcome.rcode};
}

}  // namespace

Responder::Responder(const Identity& identity, upstream::Shared& shared, std::size_t worker,
                     upstream::Poller& poller, Tallies& tallies, Deliver deliver)
    : identity_(identity),
      tallies_(tallies),
      deliver_(std::move(deliver)),
      worker_(worker),
      reply_(max_message),
      round_(max_message),
      rendered_(max_message),
      forwarder_(shared, worker, poller, tallies.forward,
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
          .keepalive = identity_.keepalive,
          .transfers = &identity_.transfers};
}

Responder::Response Responder::respond(std::span<const std::uint8_t> query, const Route& route,
                                       std::span<std::uint8_t> reply) {
  const bool is_v6 = route.client.any.sa_family == AF_INET6;
  const auto unreadable = answer_unreadable(query, query_, reply);
  tallies_.count_query(unreadable ? Type{0} : query_.qtype(), route.transport, is_v6, query.size());
  if (unreadable) return count(response_of(*unreadable), reply, route.transport);
  const auto context = context_for(route);
  if (identity_.rates != nullptr && is_over_rate(route, context)) {
    return cut_short(query, context, reply);
  }
  tallies_.dnssec_ok += query_.edns.dnssec_ok ? 1 : 0;
  std::vector<Detour> detours;
  const Way way{route, detours};
  auto response = rules_ != nullptr ? respond_by_rules(query, query_, context, way, reply)
                                    : resolve(query, query_, context, way, reply);
  if (response.rcode == Rcode::nxdomain && views_ != nullptr && views_->has_paths()) {
    response = complete(response, query, context, route, reply);
  }
  note(query_, context, response, now_);
  return count(response, reply, route.transport);
}

// A client that has a cookie of ours, or speaks over TCP, is who it says it is. Cookies cost more
// to look at than the rate.
bool Responder::is_over_rate(const Route& route, const AnswerContext& context) {
  return route.transport == Transport::udp && !identity_.rates->admit(route.client, now_) &&
         !wire::is_own_cookie(query_.edns.cookie, context.client, unix_time_,
                              identity_.cookie_secret);
}

// Every second reply over the rate goes out without its records, so that a client that is there
// asks again over TCP, or with the cookie it is given; the others are left out.
Responder::Response Responder::cut_short(wire::Bytes raw, const AnswerContext& context,
                                         std::span<std::uint8_t> reply) {
  is_cut_next_ = !is_cut_next_;
  if (is_cut_next_) {
    tallies_.over_rate_left_out += 1;
    return {};
  }
  tallies_.over_rate_cut += 1;
  Reply cut(raw, query_, context, reply);
  cut.set_truncated();
  return count(response_of(cut.finish()), reply, Transport::udp);
}

void Responder::note(const wire::Query& query, const AnswerContext& context,
                     const Response& response, TimePoint received) {
  if (log_ == nullptr || response.result != Result::replied || !log_->wants(worker_)) {
    return;
  }
  log_->put(worker_, query,
            {.client = context.client,
             .transport = context.transport,
             .rcode = response.rcode,
             .took = std::chrono::duration_cast<std::chrono::microseconds>(
                 std::chrono::steady_clock::now() - received)});
}

std::unique_ptr<ZoneTransfer> Responder::begin_transfer(std::span<const std::uint8_t> query,
                                                        const Route& route) {
  AnswerContext context = context_for(route);
  context.views = nullptr;  // the zone is the same for all
  return std::make_unique<ZoneTransfer>(authority_->shared_from_this(), query, context);
}

Responder::Response Responder::resolve(wire::Bytes raw, const wire::Query& query,
                                       const AnswerContext& context, Way way,
                                       std::span<std::uint8_t> reply) {
  const Outcome outcome = answer_query(*authority_, raw, query, context, reply);
  if (outcome.action == Action::forward || outcome.action == Action::chase) {
    return forward({raw, query, context, outcome}, way, reply);
  }
  if (outcome.action == Action::transfer) return {Result::transfer};
  return response_of(outcome);
}

Responder::Response Responder::forward(const Asked& asked, Way way, std::span<std::uint8_t> reply) {
  const auto& [raw, query, context, outcome] = asked;
  const auto name = asked.is_chase() ? outcome.target : query.qname();
  const auto& plan = forwarding_->plan;
  const auto set = views_ != nullptr ? views_->upstreams_of(context.client) : std::string_view();
  const auto group = plan.group_for(name, set);
  const upstream::Question question(
      name, query.type, query.klass,
      {.dnssec_ok = query.edns.dnssec_ok, .checking_disabled = query.wants(wire::flag_cd)},
      plan.group(group).id);
  if (!plan.is_stub(group)) {
    auto local = upstream::answer_multicast_name(question);
    if (!local && !forwarding_->options.private_reverse) {
      local = upstream::answer_private_reverse(question);
    }
    if (local) {
      return finish(asked, {.answer = local->view()}, reply);
    }
  }
  if (const auto known = forwarder_.find(question, now_)) {
    if (known->wants_refresh) {
      forwarder_.refresh(question, group, now_);
    }
    return finish(asked, *known, reply);
  }
  const bool is_askable = !plan.group(group).members.empty();
  const bool may_ask = query.wants(wire::flag_rd) || asked.is_chase();  // else see what is known
  if (!may_ask || (!is_askable && !asked.is_chase())) {
    return fail(asked, Rcode::refused, ExtendedError::not_authoritative, reply);
  }
  if (pending_.size() >= max_pending_) {
    return finish(asked, {.failure = upstream::over_limit}, reply);
  }
  if (!is_askable) {
    return finish(asked, {.failure = {ExtendedError::no_reachable_authority}}, reply);
  }
  return wait(asked, way, question, group, reply);
}

Responder::Response Responder::wait(const Asked& asked, Way way, const upstream::Question& question,
                                    std::size_t group, std::span<std::uint8_t> reply) {
  const Outcome& outcome = asked.outcome;
  Pending waiting{.route = way.route,
                  .query = {asked.raw.begin(), asked.raw.end()},
                  .begun = {},
                  .chased = outcome,
                  .detours = std::move(way.detours),
                  .context = asked.context,
                  .received = now_};
  waiting.context.views = nullptr;
  if (asked.is_chase()) {
    const auto target_at = static_cast<std::size_t>(outcome.target.data() - reply.data());
    const auto target_end = target_at + outcome.target.size();
    waiting.begun.assign(reply.data(), reply.data() + std::max(outcome.size, target_end));
    waiting.chased.target = std::span(waiting.begun).subspan(target_at, outcome.target.size());
  }
  const auto ticket = ++last_ticket_;
  pending_.emplace(ticket, std::move(waiting));
  forwarder_.ask(question, group, ticket, now_);
  return {Result::pending, 0};
}

Responder::Response Responder::finish(const Asked& asked, const upstream::Resolution& resolution,
                                      std::span<std::uint8_t> reply) {
  if (asked.is_chase()) {
    return finish_chase(asked, resolution, reply);
  }
  if (!resolution.answer) {
    return fail(asked, resolution.failure.rcode, resolution.failure.error, reply);
  }
  Outcome replied{};
  replied.action = Action::reply;
  replied.size = upstream::compose_reply(asked.query, asked.raw, asked.context, *resolution.answer,
                                         resolution.presentation, reply);
  replied.rcode = Rcode{resolution.answer->rcode};
  return response_of(replied);
}

Responder::Response Responder::finish_chase(const Asked& asked,
                                            const upstream::Resolution& resolution,
                                            std::span<std::uint8_t> reply) {
  std::size_t size = 0;
  if (resolution.answer) {
    upstream::render(*resolution.answer, resolution.presentation, rendered_.data());
    size = resolution.answer->message.size();
  }
  return response_of(complete_chase(asked.raw, asked.context, std::span(rendered_).first(size),
                                    asked.outcome, reply));
}

Responder::Response Responder::fail(const Asked& asked, Rcode rcode, ExtendedError error,
                                    std::span<std::uint8_t> reply) {
  return response_of(answer_failure(asked.raw, asked.context, rcode, error, reply));
}

Responder::Response Responder::count(Response response, std::span<const std::uint8_t> reply,
                                     Transport transport) {
  if (response.result == Result::replied) {
    tallies_.count_reply(reply.first(response.size), response.rcode, transport);
  } else if (response.result == Result::transfer) {
    tallies_.responses[static_cast<std::size_t>(Rcode::noerror)] += 1;
  } else if (response.result == Result::dropped) {
    tallies_.dropped += 1;
  }
  return response;
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
  wire::Query query;
  if (wire::parse_query(waiting.query, query) != wire::Verdict::ok) {
    return;  // it could be read when it came
  }
  auto response =
      finish({waiting.query, query, waiting.context, waiting.chased}, resolution, reply_);
  std::vector<std::uint8_t> asked;  // by the client, for the log
  if (log_ != nullptr) {
    asked = waiting.detours.empty() ? waiting.query : waiting.detours.front().query;
  }
  if (!waiting.detours.empty()) {
    auto context = waiting.context;
    context.views = views_;
    response = come_back(response, context, {waiting.route, waiting.detours}, reply_);
  }
  if (response.result == Result::pending) {
    return;
  }
  if (log_ != nullptr && wire::parse_query(asked, query) == wire::Verdict::ok) {
    note(query, waiting.context, response, waiting.received);
  }
  count(response, reply_, waiting.route.transport);
  if (response.result == Result::replied) {
    deliver_(waiting.route, std::span(reply_).first(response.size));
    tallies_.latency.add(std::chrono::steady_clock::now() - waiting.received, 1);
  } else {
    deliver_(waiting.route, {});
  }
}

}  // namespace paddock::dns::server
