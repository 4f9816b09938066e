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

Roster::Troubles& Roster::Record::troubled() {
  if (!troubles) {
    troubles = std::make_unique<Troubles>();
  }
  return *troubles;
}

PeerEntries Roster::plan_of(Record& record, const Planner& plan) {
  PeerEntries entries = plan(record.peer);
  record.planned = entries.path;
  if (record.troubles || !entries.trouble.empty()) {
    record.troubled().plan = entries.trouble;
  }
  return entries;
}

void Roster::enter(Records::value_type& record, const PeerEntries& entries) {
  for (const std::string& rival : table_.add(entries, record.first)) {
    if (is_guard(rival)) {
      continue;
    }
    const std::string common = "a subnet or device address is also that of ";
    append_sentence(record.second.troubled().rivalry, common + rival);
    if (const auto other = records_.find(rival); other != records_.end()) {
      append_sentence(other->second.troubled().rivalry,
                      common + record.first + ", which came later");
    }
  }
}

void Roster::rebuild(const Planner& plan) {
  table_.clear();
  table_.reserve(records_.size());
  (void)table_.add(guard_, guard_name_);
  std::vector<Records::value_type*> in_turn;
  in_turn.reserve(records_.size());
  for (auto& record : records_) {
    if (record.second.troubles) {
      record.second.troubles->rivalry.clear();
    }
    in_turn.push_back(&record);
  }
  std::sort(in_turn.begin(), in_turn.end(), [](const auto* left, const auto* right) {
    return left->second.turn < right->second.turn;
  });
  for (auto* const record : in_turn) {
    enter(*record, plan_of(record->second, plan));
  }
}

void Roster::set_guard(PeerEntries entries) {
  guard_ = std::move(entries);
  (void)table_.add(guard_, guard_name_);
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
    record.peer = std::move(peer);
  }
  rebuild(plan);
}

void Roster::replan(const Planner& plan) { rebuild(plan); }

Roster::Change Roster::put(Peer peer, const Planner& plan) {
  const auto [known, is_new] = records_.try_emplace(peer.host);
  Record& record = known->second;
  Change change;
  if (!is_new) {
    change.before = plan(record.peer);
  }
  record.peer = std::move(peer);
  record.turn = ++turns_;
  change.after = plan_of(record, plan);
  if (!table_.contested()) {
    table_.remove(change.before, known->first);
    enter(*known, change.after);
  }
  if (table_.contested()) {
    rebuild(plan);
    change.simple = false;
  }
  return change;
}

Roster::Change Roster::remove(std::string_view host, const Planner& plan) {
  const auto known = records_.find(host);
  if (known == records_.end()) {
    return {};
  }
  Change change{!table_.contested(), plan(known->second.peer), {}};
  table_.remove(change.before, known->first);
  records_.erase(known);
  if (!change.simple) {
    rebuild(plan);
  }
  return change;
}

void Roster::forget_refusals(std::string_view host) {
  const auto known = records_.find(host);
  if (known != records_.end() && known->second.troubles) {
    known->second.troubles->refusal.clear();
  }
}

void Roster::forget_refusals() {
  if (!std::exchange(any_refused_, false)) {
    return;
  }
  for (auto& [host, record] : records_) {
    if (record.troubles) {
      record.troubles->refusal.clear();
    }
  }
}

void Roster::refuse(std::string_view host, const std::string& sentence) {
  if (const auto known = records_.find(host); known != records_.end()) {
    append_sentence(known->second.troubled().refusal, sentence);
    any_refused_ = true;
  }
}

void Roster::settle(Record& record) {
  std::string trouble;
  bool is_changed = record.since.time_since_epoch().count() == 0 || record.path != record.planned;
  if (record.troubles) {
    append_sentence(trouble, record.troubles->plan);
    append_sentence(trouble, record.troubles->rivalry);
    append_sentence(trouble, record.troubles->refusal);
    is_changed = is_changed || record.troubles->settled != trouble;
  }
  if (is_changed) {
    record.since = std::chrono::system_clock::now();
  }
  record.path = record.planned;
  if (trouble.empty()) {
    record.troubles.reset();
  } else {
    record.troubles->settled = std::move(trouble);
  }
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
    found.push_back({record.peer, record.path,
                     record.troubles ? record.troubles->settled : std::string(), record.since});
  }
  return found;
}

}  // namespace paddock::net::overlay
