// SPDX-License-Identifier: Apache-2.0
#include "upstream/resolvers.hpp"

#include "upstream/channel.hpp"
#include "upstream/stream.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace paddock::dns::upstream {

Resolvers::Resolvers(const std::vector<Upstream>& upstreams, std::chrono::milliseconds timeout,
                     std::shared_ptr<const TlsContext> tls, Poller& poller, Exchanges& exchanges)
    : timeout_(timeout), tls_(std::move(tls)), poller_(poller), exchanges_(exchanges) {
  for (const auto& upstream : upstreams) {
    resolvers_.push_back({.upstream = upstream});
  }
}

void Resolvers::remember(const Resolvers& before) {
  for (auto& resolver : resolvers_) {
    const auto known = std::ranges::find(before.resolvers_, resolver.upstream, &Resolver::upstream);
    if (known != before.resolvers_.end()) {
      resolver.standing = known->standing;
    }
  }
}

std::optional<std::size_t> Resolvers::choose(const Group& group,
                                             std::span<const std::uint8_t> asked, unsigned limit,
                                             Preference preference, TimePoint now) const {
  std::optional<std::size_t> best;
  const auto rank = [&](std::size_t i) {
    const auto& standing = resolvers_[group.members[i]].standing;
    return std::tuple(asked[i], !standing.is_trusted(now), !group.is_preferred(i),
                      preference == Preference::fastest ? standing.latency_class() : 0);
  };
  for (std::size_t i = 0; i < group.members.size(); ++i) {
    if (asked[i] < limit && (!best || rank(i) < rank(*best))) {
      best = i;
    }
  }
  return best;
}

std::optional<std::size_t> Resolvers::choose_probe(const Group& group, std::size_t chosen,
                                                   TimePoint now) const {
  for (std::size_t i = 0; i < group.members.size(); ++i) {
    if (i != chosen && group.is_preferred(i) == group.is_preferred(chosen) &&
        resolvers_[group.members[i]].standing.wants_probe(now)) {
      return i;
    }
  }
  return std::nullopt;
}

std::unique_ptr<Transport> Resolvers::open(const Upstream& upstream) {
  auto& owner = static_cast<TransportOwner&>(*this);
  switch (upstream.transport) {
    case Upstream::Transport::tcp:
      return std::make_unique<Stream>(upstream, timeout_, nullptr, owner);
    case Upstream::Transport::tls:
      return std::make_unique<Stream>(upstream, timeout_, tls_, owner);
    case Upstream::Transport::udp:
      break;
  }
  return std::make_unique<Channel>(upstream.endpoint, timeout_, owner);
}

void Resolvers::send(std::size_t resolver, std::span<const std::uint8_t> query,
                     std::uint64_t exchange) {
  auto& transport = resolvers_[resolver].transport;
  if (transport && transport->is_spent()) {
    retired_.push_back(std::move(transport));
  }
  if (!transport) {
    transport = open(resolvers_[resolver].upstream);
  }
  transport->send(query, exchange);
}

bool Resolvers::is_busy() const {
  return !retired_.empty() || std::ranges::any_of(resolvers_, [](const Resolver& resolver) {
    return resolver.transport && !resolver.transport->is_idle();
  });
}

void Resolvers::ready(int descriptor, bool readable, bool writable) {
  if (const auto found = descriptors_.find(descriptor); found != descriptors_.end()) {
    found->second->ready(descriptor, readable, writable);
  }
}

void Resolvers::expire() {
  // By index: an exchange that ends may begin another, which may retire a transport.
  for (std::size_t i = 0; i < retired_.size(); ++i) {
    retired_[i]->expire();
  }
  for (std::size_t i = 0; i < resolvers_.size(); ++i) {
    if (Transport* const transport = resolvers_[i].transport.get();
        transport && !transport->is_idle()) {
      transport->expire();
    }
  }
  std::erase_if(retired_, [](const auto& transport) { return transport->is_idle(); });
}

void Resolvers::on_socket(Transport& transport, int descriptor, bool readable, bool writable) {
  if (readable || writable) {
    descriptors_[descriptor] = &transport;
  } else {
    descriptors_.erase(descriptor);
  }
  poller_.watch(descriptor, readable, writable);
}

void Resolvers::on_end(std::uint64_t exchange, Failure failure,
                       std::span<const std::uint8_t> response) {
  exchanges_.on_end(exchange, failure, response);
}

}  // namespace paddock::dns::upstream
