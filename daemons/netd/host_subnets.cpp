// SPDX-License-Identifier: Apache-2.0
#include "netd/host_subnets.hpp"

#include "runtime/log.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace paddock::netd {
namespace {

namespace log = runtime::log;

constexpr std::chrono::seconds subnets_turn{1};
// Hosts that start at once choose among so many, so that they seldom meet.
constexpr std::size_t most_candidates = 100;

bool fits(const std::optional<net::SubnetPool>& pool, const std::optional<net::Prefix>& subnet) {
  return pool.has_value() == subnet.has_value() && (!pool || pool->contains(*subnet));
}

// Part of what the cluster's hosts take their subnets from, by today's configuration.
bool is_in_pool(const SubnetView& view, const Subnets& subnets) {
  return view.is_assigned || (fits(view.v4, subnets.v4) && fits(view.v6, subnets.v6));
}

const Claim* own_claim(const SubnetView& view, const Subnets& subnets) {
  const auto own = std::ranges::find_if(
      view.claims, [&](const Claim& claim) { return claim.is_ours && claim.subnets == subnets; });
  return own == view.claims.end() ? nullptr : &*own;
}

// Another host's that comes before ours, if we have one.
const Claim* rival_claim(const SubnetView& view, const Subnets& subnets) {
  const auto* own = own_claim(view, subnets);
  const auto rival = std::ranges::find_if(view.claims, [&](const Claim& claim) {
    return !claim.is_ours && overlap(claim.subnets, subnets) && (!own || claim.order < own->order);
  });
  return rival == view.claims.end() ? nullptr : &*rival;
}

// Why new pods may get no addresses of it; empty: they may.
std::string loss_of(const SubnetView& view, const Subnets& subnets) {
  const auto named = "subnet " + to_text(subnets);
  if (view.is_assigned && !own_claim(view, subnets)) return named + " is not this host's any more";
  if (const auto* rival = rival_claim(view, subnets))
    return named + " is claimed by host " + rival->holder;
  return is_in_pool(view, subnets) ? "" : named + " is not of the cluster's network any more";
}

std::vector<net::Prefix> taken_in(const SubnetView& view) {
  std::vector<net::Prefix> taken;
  for (const auto& claim : view.claims) {
    for (const auto& subnet : prefixes(claim.subnets)) taken.push_back(subnet);
  }
  return taken;
}

// The IPv6 subnet of the same number, so that claims of both meet in one key; else any free one.
std::optional<net::Prefix> companion(const SubnetView& view, const net::Prefix& v4,
                                     const std::vector<net::Prefix>& taken) {
  const auto index = view.v4->index_of(v4);
  const auto same = index ? view.v6->at(*index) : std::nullopt;
  if (same &&
      std::ranges::none_of(taken, [&](const net::Prefix& other) { return overlap(other, *same); }))
    return same;
  const auto others = view.v6->free(taken, 1);
  return others.empty() ? std::nullopt : std::optional(others.front());
}

}  // namespace

HostSubnets::HostSubnets(SubnetRegistry& registry, std::string state_file, HasPods has_pods,
                         std::function<void()> changed)
    : registry_(registry),
      state_file_(std::move(state_file)),
      has_pods_(std::move(has_pods)),
      changed_(std::move(changed)),
      chance_(std::random_device{}()) {
  load();
}

HostSubnets::~HostSubnets() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void HostSubnets::start() {
  thread_ = std::thread([this] { run(); });
}

void HostSubnets::wake() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = true;
  }
  wake_.notify_all();
}

void HostSubnets::set_nearly_full(bool nearly_full) {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(is_nearly_full_, nearly_full) || !nearly_full) return;
  }
  wake();
}

std::vector<HeldSubnets> HostSubnets::held() const {
  const std::lock_guard lock(mutex_);
  return held_;
}

std::string HostSubnets::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_.empty() ? conflict_ : trouble_;
}

void HostSubnets::set_trouble(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (trouble_ == text) return;
  trouble_ = text;
  if (!text.empty()) log::warning("no subnet", {{"reason", text}});
}

void HostSubnets::run() {
  for (;;) {
    if (const auto view = registry_.view()) agree(*view);
    if (const auto kept = registry_.keep(); kept.outcome != SubnetRegistry::Outcome::done)
      log::debug("claims are not renewed yet", {{"reason", kept.text}});
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, subnets_turn, [this] { return is_woken_ || is_stopping_; });
    if (is_stopping_) return;
    is_woken_ = false;
  }
}

void HostSubnets::agree(const SubnetView& view) {
  if (!view.is_current) {
    if (held().empty()) set_trouble("the registry of subnets is away: " + registry_.trouble());
    return;
  }
  const auto before = held();
  adopt(view);
  auto now = held();
  for (auto& each : now) defend(view, each);
  std::erase_if(now, [this](const auto& each) { return is_over(each); });
  {
    const std::lock_guard lock(mutex_);
    held_ = now;
    if (std::ranges::none_of(now, &HeldSubnets::is_closed)) conflict_.clear();
  }
  const bool has_open = std::ranges::any_of(now, [](const auto& each) { return !each.is_closed; });
  const bool is_needed = [&] {
    const std::lock_guard lock(mutex_);
    return !has_open || (is_nearly_full_ && !view.is_assigned);
  }();
  if (is_needed)
    acquire(view);
  else
    set_trouble("");
  save();
  if (held() != before) changed_();
}

