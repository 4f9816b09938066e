// SPDX-License-Identifier: Apache-2.0
//
// Cache: the answers of other resolvers, by question, in a bounded number of
// bytes. Keeps an answer past its time for as long as it may be served stale.
// One worker owns one; time is told by the caller.
#pragma once

#include "upstream/known_answer.hpp"

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace paddock::dns::upstream {

struct CacheLimits {
  std::size_t bytes = 0;
  std::chrono::seconds max_ttl{3600};
  std::chrono::seconds max_negative_ttl{300};
  std::chrono::seconds failure_ttl{5};
  std::chrono::seconds serve_stale{3600};
};

class Cache {
 public:
  explicit Cache(CacheLimits limits) : limits_(limits) {}
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  // What may be given without asking anyone: a fresh answer; or, shortly after a failure, a stale
  // one or that failure (RFC 9520). Nothing: ask.
  [[nodiscard]] std::optional<Resolution> find(std::string_view key, TimePoint now);

  // An expired answer that may still be given (RFC 8767).
  [[nodiscard]] std::optional<Resolution> find_stale(std::string_view key, TimePoint now);

  // Keeps an answer if it may be kept at all and takes no more than an eighth of the cache; makes
  // room by dropping what was used longest ago.
  void store(std::string_view key, KnownAnswer answer, TimePoint now);

  // Remembers that nobody could answer. An older answer stays, to be served stale.
  void fail(std::string_view key, ExtendedError error, TimePoint now);

  void set_limits(CacheLimits limits);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    std::optional<KnownAnswer> answer;
    TimePoint learnt;
    TimePoint expires;
    TimePoint failed_until;
    ExtendedError error = ExtendedError::none;
    std::size_t bytes = 0;
  };
  using Entries = std::list<Entry>;  // most recently used first

  Entry* use(std::string_view key);
  Entry& at(std::string_view key);
  void account(Entry& entry);
  void erase(Entries::iterator entry);

  CacheLimits limits_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> index_;  // keys live in the entries
  std::size_t bytes_ = 0;
};

}  // namespace paddock::dns::upstream
