// SPDX-License-Identifier: Apache-2.0
//
// The subnets of one family in an address pool, and what was done with their addresses.
#pragma once

#include "ipam/pool_subnet.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace paddock::net::ipam {

struct NumberHash {
  std::size_t operator()(Number number) const {
    const auto mixed = static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15U;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32) ^
                                    static_cast<std::uint64_t>(number >> 64));
  }
};

inline bool is_in(Number number, const std::vector<Span>& spans) {
  return std::ranges::any_of(
      spans, [number](const Span& span) { return span.first <= number && number <= span.last; });
}

class Family {
 public:
  using Time = AddressPool::Time;

  explicit Family(bool v4) : v4_(v4) {}

  bool is_v4() const { return v4_; }
  std::vector<Subnet>& subnets() { return subnets_; }
  const std::vector<Subnet>& subnets() const { return subnets_; }

  const Subnet* subnet_of(Number number) const {
    const auto found = std::ranges::find_if(subnets_, [number](const Subnet& subnet) {
      return subnet.all.first <= number && number <= subnet.all.last;
    });
    return found == subnets_.end() ? nullptr : &*found;
  }
  Subnet* subnet_of(Number number) {
    return const_cast<Subnet*>(std::as_const(*this).subnet_of(number));
  }

  bool is_taken(Number number) const {
    const auto found = used_.find(number);
    return found != used_.end() && found->second.taken;
  }

  void mark_taken(Number number) {
    used_[number] = {.taken = true, .stamp = 0};
    ++subnet_of(number)->taken;
  }

  // The same of one that was taken before this process began. Here, and not at the first take()
  // under everybody's eyes, the way to the addresses that were never used is gone.
  void restore_taken(Number number) {
    mark_taken(number);
    auto& subnet = *subnet_of(number);
    while (const auto next = subnet.next()) {
      if (!used_.contains(*next)) return;
      subnet.advance();
    }
  }

  // Takes the best free address; absent when there is none.
  std::optional<Number> take(Time now, Time::duration quarantine) {
    auto number = next_fresh();
    if (!number) number = next_freed(now, quarantine);
    if (number) mark_taken(*number);
    return number;
  }

  // Also of a closed subnet, which may be opened again before the address has rested.
  void add_freed(Number number, Time when) {
    used_[number] = {.taken = false, .stamp = ++stamp_};
    sorted_ = sorted_ && (freed_.empty() || freed_.back().when <= when);
    freed_.push_back({number, stamp_, when});
  }

  void release(Number number, Time now) {
    --subnet_of(number)->taken;
    add_freed(number, now);
  }

  // The same among these spans, which are sorted and disjoint. Looks at one address after the
  // other, at no more than were ever used.
  std::optional<Number> take_within(const std::vector<Span>& spans, Time now,
                                    Time::duration quarantine) {
    auto number = fresh_within(spans);
    if (!number) number = freed_within(spans, now, quarantine);
    if (number) mark_taken(*number);
    return number;
  }

  // Addresses freed less than the quarantine ago, per subnet.
  std::uint64_t resting(const Subnet& subnet, Time now, Time::duration quarantine) const {
    std::uint64_t count = 0;
    for (const auto& entry : freed_) {
      const bool inside = subnet.all.first <= entry.number && entry.number <= subnet.all.last;
      if (inside && is_current(entry) && entry.when + quarantine > now) ++count;
    }
    return count;
  }

 private:
  struct Use {
    bool taken;
    std::uint64_t stamp;  // which entry of freed_ speaks for the address
  };
  struct Freed {
    Number number;
    std::uint64_t stamp;
    Time when;
  };

  bool is_current(const Freed& entry) const {
    const auto found = used_.find(entry.number);
    return found != used_.end() && !found->second.taken && found->second.stamp == entry.stamp;
  }

  std::optional<Number> next_fresh() {
    for (auto& subnet : subnets_) {
      while (const auto number = subnet.next()) {
        subnet.advance();
        if (!used_.contains(*number)) return number;
      }
    }
    return {};
  }

  // A clock that was set back must not lock addresses away.
  void leave_future(Time now) {
    if (sorted_ && (freed_.empty() || freed_.back().when <= now)) return;
    for (auto& entry : freed_) entry.when = std::min(entry.when, now);
  }

  std::optional<Number> next_freed(Time now, Time::duration quarantine) {
    if (!sorted_) std::ranges::stable_sort(freed_, {}, &Freed::when);
    sorted_ = true;
    leave_future(now);
    while (!freed_.empty()) {
      const auto& oldest = freed_.front();
      if (!is_current(oldest)) {
        freed_.pop_front();
        continue;
      }
      if (oldest.when + quarantine > now) return {};
      const Number number = oldest.number;
      freed_.pop_front();
      if (subnet_of(number)->allows(number)) return number;
      used_.erase(number);  // its subnet was closed
    }
    return {};
  }

  std::optional<Number> fresh_within(const std::vector<Span>& spans) const {
    for (const auto& subnet : subnets_) {
      for (const auto& span : shared(spans, subnet.allowed)) {
        for (Number number = span.first;; ++number) {
          if (!used_.contains(number)) return number;
          if (number == span.last) break;
        }
      }
    }
    return {};
  }

  std::optional<Number> freed_within(const std::vector<Span>& spans, Time now,
                                     Time::duration quarantine) {
    leave_future(now);
    const Freed* oldest = nullptr;
    for (const auto& entry : freed_) {
      const bool has_rested = entry.when + quarantine <= now;
      const bool is_older = !oldest || entry.when < oldest->when;
      if (has_rested && is_older && is_current(entry) && is_in(entry.number, spans) &&
          subnet_of(entry.number)->allows(entry.number))
        oldest = &entry;
    }
    return oldest ? std::optional(oldest->number) : std::nullopt;
  }

  bool v4_;
  std::vector<Subnet> subnets_;
  std::unordered_map<Number, Use, NumberHash> used_;  // every address ever used
  std::deque<Freed> freed_;                           // oldest first, with entries out of date
  bool sorted_ = true;
  std::uint64_t stamp_ = 0;
};

}  // namespace paddock::net::ipam
