// SPDX-License-Identifier: Apache-2.0
#include "upstream/cache.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <functional>

namespace paddock::dns::upstream {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t slots_per_bucket = 6;   // with their tags, one cache line
constexpr std::size_t bytes_per_slot = 256;   // fewer than an entry has: buckets are not full
constexpr std::size_t buckets_looked_at = 4;  // to find what was used longest ago
constexpr std::uint8_t hot = 4;               // uses that make an answer worth fetching again
constexpr std::size_t allocator_overhead = 16;

std::chrono::seconds whole_seconds(TimePoint::duration d) {
  return std::chrono::duration_cast<std::chrono::seconds>(d);
}

std::uint16_t tag_of(std::size_t hash) { return static_cast<std::uint16_t>(hash >> 48 | 1); }

}  // namespace

// One allocation: the key, the message and the offsets of its TTLs stand behind it.
struct Cache::Entry {
  AnswerView answer;  // without a message when there only ever was a failure
  TimePoint learnt;
  TimePoint expires;
  TimePoint refresh_from;  // the last tenth of its time
  std::size_t bytes;       // with what the allocator needs
  std::string_view key;
  mutable std::atomic<TimePoint::rep> failed_until{0};
  mutable std::atomic<NoAnswer> failure{};
  mutable std::atomic<std::uint32_t> used{0};  // generation when it was found, roughly
  mutable std::atomic<std::uint8_t> uses{0};   // stops at `hot`
  mutable std::atomic<bool> is_refreshing{false};

  [[nodiscard]] bool has_answer() const { return !answer.message.empty(); }

  static std::size_t size_of(std::string_view key, std::size_t message, std::size_t offsets) {
    return sizeof(Entry) + 2 * offsets + key.size() + message + allocator_overhead;
  }

  static std::unique_ptr<Entry> make(std::string_view key, const KnownAnswer* answer) {
    const auto message = answer != nullptr ? answer->message.size() : 0;
    const auto offsets = answer != nullptr ? answer->ttl_offsets.size() : 0;
    const auto bytes = size_of(key, message, offsets);
    std::unique_ptr<Entry> entry(new (::operator new(bytes - allocator_overhead)) Entry);
    auto* at = reinterpret_cast<std::uint8_t*>(entry.get() + 1);
    auto* const kept_offsets = reinterpret_cast<std::uint16_t*>(at);
    auto* const kept_key = at + 2 * offsets;
    auto* const kept_message = kept_key + key.size();
    std::memcpy(kept_key, key.data(), key.size());
    if (answer != nullptr) {
      std::ranges::copy(answer->ttl_offsets, kept_offsets);
      std::ranges::copy(answer->message, kept_message);
      entry->answer = answer->view();
      entry->answer.message = {kept_message, message};
      entry->answer.ttl_offsets = {kept_offsets, offsets};
    }
    entry->key = {reinterpret_cast<const char*>(kept_key), key.size()};
    entry->bytes = bytes;
    return entry;
  }

  static void operator delete(void* memory) { ::operator delete(memory); }
};

struct alignas(64) Cache::Bucket {
  std::array<std::atomic<std::uint16_t>, slots_per_bucket> tags{};
  std::array<std::atomic<Entry*>, slots_per_bucket> entries{};
};

struct Cache::Table {
  explicit Table(std::size_t bytes)
      : buckets(std::bit_ceil(bytes / bytes_per_slot / slots_per_bucket + 1)) {}

  [[nodiscard]] Bucket& bucket_of(std::size_t hash) { return buckets[hash & (buckets.size() - 1)]; }

  std::vector<Bucket> buckets;
};

Cache::Cache(CacheLimits limits, Epochs& epochs)
    : epochs_(epochs),
      limits_(limits),
      serve_stale_(limits.serve_stale),
      table_(new Table(limits.bytes)) {}

Cache::~Cache() {
  const std::unique_ptr<Table> table(table_.load());
  for (auto& bucket : table->buckets) {
    for (auto& slot : bucket.entries) {
      delete slot.load();
    }
  }
}

