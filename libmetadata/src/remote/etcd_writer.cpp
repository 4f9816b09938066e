// SPDX-License-Identifier: Apache-2.0
#include "remote/etcd_writer.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace paddock::metadata::remote {
namespace {

using Status = WriteResult::Status;

// So often others may have been quicker.
constexpr int most_tries = 16;

// etcd takes 128 operations and 1.5 MB at once; a transaction that does not hold gets as many keys.
constexpr std::size_t most_together = 64;
constexpr std::size_t most_bytes_together = 512 * 1024;

// How many of the first writes go in one transaction, in which each key is there once.
std::size_t count_together(std::span<const Write* const> writes) {
  std::set<Key> keys;
  std::size_t bytes = 0;
  std::size_t count = 0;
  while (count < std::min(writes.size(), most_together)) {
    const Write& write = *writes[count];
    if (write.object) bytes += format_json(*write.object).size();
    if (count > 0 && bytes > most_bytes_together) break;
    if (!keys.insert(key_of(write)).second) break;
    ++count;
  }
  return count;
}

// Refused for one of them, which one is not known: a lease that has ended, too much at once.
bool may_be_taken_alone(const Error& why) {
  return why.code == etcd::Code::not_found || why.code == etcd::Code::invalid_argument ||
         why.code == etcd::Code::resource_exhausted;
}

Made unavailable(std::string why) {
  Made made;
  made.result.status = Status::unavailable;
  made.result.text = std::move(why);
  return made;
}

// Of a transaction without an answer that says what became of it.
Made not_committed(const Error& why) {
  Made made = unavailable(why.text + "; the change may still be made");
  const auto says = [&why](const char* words) { return why.text.find(words) != std::string::npos; };
  const bool is_full = says("space exceeded");
  const bool is_refused =
      is_full || why.code == etcd::Code::invalid_argument ||
      why.code == etcd::Code::permission_denied ||
      (why.code == etcd::Code::resource_exhausted && !says("too many requests"));
  if (!is_refused) return made;
  made.result.status = is_full ? Status::disk_full : Status::failed;
  made.result.text = why.text + "; nothing was changed";
  if (is_full) made.result.text += ": compact and defragment etcd, and disarm its alarm";
  return made;
}

}  // namespace

Made EtcdWriter::accepted(const Write& write, Judgement judgement, std::int64_t revision,
                          const Object* before) const {
  Made made{std::move(judgement.result), {}};
  made.result.revision = static_cast<std::uint64_t>(revision);
  if (judgement.next) judgement.next->revision = made.result.revision;
  const std::string after = judgement.next ? format_json(*judgement.next) : std::string();
  made.audit = audit_line(write, made.result.revision, now_, before, after);
  return made;
}

EtcdWriter::Stored EtcdWriter::stored_in(const etcd::Found& found, const Key& key,
                                         const std::string& store) const {
  Stored stored{.object = nullptr, .is_read = true};
  if (found.values.empty()) return stored;
  const etcd::KeyValue& value = found.values.front();
  stored.object = read_etcd_object(value, key, store).object;
  stored.mod_revision = value.mod_revision;
  stored.value = value.value;
  return stored;
}

Result<etcd::Put> EtcdWriter::put_of(const Write& write, const Object& next, const Stored& stored) {
  etcd::Put put{keys_.of(next.key()), etcd_value_of(next)};
  if (write.owner.empty()) {
    put.keeps_lease = stored.mod_revision != 0;
    return put;
  }
  auto lease = leases_.find(write.owner, etcd_);
  if (!lease) return lease.error();
  put.lease = *lease;
  return put;
}

EtcdWriter::Stored EtcdWriter::stored_as(const Key& key, const Cluster& known) {
  Stored stored{.object = known.find(key)};
  const auto* endpoints = as<Endpoints>(stored.object.get());
  const bool is_derived = endpoints != nullptr && endpoints->derived;
  if (stored.object && !is_derived) {
    stored.mod_revision = static_cast<std::int64_t>(stored.object->revision);
  }
  return stored;
}

std::vector<Made> EtcdWriter::make(const Writes& writes, std::int64_t now, const Known& known) {
  now_ = now;
  std::vector<Made> made;
  for (std::span<const Write* const> left = writes; !left.empty();) {
    const auto some = left.first(count_together(left));
    auto results = make_together(some, known);
    for (std::size_t i = 0; i < some.size(); ++i) {
      made.push_back(results[i] ? std::move(*results[i]) : make_alone(*some[i], known));
    }
    left = left.subspan(some.size());
  }
  return made;
}

