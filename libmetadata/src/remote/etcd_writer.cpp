// SPDX-License-Identifier: Apache-2.0
#include "remote/etcd_writer.hpp"

#include "store/judgement.hpp"

#include <utility>

namespace paddock::metadata::remote {
namespace {

using Status = WriteResult::Status;

// So often others may have been quicker.
constexpr int most_tries = 16;

Made unavailable(std::string why) {
  Made made;
  made.result.status = Status::unavailable;
  made.result.text = std::move(why);
  return made;
}

Made accepted(const Write& write, Judgement judgement, std::int64_t revision,
              const Object* before) {
  Made made{std::move(judgement.result), {}};
  made.result.revision = static_cast<std::uint64_t>(revision);
  if (judgement.next) judgement.next->revision = made.result.revision;
  made.audit =
      audit_line(write, made.result.revision, unix_milliseconds(), before, judgement.next.get());
  return made;
}

}  // namespace

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

Made EtcdWriter::make(const Write& write, const std::shared_ptr<const Cluster>& known) {
  if (!known) return unavailable("nothing is known of the store yet; nothing was changed");
  const Key key = key_of(write);
  const std::string path = keys_.of(key);
  Stored stored{.object = known->find(key)};
  const auto* endpoints = as<Endpoints>(stored.object.get());
  const bool is_derived = endpoints != nullptr && endpoints->derived;
  if (stored.object && !is_derived) {
    stored.mod_revision = static_cast<std::int64_t>(stored.object->revision);
  }
  for (int tries = 0; tries < most_tries; ++tries) {
    Judgement judgement = judge(write, stored.object, unix_milliseconds());
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
    if (!committed) return unavailable(committed.error().text + "; the change may still be made");
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