const Cache::Entry* Cache::look_up(std::string_view key) const {
  const auto hash = std::hash<std::string_view>()(key);
  const auto tag = tag_of(hash);
  const Bucket& bucket = table_.load()->bucket_of(hash);
  for (std::size_t i = 0; i < slots_per_bucket; ++i) {
    if (bucket.tags[i].load(std::memory_order_relaxed) == tag) {
      if (const Entry* const entry = bucket.entries[i].load();
          entry != nullptr && entry->key == key) {
        return entry;
      }
    }
  }
  return nullptr;
}

// Written only when it says something new, so that an entry everybody uses stays in everybody's
// cache.
void Cache::mark_used(const Entry& entry) const {
  const auto now = generation_.load(std::memory_order_relaxed);
  const auto slack = static_cast<std::uint32_t>(size() / 16);
  if (now - entry.used.load(std::memory_order_relaxed) > slack) {
    entry.used.store(now, std::memory_order_relaxed);
  }
  if (const auto uses = entry.uses.load(std::memory_order_relaxed); uses < hot) {
    entry.uses.store(static_cast<std::uint8_t>(uses + 1), std::memory_order_relaxed);
  }
}

std::optional<Resolution> Cache::find(std::string_view key, TimePoint now) {
  const Entry* entry = look_up(key);
  if (entry == nullptr) {
    return std::nullopt;
  }
  mark_used(*entry);
  if (entry->has_answer() && now < entry->expires) {
    Resolution found{.answer = entry->answer,
                     .presentation = {.age = whole_seconds(now - entry->learnt)}};
    found.wants_refresh = now >= entry->refresh_from &&
                          entry->uses.load(std::memory_order_relaxed) >= hot &&
                          !entry->is_refreshing.load(std::memory_order_relaxed) &&
                          !entry->is_refreshing.exchange(true);
    return found;
  }
  if (now.time_since_epoch().count() < entry->failed_until.load(std::memory_order_relaxed)) {
    const auto stale = find_stale(key, now);
    return stale ? stale : Resolution{.failure = entry->failure.load(std::memory_order_relaxed)};
  }
  return std::nullopt;
}

std::optional<Resolution> Cache::find_stale(std::string_view key, TimePoint now) {
  const Entry* entry = look_up(key);
  if (entry == nullptr || !entry->has_answer() ||
      now >= entry->expires + serve_stale_.load(std::memory_order_relaxed)) {
    return std::nullopt;
  }
  return Resolution{.answer = entry->answer,
                    .presentation = {.age = whole_seconds(now - entry->learnt),
                                     .is_stale = now >= entry->expires}};
}

void Cache::store(std::string_view key, const KnownAnswer& answer, TimePoint now) {
  const std::lock_guard lock(writing_);
  const auto cap = answer.is_negative ? limits_.max_negative_ttl : limits_.max_ttl;
  const auto ttl = std::min(answer.ttl.value_or(0s), cap);
  const auto bytes = Entry::size_of(key, answer.message.size(), answer.ttl_offsets.size());
  if (ttl <= 0s || bytes > limits_.bytes / 8) {
    if (look_up(key) != nullptr) {
      take_out(place_for(key));  // superseded, and so not even good as a stale answer
    }
    return;
  }
  auto entry = Entry::make(key, &answer);
  entry->learnt = now;
  entry->expires = now + ttl;
  entry->refresh_from = limits_.prefetches
                            ? entry->expires - std::max<TimePoint::duration>(ttl / 10, 1s)
                            : TimePoint::max();
  put(place_for(key), std::move(entry));
}

void Cache::fail(std::string_view key, NoAnswer failure, TimePoint now) {
  const std::lock_guard lock(writing_);
  if (limits_.bytes == 0) {
    return;
  }
  const Entry* entry = look_up(key);
  if (entry == nullptr) {
    const auto place = place_for(key);
    put(place, Entry::make(key, nullptr));
    entry = place.bucket->entries[place.slot].load();
  }
  if (entry == nullptr) {
    return;  // no room
  }
  // RFC 9520 wants at least one second; RFC 2308, 7 allows minutes, which is long for a cluster.
  const auto until = now + std::clamp(limits_.failure_ttl, 1s, 5s);
  entry->failure.store(failure, std::memory_order_relaxed);
  entry->failed_until.store(until.time_since_epoch().count(), std::memory_order_relaxed);
}

