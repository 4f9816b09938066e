// SPDX-License-Identifier: Apache-2.0
//
// The part of the responder that completes a client's search list: a pod that asks for
// `www.example.com.shop.svc.cluster.local` wants `www.example.com`, and would ask for every name
// between the two, one after the other.
#include "rules/transcribe.hpp"
#include "server/responder.hpp"
#include "zone/compiled_view.hpp"

#include <paddock/dns/view.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace paddock::dns::server {
namespace {

using Bytes = std::vector<std::uint8_t>;

// What stands before `zone` in `name`, without a root label; empty when nothing does.
Bytes part_before(wire::Bytes name, const std::string& zone) {
  wire::Bytes rest = name;
  while (rest.size() > zone.size()) {
    rest = rest.subspan(std::size_t{1} + rest[0]);
  }
  const bool is_below = rest.size() == zone.size() && rest.size() < name.size() &&
                        std::equal(rest.begin(), rest.end(), zone.begin(), [](auto a, char b) {
                          return a == static_cast<std::uint8_t>(b);
                        });
  return is_below ? Bytes(name.begin(), name.end() - static_cast<std::ptrdiff_t>(zone.size()))
                  : Bytes();
}

// The names the client would ask for next, the last one first.
std::vector<Bytes> candidates(const Bytes& front, const std::vector<std::string>& path) {
  static const std::string root(1, '\0');
  std::vector<Bytes> names;
  const auto add = [&](const std::string& zone) {
    if (front.size() + zone.size() > Name::max_length) return;
    Bytes name = front;
    name.insert(name.end(), zone.begin(), zone.end());
    names.push_back(std::move(name));
  };
  add(root);
  for (auto zone = path.rbegin(); zone + 1 != path.rend(); ++zone) add(*zone);
  return names;
}

}  // namespace

// The name was not found. Looks for it where the client would look next.
Responder::Response Responder::complete(Response missing, wire::Bytes raw,
                                        const AnswerContext& context, const Route& route,
                                        std::span<std::uint8_t> reply) {
  const bool is_address = query_.qtype() == Type::a || query_.qtype() == Type::aaaa;
  const auto* view = is_address ? views_->find(context.client) : nullptr;
  if (view == nullptr || view->path().empty()) return missing;
  const auto front = part_before(query_.qname(), view->path().front());
  if (front.empty()) return missing;
  std::vector<Detour> detours;
  detours.push_back({.kind = Detour::Kind::completed,
                     .query = Bytes(raw.begin(), raw.end()),
                     .asked_name = Bytes(query_.qname().begin(), query_.qname().end()),
                     .candidates = candidates(front, view->path())});
  std::copy_n(reply.begin(), missing.size, reply_.begin());
  const auto response = come_back(missing, context, {route, detours}, reply_);
  tallies_.completed += 1;
  if (response.result == Result::replied) {
    std::copy_n(reply_.begin(), std::min(response.size, reply.size()), reply.begin());
  }
  return response;
}

// Asks for the next candidate. When there is none, the reply is that to the query itself, as it
// was.
Responder::Response Responder::ask_candidate(Detour detour, const wire::Query& query,
                                             const AnswerContext& context, Way way) {
  Bytes asked = detour.query;
  if (!detour.candidates.empty()) {
    detour.asked_name = std::move(detour.candidates.back());
    detour.candidates.pop_back();
    asked = with_question(detour.query, query, detour.asked_name, query.qtype());
    way.detours.push_back(std::move(detour));
  }
  wire::Query next;
  if (wire::parse_query(asked, next) != wire::Verdict::ok) return {};
  return rules_ != nullptr ? respond_by_rules(asked, next, context, way, round_)
                           : resolve(asked, next, context, way, round_);
}

}  // namespace paddock::dns::server
