// SPDX-License-Identifier: Apache-2.0
//
// Cache: the answers of other resolvers, by question, in a bounded number of
// bytes, for all workers. Keeps an answer past its time for as long as it may be
// served stale.
//
// Finding takes no lock and writes to nothing that workers share, but for a mark
// now and then that an entry is in use; entries never change but for such marks,
// and are freed by Epochs. Storing takes a lock: it follows an exchange with
// another resolver, never a mere look-up. Time is told by the caller.
#pragma once

#include "upstream/epochs.hpp"
#include "upstream/known_answer.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::dns::upstream {

struct CacheLimits {
  std::size_t bytes = 0;
  std::chrono::seconds max_ttl{3600};
  std::chrono::seconds max_negative_ttl{1800};
  std::chrono::seconds failure_ttl{5};
  std::chrono::seconds serve_stale{3600};
  bool prefetches = true;
};

class Cache {
 public:
  Cache(CacheLimits limits, Epochs& epochs);
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // For the two that find: the caller is inside the epochs, and what it is given is borrowed until
  // it leaves.
  //
  // What may be given without asking anyone: a fresh answer; or, shortly after a failure, a stale
  // one or that failure (RFC 9520). Nothing: ask.
  [[nodiscard]] std::optional<Resolution> find(std::string_view key, TimePoint now);

  // An expired answer that may still be given (RFC 8767).
  [[nodiscard]] std::optional<Resolution> find_stale(std::string_view key, TimePoint now);

  // Keeps an answer if it may be kept at all and takes no more than an eighth of the cache; makes
  // room by dropping what was used longest ago, of a few.
  void store(std::string_view key, const KnownAnswer& answer, TimePoint now);

  // Remembers that nobody could answer. An older answer stays, to be served stale.
  void fail(std::string_view key, NoAnswer failure, TimePoint now);

  void set_limits(CacheLimits limits);

  [[nodiscard]] std::size_t size() const { return count_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Entry;
  struct Bucket;
  struct Table;
  struct Place {
    Bucket* bucket;
    std::size_t slot;
  };

  [[nodiscard]] const Entry* look_up(std::string_view key) const;
  void mark_used(const Entry& entry) const;
  [[nodiscard]] Place place_for(std::string_view key);
  void put(Place place, std::unique_ptr<Entry> entry);
  void make_room();
  void take_out(Place place);
  void free_retired();

  Epochs& epochs_;
  CacheLimits limits_;  // under the lock, but for what follows
  std::atomic<std::chrono::seconds> serve_stale_;
  std::atomic<Table*> table_;
  std::atomic<std::uint32_t> generation_{0};  // counts what is stored: the clock of use
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> bytes_{0};

  std::mutex writing_;
  std::size_t hand_ = 0;  // where make_room() goes on
  std::vector<std::pair<std::uint64_t, std::unique_ptr<Entry>>> retired_;
  std::vector<std::pair<std::uint64_t, std::unique_ptr<Table>>> retired_tables_;
};

}  // namespace paddock::dns::upstream