// Where the key is or should be put: an empty slot, else the one used longest ago.
Cache::Place Cache::place_for(std::string_view key) {
  Bucket& bucket = table_.load()->bucket_of(std::hash<std::string_view>()(key));
  const auto now = generation_.load();
  std::size_t best = 0;
  std::uint32_t best_age = 0;
  for (std::size_t i = 0; i < slots_per_bucket; ++i) {
    const Entry* const entry = bucket.entries[i].load();
    if (entry != nullptr && entry->key == key) {
      return {&bucket, i};
    }
    const auto age = entry == nullptr ? ~std::uint32_t{0} : now - entry->used.load();
    if (age >= best_age) {
      best = i;
      best_age = age;
    }
  }
  return {&bucket, best};
}

void Cache::put(Place place, std::unique_ptr<Entry> entry) {
  take_out(place);
  entry->used = generation_.fetch_add(1) + 1;
  bytes_ += entry->bytes;
  ++count_;
  place.bucket->tags[place.slot] = tag_of(std::hash<std::string_view>()(entry->key));
  place.bucket->entries[place.slot] = entry.release();
  make_room();
  free_retired();
}

void Cache::take_out(Place place) {
  std::unique_ptr<Entry> old(place.bucket->entries[place.slot].exchange(nullptr));
  if (old) {
    bytes_ -= old->bytes;
    --count_;
    retired_.emplace_back(epochs_.advance(), std::move(old));
  }
}

// Drops, of what stands in the next few buckets, what was used longest ago, until it fits.
void Cache::make_room() {
  auto& buckets = table_.load()->buckets;
  const auto now = generation_.load();
  while (bytes_ > limits_.bytes && count_ > 0) {
    Place oldest{nullptr, 0};
    std::uint32_t oldest_age = 0;
    for (std::size_t looked_at = 0; looked_at < buckets_looked_at || oldest.bucket == nullptr;
         ++looked_at) {
      Bucket& bucket = buckets[hand_++ % buckets.size()];
      for (std::size_t i = 0; i < slots_per_bucket; ++i) {
        const Entry* const entry = bucket.entries[i].load();
        if (entry != nullptr && (oldest.bucket == nullptr || now - entry->used > oldest_age)) {
          oldest = {&bucket, i};
          oldest_age = now - entry->used;
        }
      }
    }
    take_out(oldest);
  }
}

void Cache::free_retired() {
  if (retired_.empty() && retired_tables_.empty()) {
    return;
  }
  const auto oldest = epochs_.oldest();
  std::erase_if(retired_, [oldest](const auto& entry) { return entry.first <= oldest; });
  std::erase_if(retired_tables_, [oldest](const auto& table) { return table.first <= oldest; });
}

void Cache::set_limits(CacheLimits limits) {
  const std::lock_guard lock(writing_);
  const bool is_resized = limits.bytes != limits_.bytes;
  limits_ = limits;
  serve_stale_ = limits.serve_stale;
  if (is_resized) {
    // Entries move to the new table; who still looks into the old one finds them there, too.
    std::unique_ptr<Table> old(table_.exchange(new Table(limits.bytes)));
    count_ = 0;
    bytes_ = 0;
    hand_ = 0;
    for (auto& bucket : old->buckets) {
      for (auto& slot : bucket.entries) {
        if (std::unique_ptr<Entry> entry(slot.load()); entry) {
          const auto place = place_for(entry->key);
          put(place, std::move(entry));
        }
      }
    }
    retired_tables_.emplace_back(epochs_.advance(), std::move(old));
  }
  make_room();
  free_retired();
}

}  // namespace paddock::dns::upstream
