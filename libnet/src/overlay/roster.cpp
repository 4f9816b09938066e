// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster.hpp"

#include <algorithm>
#include <utility>

namespace paddock::net::overlay {
namespace {

void append_sentence(std::string& text, const std::string& sentence) {
  if (!sentence.empty()) {
    text += (text.empty() ? "" : "; ") + sentence;
  }
}

}  // namespace

void Roster::enter(Records::value_type& record) {
  for (const std::string& rival : table_.add(record.second.entries, record.first)) {
    if (is_guard(rival)) {
      continue;
    }
    const std::string common = "a subnet or device address is also that of ";
    append_sentence(record.second.rivalry, common + rival);
    if (const auto other = records_.find(rival); other != records_.end()) {
      append_sentence(other->second.rivalry, common + record.first + ", which came later");
    }
  }
}

void Roster::rebuild() {
  table_.clear();
  table_.reserve(records_.size());
  (void)table_.add(guard_, guard_name_);
  std::vector<Records::value_type*> in_turn;
  in_turn.reserve(records_.size());
  for (auto& record : records_) {
    record.second.rivalry.clear();
    in_turn.push_back(&record);
  }
  std::sort(in_turn.begin(), in_turn.end(), [](const auto* left, const auto* right) {
    return left->second.turn < right->second.turn;
  });
  for (auto* const record : in_turn) {
    enter(*record);
  }
}

void Roster::set_guard(PeerEntries entries) {
  guard_ = std::move(entries);
  rebuild();
}

void Roster::replace(std::vector<Peer> peers, const Planner& plan) {
  Records former = std::move(records_);
  records_.clear();
  for (Peer& peer : peers) {
    const std::string host = peer.host;
    Record& record = records_[host];
    if (auto known = former.extract(host)) {  // since when it fares as it does goes on
      record = std::move(known.mapped());
    }
    record.turn = ++turns_;
    record.entries = plan(peer);
    record.peer = std::move(peer);
  }
  rebuild();
}

void Roster::replan(const Planner& plan) {
  for (auto& [host, record] : records_) {
    record.entries = plan(record.peer);
  }
  rebuild();
}

Roster::Change Roster::put(Peer peer, const Planner& plan) {
  const std::string host = peer.host;
  const auto known = records_.try_emplace(host).first;
  Record& record = known->second;
  Change change;
  change.before = std::exchange(record.entries, plan(peer));
  change.after = record.entries;
  record.peer = std::move(peer);
  record.turn = ++turns_;
  if (!table_.contested()) {
    table_.remove(change.before, host);
    enter(*known);
  }
  if (table_.contested()) {
    rebuild();
    change.simple = false;
  }
  return change;
}

Roster::Change Roster::remove(std::string_view host) {
  const auto known = records_.find(host);
  if (known == records_.end()) {
    return {};
  }
  Change change{!table_.contested(), std::move(known->second.entries), {}};
  table_.remove(change.before, known->first);
  records_.erase(known);
  if (!change.simple) {
    rebuild();
  }
  return change;
}

void Roster::forget_refusals(std::string_view host) {
  if (const auto known = records_.find(host); known != records_.end()) {
    known->second.refusal.clear();
  }
}

void Roster::forget_refusals() {
  if (!std::exchange(any_refused_, false)) {
    return;
  }
  for (auto& [host, record] : records_) {
    record.refusal.clear();
  }
}

void Roster::refuse(std::string_view host, const std::string& sentence) {
  if (const auto known = records_.find(host); known != records_.end()) {
    append_sentence(known->second.refusal, sentence);
    any_refused_ = true;
  }
}

void Roster::settle(Record& record) {
  std::string trouble = record.entries.trouble;
  append_sentence(trouble, record.rivalry);
  append_sentence(trouble, record.refusal);
  if (record.since.time_since_epoch().count() == 0 || record.path != record.entries.path ||
      record.trouble != trouble) {
    record.since = std::chrono::system_clock::now();
  }
  record.path = record.entries.path;
  record.trouble = std::move(trouble);
}

void Roster::settle(std::string_view host) {
  if (const auto known = records_.find(host); known != records_.end()) {
    settle(known->second);
  }
}

void Roster::settle() {
  for (auto& [host, record] : records_) {
    settle(record);
  }
}

std::vector<PeerStatus> Roster::status(std::string_view after, std::size_t most) const {
  std::vector<PeerStatus> found;
  found.reserve(std::min(most, records_.size()));
  for (auto next = records_.upper_bound(after); next != records_.end() && found.size() < most;
       ++next) {
    const Record& record = next->second;
    found.push_back({record.peer, record.path, record.trouble, record.since});
  }
  return found;
}

}  // namespace paddock::net::overlay
