// SPDX-License-Identifier: Apache-2.0
#include "upstream/plan.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace paddock::dns::upstream {
namespace {

std::string_view text_of(wire::Bytes name) {
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}

bool is_tls(const Upstream& upstream) { return upstream.transport == Upstream::Transport::tls; }

// What resolvers over TLS are checked with. Without it they are not asked: in the clear, never.
std::shared_ptr<const TlsContext> trust(ForwardingReport& report, const std::string& tls_ca) {
  std::vector<std::vector<Upstream>*> lists{&report.upstreams};
  for (auto& stub : report.stubs) {
    lists.push_back(&stub.upstreams);
  }
  for (auto& set : report.sets) {
    lists.push_back(&set.upstreams);
  }
  if (std::ranges::none_of(lists, [](auto* list) { return std::ranges::any_of(*list, is_tls); })) {
    return nullptr;
  }
  auto context = TlsContext::open(tls_ca);
  if (!context) {
    report.problems.push_back("resolvers over TLS are not asked: " + context.error().text);
    for (auto* list : lists) {
      std::erase_if(*list, is_tls);
    }
    return nullptr;
  }
  return *context;
}

}  // namespace

std::size_t Plan::group_for(wire::Bytes name, std::string_view set) const noexcept {
  if (!by_zone_.empty()) {
    for (;; name = name.subspan(std::size_t{1} + name[0])) {
      if (const auto zone = by_zone_.find(text_of(name)); zone != by_zone_.end()) {
        return zone->second;
      }
      if (name[0] == 0) {
        break;
      }
    }
  }
  if (set.empty()) {
    return 0;
  }
  const auto known = by_set_.find(set);
  return known != by_set_.end() ? known->second : 0;
}

std::size_t Plan::same_group(std::uint32_t id, wire::Bytes name) const noexcept {
  const auto same = std::ranges::find(groups_, id, &Group::id);
  return same != groups_.end() ? static_cast<std::size_t>(same - groups_.begin()) : group_for(name);
}

Group Planner::group_of(const std::vector<Upstream>& upstreams, Plan& plan) {
  Group group{.id = ids_.emplace(upstreams, static_cast<std::uint32_t>(ids_.size())).first->second,
              .members = {}};
  for (const auto& upstream : upstreams) {
    auto& all = plan.upstreams_;
    const auto known = std::ranges::find(all, upstream);
    const auto index = static_cast<std::uint16_t>(known - all.begin());
    if (known == all.end()) {
      all.push_back(upstream);
    }
    if (std::ranges::find(group.members, index) == group.members.end()) {
      group.members.push_back(index);
    }
  }
  return group;
}

Plan Planner::plan(ForwardingReport& report, const std::string& tls_ca) {
  Plan plan;
  plan.tls_ = trust(report, tls_ca);
  plan.groups_.front() = group_of(report.upstreams, plan);
  for (const auto& set : report.sets) {
    auto all = set.upstreams;
    all.insert(all.end(), report.upstreams.begin(), report.upstreams.end());
    if (!plan.by_set_.emplace(set.name, plan.groups_.size()).second) {
      continue;  // told twice
    }
    plan.groups_.push_back(group_of(all, plan));
    plan.groups_.back().preferred = std::set(set.upstreams.begin(), set.upstreams.end()).size();
  }
  plan.zones_.reserve(report.stubs.size());
  for (const auto& stub : report.stubs) {
    plan.zones_.push_back(stub.zone);
    plan.by_zone_.emplace(text_of(plan.zones_.back().wire()), plan.groups_.size());
    plan.groups_.push_back(group_of(stub.upstreams, plan));
  }
  auto before = std::exchange(seen_, {});
  for (const auto& upstream : plan.upstreams_) {
    auto& seen = before[upstream];
    if (seen == nullptr) {
      seen = std::make_shared<std::vector<ResolverTallies>>(workers_);
    }
    plan.seen_.push_back(seen_[upstream] = seen);
  }
  return plan;
}

}  // namespace paddock::dns::upstream
