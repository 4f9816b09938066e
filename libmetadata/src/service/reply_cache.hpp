// SPDX-License-Identifier: Apache-2.0
//
// Answers that were given and are still right, by who asked for what in which words: the same few
// are asked for again and again. An answer holds until something it was made of changes.
#pragma once

#include "documents/edition.hpp"
#include "service/document_answer.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::service {

// When the things behind marks changed last, as far as is remembered: marks share places, so a
// mark may look changed by another's change, never the other way round.
class RecentChanges {
 public:
  void note(std::span<const documents::Mark> marks, std::uint64_t edition);
  void note_everything(std::uint64_t edition) noexcept { floor_ = edition; }
  [[nodiscard]] bool is_unchanged(std::span<const documents::Mark> marks,
                                  std::uint64_t since) const noexcept;

 private:
  static constexpr std::size_t places = 1U << 17U;
  std::vector<std::uint64_t> last_ = std::vector<std::uint64_t>(places);
  std::uint64_t floor_ = 0;
};

// Which personal answers may be there, by hash: small enough to stay in the processor's caches,
// which the answers of many clients do not. Says yes of some that are not.
class MayBeKept {
 public:
  void add(std::uint64_t hash) noexcept { bits_[word_of(hash)] |= 1ULL << (hash % 64); }
  [[nodiscard]] bool has(std::uint64_t hash) const noexcept {
    return (bits_[word_of(hash)] >> (hash % 64) & 1U) != 0;
  }

 private:
  static constexpr std::size_t words = 1U << 13U;
  static std::size_t word_of(std::uint64_t hash) noexcept { return hash / 64 % words; }
  std::vector<std::uint64_t> bits_ = std::vector<std::uint64_t>(words);
};

// Bounded: when the younger half is full, the older half is forgotten.
class ReplyCache {
 public:
  // What a question is known by. `client` counts only where the answer is a personal one.
  struct Key {
    std::string_view path;    // without a zero byte
    std::string_view accept;  // likewise: the form
    std::string_view client;  // who asks
  };
  // Null when there is none, or it may not be right any more. There until something else is
  // called here.
  [[nodiscard]] const std::shared_ptr<const DocumentAnswer>& find(const Key& key);
  // Whether this was asked before, not long ago, by this client if its answer is a personal one. An
  // answer is worth keeping then: of very many who each ask once, keeping them would cost more than
  // it spares, and drive out those who come again.
  [[nodiscard]] bool is_asked_again(const Key& key, bool is_personal);
  // Keeps an answer made of the edition of take().
  void keep(const Key& key, std::shared_ptr<const DocumentAnswer> answer);
  // A new edition: what it changes is not found any more.
  void take(const documents::Edition& edition);
  // Forgets all: something else is served from now on.
  void clear();

 private:
  // What is looked for: a key without its client, unless the answer is a personal one.
  struct Sought {
    const Key& key;
    bool is_personal;
    std::uint64_t hash;
  };
  // Where it is found: the parts of the key, with a zero byte between two.
  struct Place {
    std::string text;
    std::uint64_t hash;
  };
  struct HashOf {
    using is_transparent = void;
    using is_avalanching = void;  // as it is
    std::size_t operator()(const Place& place) const noexcept { return place.hash; }
    std::size_t operator()(const Sought& sought) const noexcept { return sought.hash; }
  };
  struct IsSame {
    using is_transparent = void;
    bool operator()(const Place& a, const Place& b) const noexcept { return a.text == b.text; }
    bool operator()(const Sought& sought, const Place& place) const noexcept;
  };
  struct Entry {
    std::shared_ptr<const DocumentAnswer> answer;
    std::uint64_t edition = 0;  // the newest of which it is known to be right
  };
  struct Half {
    boost::unordered_flat_map<Place, Entry, HashOf, IsSame> entries;
    MayBeKept personal;
    std::size_t bytes = 0;
  };
  // The one found last, where it is among the younger; looked at first, for whoever asks several
  // questions at once, or again and again, mostly repeats himself.
  struct Last {
    const Place* place = nullptr;  // null: none, or it may have moved
    Entry* entry = nullptr;
    bool is_personal = false;
  };
  [[nodiscard]] static bool is_of(const Place& place, const Key& key, bool is_personal) noexcept;
  [[nodiscard]] static Sought for_all(const Key& key);
  [[nodiscard]] static Sought for_client(const Key& key, const Sought& all);
  [[nodiscard]] const std::shared_ptr<const DocumentAnswer>& find(const Sought& sought);
  // Where it is then, among the younger.
  [[nodiscard]] Last look_up(const Sought& sought);
  [[nodiscard]] bool is_right(Entry& entry) const noexcept;
  // To the younger.
  Last add(Place place, bool is_personal, Entry entry);

  Half young_;
  Half old_;
  RecentChanges recent_;
  Last last_;
  std::uint64_t edition_ = 0;
  static constexpr std::size_t asked_places = 1U << 15U;
  std::vector<std::uint32_t> asked_ = std::vector<std::uint32_t>(asked_places);  // lately, by hash
};

}  // namespace paddock::metadata::service