// What the registry says is ours and we do not know: assigned, from before this disk, or flannel's.
void HostSubnets::adopt(const SubnetView& view) {
  for (const auto& claim : view.claims) {
    if (!claim.is_ours) continue;
    const bool is_known = std::ranges::any_of(
        held(), [&](const HeldSubnets& each) { return overlap(each.subnets, claim.subnets); });
    if (is_known) continue;
    if (loss_of(view, claim.subnets).empty())
      hold(claim.subnets);
    else if (!is_in_pool(view, claim.subnets))
      registry_.release(claim.subnets);  // of a network as it was configured before
  }
}

// Pods live in these: they are claimed again whenever they are found unclaimed.
void HostSubnets::defend(const SubnetView& view, HeldSubnets& held) {
  const auto why = loss_of(view, held.subnets);
  const bool was_closed = std::exchange(held.is_closed, !why.empty());
  if (held.is_closed && !was_closed) {
    log::error("a subnet is closed: its pods stay, new ones get addresses elsewhere",
               {{"reason", why}});
    const std::lock_guard lock(mutex_);
    conflict_ = why;
  }
  if (view.is_assigned || own_claim(view, held.subnets) || rival_claim(view, held.subnets)) return;
  const auto taken = registry_.take(held.subnets);
  if (taken.outcome == SubnetRegistry::Outcome::done)
    log::info("subnet claimed again", {{"subnet", to_text(held.subnets)}});
}

bool HostSubnets::is_over(const HeldSubnets& held) const {
  if (!held.is_closed || std::ranges::any_of(prefixes(held.subnets), has_pods_)) return false;
  log::info("a closed subnet has no pods any more", {{"subnet", to_text(held.subnets)}});
  registry_.release(held.subnets);
  return true;
}

std::vector<Subnets> HostSubnets::candidates(const SubnetView& view) {
  auto taken = taken_in(view);
  for (const auto& each : held()) {
    for (const auto& subnet : prefixes(each.subnets)) taken.push_back(subnet);
  }
  const auto& pool = view.v4 ? view.v4 : view.v6;
  if (!pool) return {};
  std::vector<Subnets> all;
  const auto is_free = [&](const net::Prefix& subnet) {
    return std::ranges::none_of(taken, [&](const auto& other) { return overlap(other, subnet); });
  };
  if (former_ && is_in_pool(view, *former_) && std::ranges::all_of(prefixes(*former_), is_free))
    all.push_back(*former_);
  auto first = pool->free(taken, most_candidates);
  std::ranges::shuffle(first, chance_);
  for (const auto& subnet : first) {
    Subnets subnets;
    (view.v4 ? subnets.v4 : subnets.v6) = subnet;
    if (view.v4 && view.v6) {
      subnets.v6 = companion(view, subnet, taken);
      if (!subnets.v6) continue;
    }
    all.push_back(subnets);
  }
  return all;
}

// Others may be at it, too: what was taken meanwhile is passed over.
void HostSubnets::acquire(const SubnetView& view) {
  for (const auto& wanted : candidates(view)) {
    const auto answer = registry_.take(wanted);
    if (answer.outcome == SubnetRegistry::Outcome::taken) continue;
    if (answer.outcome == SubnetRegistry::Outcome::failed) {
      set_trouble("claiming " + to_text(wanted) + " failed: " + answer.text);
      return;
    }
    log::info("subnet claimed", {{"subnet", to_text(wanted)}});
    hold(wanted);
    set_trouble("");
    return;
  }
  set_trouble(view.v4 || view.v6 ? "every subnet of the cluster's network is taken"
                                 : "the cluster gives this host no subnet");
}

void HostSubnets::hold(const Subnets& subnets) {
  const std::lock_guard lock(mutex_);
  held_.push_back({.subnets = subnets, .is_closed = false});
  is_nearly_full_ = false;
}

void HostSubnets::load() {
  const auto json = nlohmann::json::parse(read_whole(state_file_), nullptr, false);
  if (!json.is_array()) return;  // the registry knows, too
  for (const auto& each : json) {
    if (!each.is_string()) continue;
    if (const auto subnets = net::flannel::parse_key(each.get<std::string>()))
      held_.push_back({.subnets = *subnets, .is_closed = false});
  }
}

void HostSubnets::save() {
  auto json = nlohmann::json::array();
  for (const auto& each : held()) json.push_back(net::flannel::format_key(each.subnets));
  if (const auto failed = state_.put(state_file_, json.dump() + "\n"))
    log::warning("the subnets of this host were not kept", {{"error", *failed}});
}

}  // namespace paddock::netd
