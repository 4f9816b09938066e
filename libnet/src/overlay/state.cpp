// SPDX-License-Identifier: Apache-2.0
#include "overlay/state.hpp"

#include "failure.hpp"
#include "marks.hpp"
#include "netlink/requests.hpp"
#include "netlink/vxlan.hpp"
#include "overlay/trace.hpp"

#include <linux/netlink.h>

#include <cerrno>
#include <utility>

namespace paddock::net {
namespace {

constexpr std::size_t most_sentences = 100;
// More changes than this are made without hearing of each; the queue for events holds far more.
constexpr std::size_t most_heard = 1000;
constexpr std::chrono::milliseconds hold_down{250};
constexpr std::chrono::seconds retry_after{1};
constexpr std::chrono::seconds look_every{60};

OverlaySettings checked(OverlaySettings settings) {
  check(settings).value();
  return settings;
}

}  // namespace

Overlay::State::State(const NetworkNamespace& host, OverlaySettings settings)
    : settings_(checked(std::move(settings))),
      host_(host.duplicate()),
      socket_(netlink::Socket::open(host, NETLINK_ROUTE).value()),
      events_(host, socket_),
      look_at_(Clock::now() + look_every) {
  roster_.set_guard(overlay::plan_guard(settings_));
  plan_host();
  told_ = self_;
  events_.wake_at(look_at_);
}

overlay::Roster::Planner Overlay::State::planner() const {
  return
      [this](const Peer& peer) { return overlay::plan_peer(settings_, underlay_, subnets_, peer); };
}

// What follows from the underlay, the settings and our own subnets.
void Overlay::State::plan_host() {
  devices_ = {overlay::plan_device(settings_, underlay_, subnets_, true),
              overlay::plan_device(settings_, underlay_, subnets_, false)};
  const auto end = [&](bool v4) -> std::optional<TunnelEnd> {
    const auto& below = underlay_.of(v4);
    const auto& device = v4 ? devices_.v4 : devices_.v6;
    if (!below) {
      return std::nullopt;
    }
    return TunnelEnd{below->address, device ? device->mac : std::nullopt};
  };
  self_ = {settings_.host, settings_.backend, settings_.vni, end(true), end(false), subnets_, {}};
  if (settings_.backend == OverlayBackend::wireguard) {
    self_.key = settings_.wireguard.public_key;
  }
  links_[static_cast<std::size_t>(overlay::Way::link_v4)] = underlay_.v4 ? underlay_.v4->link : 0;
  links_[static_cast<std::size_t>(overlay::Way::link_v6)] = underlay_.v6 ? underlay_.v6->link : 0;
}

// An underlay that is lost for now stays what it was: packets may find their way all the same.
Result<void> Overlay::State::follow_underlay() {
  const auto facts = overlay::read_facts(socket_);
  if (!facts) {
    return facts.error();
  }
  auto found = overlay::choose_underlay(settings_, *facts);
  const bool first = !std::exchange(looked_, true);
  if (!found) {
    return found.error();
  }
  if (first || *found != underlay_) {
    underlay_ = std::move(*found);
    plan_host();
    roster_.replan(planner());
  }
  return {};
}

Result<void> Overlay::State::set_subnets(std::vector<Prefix> subnets) {
  if (subnets == subnets_ && looked_) {
    return {};
  }
  subnets_ = std::move(subnets);
  plan_host();
  roster_.replan(planner());
  return whole();
}

Result<void> Overlay::State::replace(std::vector<Peer> peers) {
  std::erase_if(peers, [&](const Peer& peer) { return peer.host == settings_.host; });
  roster_.replace(std::move(peers), planner());
  complete_ = true;
  return whole();
}

Result<void> Overlay::State::put(Peer peer) {
  if (peer.host == settings_.host) {
    return {};
  }
  const std::string host = peer.host;
  return change(host, roster_.put(std::move(peer), planner()));
}

Result<void> Overlay::State::remove(std::string_view host) {
  return change(host, roster_.remove(host, planner()));
}

// Without devices or underlay there is no telling how things are: everything is looked at.
Result<void> Overlay::State::change(std::string_view host, const overlay::Roster::Change& change) {
  if (!change.simple || !looked_) {
    return whole();
  }
  roster_.forget_refusals(host);
  const auto told = tunnels_.change(settings_, change.before, change.after);
  const auto changed = apply(overlay::difference(change.before, change.after, links_));
  const auto applied = told ? changed : told;
  roster_.settle(host);
  if (!applied) {
    look_again_after(applied.error());
  }
  return applied;
}

Result<void> Overlay::State::whole() {
  const auto done = converge(overlay::Effort::repair);
  return done ? Result<void>() : done.error();
}

Result<std::vector<std::string>> Overlay::State::ensure_devices(overlay::Effort effort) {
  auto found = overlay::ensure_devices(socket_, host_, devices_, effort);
  links_[static_cast<std::size_t>(overlay::Way::tunnel_v4)] = found ? found->v4 : 0;
  links_[static_cast<std::size_t>(overlay::Way::tunnel_v6)] = found ? found->v6 : 0;
  if (!found) {
    return found.error();
  }
  return std::move(found->changes);
}

Result<std::vector<std::string>> Overlay::State::ensure_tunnels(overlay::Effort effort) {
  return tunnels_.converge(host_, picture(), effort, complete_);
}

Result<std::vector<std::string>> Overlay::State::ensure_entries(overlay::Effort effort) {
  const auto actual = overlay::read_actual(socket_, links_);
  if (!actual) {
    return actual.error();
  }
  auto difference = overlay::difference(roster_.table(), links_, *actual);
  if (!complete_) {
    difference.unwanted_routes.clear();
    difference.unwanted_forwarding.clear();
    difference.unwanted_neighbors.clear();
  }
  auto sentences = difference.sentences(most_sentences);
  if (effort == overlay::Effort::repair) {
    roster_.forget_refusals();
    const auto applied = apply(difference);
    roster_.settle();
    if (!applied) {
      return applied.error();
    }
  }
  return sentences;
}

Result<void> Overlay::State::apply(const overlay::Difference& difference) {
  if (difference.empty()) {
    return {};
  }
  refused_.reset();
  const bool is_bulk = difference.size() > most_heard;
  if (is_bulk) {
    events_.mute();
  }
  const auto sent = overlay::apply(socket_, difference,
                                   [&](const overlay::Refusal& refusal) { refuse(refusal); });
  if (is_bulk) {
    disturbed_ = {true, true};  // by whom and how, the next look finds out
    if (const auto heard = events_.unmute(); !heard) {
      return heard;
    }
  } else {
    hear();
  }
  if (!sent) {
    return sent;
  }
  return refused_ ? Result<void>(*refused_) : Result<void>();
}

// The first one is the outcome; each is held against the peer it was for.
void Overlay::State::refuse(const overlay::Refusal& refusal) {
  if (!refused_) {
    refused_ =
        Error{boost::system::error_code(EIO, boost::system::generic_category()), refusal.sentence};
  }
  const overlay::Table& table = roster_.table();
  if (refusal.destination) {
    const auto claim = table.routes().find(*refusal.destination);
    if (claim != table.routes().end()) {
      roster_.refuse(*claim->second.host, refusal.sentence);
    }
  } else if (refusal.mac) {
    for (const auto way : {overlay::Way::tunnel_v4, overlay::Way::tunnel_v6}) {
      const auto claim = table.forwarding().find({way, *refusal.mac});
      if (claim != table.forwarding().end()) {
        roster_.refuse(*claim->second.host, refusal.sentence);
      }
    }
  }
}

// What is heard of from here on may have happened after it was looked at.
Result<std::vector<std::string>> Overlay::State::converge(overlay::Effort effort) {
  if (effort == overlay::Effort::repair) {
    hear();
    disturbed_ = {};
  }
  const auto followed = follow_underlay();
  // Nothing is known of the underlay: an earlier process may have known, and what it made stays.
  const bool blind = !underlay_.v4 && !underlay_.v6 && settings_.backend != OverlayBackend::none;
  if (blind) {
    roster_.settle();
    look_again_after(followed.error());
    return followed.error();
  }
  auto changes = ensure_devices(effort);
  for (const auto ensure : {&State::ensure_tunnels, &State::ensure_entries}) {
    // Without a device to encrypt, packets have to be refused all the same.
    if (!changes && settings_.backend != OverlayBackend::wireguard) {
      break;
    }
    const auto more = (this->*ensure)(effort);
    if (changes && more) {
      changes->insert(changes->end(), more->begin(), more->end());
    } else if (changes) {
      changes = more.error();
    }
  }
  const bool without = settings_.backend == OverlayBackend::none;
  if (changes && !followed && !without) {
    changes = followed.error();
  }
  if (effort == overlay::Effort::repair) {
    look_again_after(changes ? std::nullopt : std::optional(changes.error()));
  }
  return changes;
}

overlay::Picture Overlay::State::picture() const {
  return {settings_, underlay_, devices_, links_, roster_.table()};
}

std::vector<PathStep> Overlay::State::trace(const IpAddress& destination,
                                            const std::optional<PathOrigin>& origin) {
  return overlay::trace(
      socket_, picture(), [this](overlay::Way way) { return tunnels_.read(way); }, origin,
      destination);
}

void Overlay::State::hear() {
  const overlay::Picture known = picture();
  const bool complete = events_.drain([&](const netlink::Message& event) {
    const auto found = overlay::judge(event, known);
    disturbed_.ours = disturbed_.ours || found.ours;
    disturbed_.underlay = disturbed_.underlay || found.underlay;
  });
  if (!complete) {
    disturbed_ = {true, true};
  }
}

void Overlay::State::look_again_after(const std::optional<Error>& error) {
  const auto now = Clock::now();
  quiet_until_ = now + hold_down;
  look_at_ = now + (error ? retry_after : look_every);
  events_.wake_at(disturbed_.any() ? quiet_until_ : look_at_);
}

OverlayNews Overlay::State::tend() {
  OverlayNews news;
  hear();
  const auto now = Clock::now();
  if (now >= look_at_ || (disturbed_.any() && now >= quiet_until_)) {
    auto changes = converge(overlay::Effort::repair);
    news.looked = true;
    if (changes) {
      news.repaired = std::move(*changes);
    } else {
      news.error = changes.error();
    }
  } else if (disturbed_.any()) {
    events_.wake_at(quiet_until_);
  } else {
    events_.wake_at(look_at_);
  }
  news.self_changed = std::exchange(told_, self_) != self_;
  return news;
}

Result<void> Overlay::State::purge() {
  const auto routes = netlink::list_routes(socket_, overlay_protocol, 0);
  if (!routes) {
    return routes.error();
  }
  overlay::Difference all;
  all.unwanted_routes = *routes;
  const auto removed = apply(all);
  const auto devices = overlay::ensure_devices(socket_, host_, {}, overlay::Effort::repair);
  if (!removed) {
    return removed;
  }
  return devices ? Result<void>() : devices.error();
}

}  // namespace paddock::net
