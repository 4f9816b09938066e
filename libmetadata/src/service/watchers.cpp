// SPDX-License-Identifier: Apache-2.0
//
// What the readers of the stream share.
#include "service/watch.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <utility>

namespace paddock::metadata::service {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;
constexpr std::size_t kept_bytes = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds turn{2};
// A long list of what was missed is used again that long: readers often come back together.
constexpr std::size_t long_list = 1000;
constexpr std::chrono::seconds list_age{1};

}  // namespace

void Watchers::advance(Pace pace) {
  auto newest = store_.cluster();
  if (!newest || newest == cluster_) return;
  const auto now = Clock::now();
  if (pace == Pace::steady && now < next_turn_) return;
  next_turn_ = now + turn;
  const auto before = std::exchange(cluster_, std::move(newest));
  if (ids_.empty() || !before) {
    forget_pieces();  // nobody has a place
  } else {
    encode(*before, *cluster_);
  }
  if (before && before->store() != cluster_->store()) {
    of_store_ = end();
    missed_.reset();
  }
}

Watchers::Clock::time_point Watchers::due() const {
  return store_.cluster() == cluster_ ? Clock::time_point::max() : next_turn_;
}

void Watchers::encode(const Cluster& from, const Cluster& to) {
  std::size_t made = 0;
  std::string text;
  const auto keep = [&](std::uint64_t revision) {
    made += text.size();
    bytes_ += text.size();
    pieces_.push_back({std::make_shared<const std::string>(std::exchange(text, {})), revision});
  };
  const bool is_whole = diff(from, to, [&](const Difference& difference) {
    append(text, difference, to.revision());
    if (text.size() >= piece_bytes) keep(from.revision());
    return made < kept_bytes / 2;
  });
  text += encode_bookmark(to.stamp());
  keep(to.revision());
  if (!is_whole) return forget_pieces();
  while (bytes_ > kept_bytes && pieces_.size() > 1) {
    bytes_ -= pieces_.front().text->size();
    pieces_.pop_front();
    ++first_;
  }
}

// Whoever has a place before the end has lost it.
void Watchers::forget_pieces() {
  first_ = end() + 1;
  pieces_.clear();
  bytes_ = 0;
}

const Watchers::Piece* Watchers::piece(std::uint64_t number) const {
  return number < first_ || number >= end() ? nullptr : &pieces_[number - first_];
}

std::shared_ptr<const Watchers::Missed> Watchers::missed(std::uint64_t since,
                                                         std::optional<std::uint64_t> number) {
  if (number && *number < of_store_) return nullptr;
  const auto now = Clock::now();
  if (missed_ && missed_->since <= since && since <= missed_->stamp.revision &&
      missed_->next >= first_ && missed_->changes.size() >= long_list &&
      now < missed_at_ + list_age) {
    return missed_;
  }
  advance(Pace::now);
  auto changes = cluster_ ? store_.changes_since(since) : std::nullopt;
  if (!changes) return nullptr;
  missed_at_ = now;
  missed_ = std::make_shared<const Missed>(Missed{
      .since = since, .changes = std::move(*changes), .stamp = cluster_->stamp(), .next = end()});
  return missed_;
}

void Watchers::append(std::string& text, const Difference& difference,
                      std::uint64_t revision) const {
  const Object& either = difference.either();
  if (!has_kind(part_, either.kind)) return;
  if (!difference.after) {
    text += encode_delete(either.key(), revision);
  } else if (part_ == Part::all) {
    text += encode_put(either);
  } else if (!difference.before || !same_in(part_, difference.before, difference.after)) {
    text += encode_put(*part_of(part_, difference.after));
  }
}

void Watchers::append_change(std::string& text, const Change& change) const {
  if (!has_kind(part_, change.key.kind)) return;
  if (const ObjectPtr object = cluster_->find(change.key)) {
    text += encode_put(*part_of(part_, object));
  } else {
    // The store may be ahead of what has been made pieces of.
    text += encode_delete(change.key, std::min(change.revision, cluster_->revision()));
  }
}

void Watchers::remove(ConnectionId id) {
  ids_.erase(id);
  rest();
}

void Watchers::rest() {
  if (!ids_.empty()) return;
  forget_pieces();
  cluster_.reset();
  missed_.reset();
}

}  // namespace paddock::metadata::service
