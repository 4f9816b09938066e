// SPDX-License-Identifier: Apache-2.0
//
// Epochs: when something that readers may be looking at can be freed. A reader
// says that it is inside, where it may look at what is shared, and that it is
// outside, where it holds nothing. What a writer took out is freed when every
// reader that was inside then has been outside since. Readers never wait: one
// exchange on a line of their own for each turn of their loop.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>
#include <vector>

namespace paddock::dns::upstream {

class Epochs {
 public:
  explicit Epochs(std::size_t readers) : readers_(readers) {}

  // The order of all (sequential consistency) is what makes this right: who is not seen inside by
  // oldest() sees everything that was taken out before it.
  void enter(std::size_t reader) { readers_[reader].epoch.exchange(now_.load()); }
  void leave(std::size_t reader) { readers_[reader].epoch.store(outside); }

  // After something was taken out: the epoch at which it was.
  [[nodiscard]] std::uint64_t advance() { return now_.fetch_add(1) + 1; }

  // Whether the reader is outside, or came in at the epoch or later.
  [[nodiscard]] bool is_past(std::size_t reader, std::uint64_t epoch) const {
    return readers_[reader].epoch.load() >= epoch;
  }

  // What was taken out at this epoch or before is nobody's any more.
  [[nodiscard]] std::uint64_t oldest() const {
    std::uint64_t oldest = outside;
    for (const auto& reader : readers_) {
      oldest = std::min(oldest, reader.epoch.load());
    }
    return oldest;
  }

 private:
  static constexpr std::uint64_t outside = std::numeric_limits<std::uint64_t>::max();

  struct alignas(64) Reader {
    std::atomic<std::uint64_t> epoch{outside};
  };

  std::atomic<std::uint64_t> now_{0};
  std::vector<Reader> readers_;
};

}  // namespace paddock::dns::upstream
