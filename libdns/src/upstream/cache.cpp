// SPDX-License-Identifier: Apache-2.0
#include "upstream/cache.hpp"

#include <algorithm>

namespace paddock::dns::upstream {
namespace {

// What an entry costs besides its bytes: list and hash nodes, and the allocator's own.
constexpr std::size_t overhead = 320;

std::chrono::seconds whole_seconds(TimePoint::duration d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d);
}

}  // namespace

std::optional<Resolution> Cache::find(std::string_view key, TimePoint now) {
  const Entry* entry = use(key);
  if (entry == nullptr) {
    return std::nullopt;
  }
  if (entry->answer && now < entry->expires) {
    return Resolution{&*entry->answer, {.age = whole_seconds(now - entry->learnt)}};
  }
  if (now < entry->failed_until) {
    const auto stale = find_stale(key, now);
    return stale ? stale : Resolution{.error = entry->error};
  }
  return std::nullopt;
}

std::optional<Resolution> Cache::find_stale(std::string_view key, TimePoint now) {
  const Entry* entry = use(key);
  if (entry == nullptr || !entry->answer || now >= entry->expires + limits_.serve_stale) {
    return std::nullopt;
  }
  return Resolution{&*entry->answer,
                    {.age = whole_seconds(now - entry->learnt), .is_stale = now >= entry->expires}};
}

void Cache::store(std::string_view key, KnownAnswer answer, TimePoint now) {
  const auto cap = answer.is_negative ? limits_.max_negative_ttl : limits_.max_ttl;
  const auto ttl = std::min(answer.ttl.value_or(std::chrono::seconds{0}), cap);
  const auto bytes = overhead + key.size() + answer.message.size() + 2 * answer.ttl_offsets.size();
  if (ttl <= std::chrono::seconds{0} || bytes > limits_.bytes / 8) {
    if (const auto old = index_.find(key); old != index_.end()) {
      erase(old->second);  // superseded, and so not even good as a stale answer
    }
    return;
  }
  Entry& entry = at(key);
  answer.message.shrink_to_fit();
  answer.ttl_offsets.shrink_to_fit();
  entry.answer = std::move(answer);
  entry.learnt = now;
  entry.expires = now + ttl;
  entry.failed_until = {};
  account(entry);
}

void Cache::fail(std::string_view key, ExtendedError error, TimePoint now) {
  if (limits_.bytes == 0) {
    return;
  }
  Entry& entry = at(key);
  // RFC 9520 wants at least one second; RFC 2308, 7 allows minutes, which is long for a cluster.
  entry.failed_until =
      now + std::clamp(limits_.failure_ttl, std::chrono::seconds{1}, std::chrono::seconds{5});
  entry.error = error;
  account(entry);
}

void Cache::set_limits(CacheLimits limits) {
  limits_ = limits;
  while (bytes_ > limits_.bytes) {
    erase(std::prev(entries_.end()));
  }
}

Cache::Entry* Cache::use(std::string_view key) {
  const auto found = index_.find(key);
  if (found == index_.end()) {
    return nullptr;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return &entries_.front();
}

Cache::Entry& Cache::at(std::string_view key) {
  if (Entry* entry = use(key)) {
    return *entry;
  }
  entries_.emplace_front().key = key;
  index_.emplace(entries_.front().key, entries_.begin());
  return entries_.front();
}

// Called for the entry in front, which is the last to be dropped.
void Cache::account(Entry& entry) {
  bytes_ -= entry.bytes;
  entry.bytes = overhead + entry.key.size();
  if (entry.answer) {
    entry.bytes += entry.answer->message.size() + 2 * entry.answer->ttl_offsets.size();
  }
  bytes_ += entry.bytes;
  while (bytes_ > limits_.bytes && entries_.size() > 1) {
    erase(std::prev(entries_.end()));
  }
}

void Cache::erase(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  index_.erase(entry->key);
  entries_.erase(entry);
}

}  // namespace paddock::dns::upstream
