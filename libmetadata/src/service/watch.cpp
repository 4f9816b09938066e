// SPDX-License-Identifier: Apache-2.0
#include "service/watch.hpp"

#include <paddock/metadata/codec.hpp>

#include <utility>

namespace paddock::metadata::service {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t batch_bytes = 64 * 1024;

void append_event(std::string& text, const Difference& difference, std::uint64_t revision) {
  text += difference.after ? encode_put(*difference.after)
                           : encode_delete(difference.before->key(), revision);
}

class Watch final : public ChunkSource {
 public:
  Watch(Watchers& watchers, WatchStart start)
      : watchers_(watchers), start_(std::move(start)), last_sent_(Clock::now()) {
    watchers_.add(start_.connection);
    if (start_.since) {
      target_ = std::exchange(start_.cluster, nullptr);
    } else {
      sent_ = std::make_shared<const Cluster>();
      target_ = std::exchange(start_.cluster, nullptr);
    }
  }
  ~Watch() override { watchers_.remove(start_.connection); }

  Chunk next() override {
    if (start_.since) return resumed();
    if (target_) return next_batch();
    const auto newest = watchers_.newest();
    if (newest && newest != sent_) {
      target_ = newest;
      if (auto events = watchers_.few_events(sent_, newest)) {
        sent_ = std::exchange(target_, nullptr);
        return data(std::move(events));
      }
      return next_batch();
    }
    const auto heartbeat_at = last_sent_ + start_.heartbeat;
    if (Clock::now() < heartbeat_at) return {Chunk::State::waiting, nullptr, heartbeat_at};
    return data(encode_heartbeat(sent_->stamp()));
  }

 private:
  Chunk data(std::shared_ptr<const std::string> text) {
    last_sent_ = Clock::now();
    return {Chunk::State::data, std::move(text), {}};
  }
  Chunk data(std::string text) {
    return data(std::make_shared<const std::string>(std::move(text)));
  }

  // Part of the way from sent_ to target_.
  Chunk next_batch() {
    std::string text;
    const bool is_whole = diff(
        *sent_, *target_,
        [&](const Difference& difference) {
          append_event(text, difference, target_->revision());
          last_ = difference.either().key();
          return text.size() < batch_bytes;
        },
        last_);
    if (is_whole) {
      text += encode_bookmark(target_->stamp());
      sent_ = std::exchange(target_, nullptr);
      last_.reset();
    }
    return data(std::move(text));
  }

  // What a reader that comes back has missed. The changes are few: the store keeps a bounded
  // number of them.
  Chunk resumed() {
    Cluster::Stamp stamp = target_->stamp();
    stamp.revision = *start_.since;
    std::string text = encode_bookmark(stamp);
    for (const Change& change : start_.changes) {
      if (const ObjectPtr object = target_->find(change.key)) {
        text += encode_put(*object);
      } else {
        text += encode_delete(change.key, change.revision);
      }
    }
    if (target_->revision() != stamp.revision) text += encode_bookmark(target_->stamp());
    start_.since.reset();
    start_.changes = {};
    sent_ = std::exchange(target_, nullptr);
    return data(std::move(text));
  }

  Watchers& watchers_;
  WatchStart start_;
  Clock::time_point last_sent_;
  std::shared_ptr<const Cluster> sent_;    // what the reader has, or has in part left behind
  std::shared_ptr<const Cluster> target_;  // on the way to it; null: the reader has sent_
  std::optional<Key> last_;                // of the way
};

}  // namespace

std::shared_ptr<const std::string> Watchers::few_events(const std::shared_ptr<const Cluster>& from,
                                                        const std::shared_ptr<const Cluster>& to) {
  if (from_ == from && to_ == to) return events_;
  std::string text;
  const bool is_whole = diff(*from, *to, [&](const Difference& difference) {
    append_event(text, difference, to->revision());
    return text.size() < batch_bytes;
  });
  if (is_whole) text += encode_bookmark(to->stamp());
  from_ = from;
  to_ = to;
  events_ = is_whole ? std::make_shared<const std::string>(std::move(text)) : nullptr;
  return events_;
}

std::unique_ptr<ChunkSource> watch(Watchers& watchers, WatchStart start) {
  return std::make_unique<Watch>(watchers, std::move(start));
}

}  // namespace paddock::metadata::service
