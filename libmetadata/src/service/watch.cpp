// SPDX-License-Identifier: Apache-2.0
#include "service/watch.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <utility>

namespace paddock::metadata::service {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t batch_bytes = 64 * 1024;

class Watch final : public ChunkSource {
 public:
  Watch(Watchers& watchers, WatchStart start)
      : watchers_(watchers),
        connection_(start.connection),
        heartbeat_(start.heartbeat),
        missed_(std::move(start.missed)),
        number_(watchers.end()),
        last_sent_(Clock::now()) {
    watchers_.add(connection_);
    if (missed_) {
      Cluster::Stamp stamp = missed_->stamp;
      revision_ = stamp.revision = missed_->since;
      opening_ = encode_bookmark(stamp);
    } else {
      initial_ = watchers_.cluster();
    }
  }
  ~Watch() override { watchers_.remove(connection_); }

  Chunk next() override {
    if (initial_) return initial();
    if (missed_) return catch_up();
    watchers_.advance();
    if (const auto* piece = watchers_.piece(number_)) {
      ++number_;
      revision_ = piece->revision;
      return data(piece->text);
    }
    if (number_ != watchers_.end()) {
      missed_ = watchers_.missed(revision_, number_);
      // Not even that is known any more: the reader comes again, and begins anew.
      return missed_ ? catch_up() : Chunk{};
    }
    const auto heartbeat_at = last_sent_ + heartbeat_;
    if (Clock::now() >= heartbeat_at) return data(encode_heartbeat(watchers_.cluster()->stamp()));
    return {Chunk::State::waiting, nullptr, std::min(heartbeat_at, watchers_.due())};
  }

 private:
  Chunk data(std::shared_ptr<const std::string> text) {
    last_sent_ = Clock::now();
    return {Chunk::State::data, std::move(text), {}};
  }
  Chunk data(std::string text) {
    return data(std::make_shared<const std::string>(std::move(text)));
  }

  // Part of the whole state.
  Chunk initial() {
    std::string text;
    const bool is_whole = diff(
        Cluster(), *initial_,
        [&](const Difference& difference) {
          watchers_.append(text, difference, initial_->revision());
          last_ = difference.after->key();
          return text.size() < batch_bytes;
        },
        last_);
    if (is_whole) {
      text += encode_bookmark(initial_->stamp());
      revision_ = initial_->revision();
      initial_.reset();
      last_.reset();
    }
    return data(std::move(text));
  }

  // Part of what was missed.
  Chunk catch_up() {
    std::string text = std::exchange(opening_, {});
    const auto& changes = missed_->changes;
    if (place_ == 0) {
      place_ =
          std::ranges::upper_bound(changes, revision_, {}, &Change::revision) - changes.begin();
    }
    const auto size = static_cast<std::ptrdiff_t>(changes.size());
    for (; place_ < size && text.size() < batch_bytes; ++place_) {
      watchers_.append_change(text, changes[static_cast<std::size_t>(place_)]);
    }
    if (place_ == size) {
      // Where the cluster has moved on meanwhile, what was sent is partly newer: the pieces that
      // follow bring the rest, and the bookmark.
      const auto now = watchers_.cluster()->revision();
      if (now == missed_->stamp.revision && now != revision_) {
        text += encode_bookmark(missed_->stamp);
      }
      revision_ = missed_->stamp.revision;
      number_ = missed_->next;
      missed_.reset();
      place_ = 0;
    }
    return data(std::move(text));
  }

  Watchers& watchers_;
  ConnectionId connection_;
  std::chrono::seconds heartbeat_;
  std::shared_ptr<const Cluster> initial_;          // while the whole state is being sent
  std::optional<Key> last_;                         // of it
  std::shared_ptr<const Watchers::Missed> missed_;  // while what was missed is being sent
  std::ptrdiff_t place_ = 0;                        // in it
  std::string opening_;                             // sent before everything else
  std::uint64_t number_;                            // of the next piece
  std::uint64_t revision_ = 0;                      // of the last bookmark
  Clock::time_point last_sent_;
};

}  // namespace

std::unique_ptr<ChunkSource> watch(Watchers& watchers, WatchStart start) {
  return std::make_unique<Watch>(watchers, std::move(start));
}

}  // namespace paddock::metadata::service