void EtcdWriter::add_step(const Write& write, std::size_t place, const Known& known,
                          etcd::Transaction& transaction, std::vector<Step>& steps) {
  Step step{.place = place, .key = key_of(write), .stored = {}, .judgement = {}};
  step.stored = stored_as(step.key, *known);
  step.judgement = judge(write, step.stored.object, now_);
  if (!step.judgement.is_change) return;
  const std::string path = keys_.of(step.key);
  if (step.judgement.next) {
    auto put = put_of(write, *step.judgement.next, step.stored);
    if (!put) return;
    step.value = put->value;
    transaction.then.emplace_back(std::move(*put));
  } else {
    transaction.then.emplace_back(etcd::Erase{path});
  }
  transaction.when.push_back({.key = path, .number = step.stored.mod_revision});
  transaction.otherwise.emplace_back(etcd::Get{path});
  steps.push_back(std::move(step));
}

std::vector<std::optional<Made>> EtcdWriter::make_together(std::span<const Write* const> writes,
                                                           const Known& known) {
  std::vector<std::optional<Made>> made(writes.size());
  if (!known || writes.size() < 2) return made;
  etcd::Transaction transaction;
  std::vector<Step> steps;
  for (std::size_t i = 0; i < writes.size(); ++i) {
    add_step(*writes[i], i, known, transaction, steps);
  }
  if (steps.size() < 2) return made;
  const auto committed = etcd_.commit(transaction);
  if (!committed && may_be_taken_alone(committed.error())) return made;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Step& step = steps[i];
    const Write& write = *writes[step.place];
    const Object* const before = step.stored.object.get();
    if (!committed) {
      made[step.place] = not_committed(committed.error());
    } else if (committed->succeeded) {
      made[step.place] = accepted(write, std::move(step.judgement), committed->revision, before);
    } else if (committed->is_repeated && i < committed->answers.size()) {
      // Some of it is not as known; or this was made, and the answer to that got lost.
      const Stored present = stored_in(committed->answers[i], step.key, known->store());
      if (step.value.empty() || present.value != step.value) continue;
      made[step.place] = accepted(write, std::move(step.judgement), present.mod_revision, before);
    }
  }
  return made;
}

Made EtcdWriter::make_alone(const Write& write, const Known& known) {
  if (!known) return unavailable("nothing is known of the store yet; nothing was changed");
  const Key key = key_of(write);
  const std::string path = keys_.of(key);
  Stored stored = stored_as(key, *known);
  const bool is_derived = stored.object && stored.mod_revision == 0;
  for (int tries = 0; tries < most_tries; ++tries) {
    Judgement judgement = judge(write, stored.object, now_);
    if (!judgement.is_change) {
      if (stored.is_read || is_derived) return {std::move(judgement.result), {}};
      const auto found = etcd_.get({path});  // what we know may be old
      if (!found) return unavailable(found.error().text + "; nothing was changed");
      stored = stored_in(*found, key, known->store());
      continue;
    }
    etcd::Transaction transaction{
        .when = {{.key = path, .number = stored.mod_revision}}, .then = {}, .otherwise = {}};
    transaction.otherwise.emplace_back(etcd::Get{path});
    std::string wanted;
    if (judgement.next) {
      auto put = put_of(write, *judgement.next, stored);
      if (!put) return unavailable(put.error().text + "; nothing was changed");
      wanted = put->value;
      transaction.then.emplace_back(std::move(*put));
    } else {
      transaction.then.emplace_back(etcd::Erase{path});
    }
    const auto committed = etcd_.commit(transaction);
    if (!committed && committed.error().code == etcd::Code::not_found && !write.owner.empty()) {
      leases_.forget(write.owner);  // it has ended in between
      continue;
    }
    if (!committed) return not_committed(committed.error());
    if (committed->succeeded) {
      return accepted(write, std::move(judgement), committed->revision, stored.object.get());
    }
    auto present = stored_in(committed->answers.empty() ? etcd::Found() : committed->answers[0],
                             key, known->store());
    // What is there may be what this has put before.
    if (committed->is_repeated && judgement.next && present.value == wanted) {
      return accepted(write, std::move(judgement), present.mod_revision, stored.object.get());
    }
    stored = std::move(present);
  }
  return unavailable(format(key) + " is changed by others all the time; nothing was changed");
}

}  // namespace paddock::metadata::remote
