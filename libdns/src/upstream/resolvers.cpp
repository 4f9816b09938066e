// SPDX-License-Identifier: Apache-2.0
#include "upstream/resolvers.hpp"

#include <algorithm>
#include <tuple>

namespace paddock::dns::upstream {

Resolvers::Resolvers(std::vector<Endpoint> endpoints, std::chrono::milliseconds timeout,
                     Poller& poller, Exchanges& exchanges)
    : timeout_(timeout), poller_(poller), exchanges_(exchanges) {
  for (auto& endpoint : endpoints) {
    resolvers_.push_back({.endpoint = std::move(endpoint)});
  }
}

std::optional<std::size_t> Resolvers::choose(std::span<const std::uint8_t> asked, unsigned limit,
                                             TimePoint now) const {
  std::optional<std::size_t> best;
  const auto rank = [&](std::size_t i) {
    return std::tuple(asked[i], resolvers_[i].failures > 0 && now < resolvers_[i].avoid_until);
  };
  for (std::size_t i = 0; i < resolvers_.size(); ++i) {
    if (asked[i] < limit && (!best || rank(i) < rank(*best))) {
      best = i;
    }
  }
  return best;
}

void Resolvers::send(std::size_t resolver, std::span<const std::uint8_t> query,
                     std::uint64_t exchange) {
  auto& channel = resolvers_[resolver].channel;
  if (channel && channel->sent() >= max_sent) {
    retired_.push_back(std::move(channel));
  }
  if (!channel) {
    channel = std::make_unique<Channel>(resolvers_[resolver].endpoint, timeout_,
                                        static_cast<ChannelOwner&>(*this));
  }
  channel->send(query, exchange);
}

void Resolvers::set_failed(std::size_t resolver, TimePoint now) {
  auto& failed = resolvers_[resolver];
  failed.avoid_until =
      now + std::min(std::chrono::milliseconds(500) * (1 << std::min(failed.failures, 6U)),
                     std::chrono::milliseconds(30'000));
  ++failed.failures;
}

bool Resolvers::is_busy() const {
  return !retired_.empty() || std::ranges::any_of(resolvers_, [](const Resolver& resolver) {
    return resolver.channel && !resolver.channel->is_idle();
  });
}

void Resolvers::ready(int descriptor, bool readable, bool writable) {
  if (const auto channel = descriptors_.find(descriptor); channel != descriptors_.end()) {
    channel->second->ready(descriptor, readable, writable);
  }
}

void Resolvers::expire() {
  // By index: an exchange that ends may begin another, which may retire a channel.
  for (std::size_t i = 0; i < retired_.size(); ++i) {
    retired_[i]->expire();
  }
  for (std::size_t i = 0; i < resolvers_.size(); ++i) {
    if (Channel* const channel = resolvers_[i].channel.get(); channel && !channel->is_idle()) {
      channel->expire();
    }
  }
  std::erase_if(retired_, [](const auto& channel) { return channel->is_idle(); });
}

void Resolvers::on_socket(Channel& channel, int descriptor, bool readable, bool writable) {
  if (readable || writable) {
    descriptors_[descriptor] = &channel;
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
