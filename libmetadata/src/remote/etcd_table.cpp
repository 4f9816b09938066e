// SPDX-License-Identifier: Apache-2.0
#include "remote/etcd_table.hpp"

#include "codec/reader.hpp"
#include "model/derived.hpp"

#include <openssl/sha.h>

#include <set>
#include <utility>

namespace paddock::metadata::remote {
namespace {

// The same everywhere for an object that somebody has put into etcd without a uid: version 8 (RFC
// 9562), of the store, the key and when it was created.
std::string uid_of(const etcd::KeyValue& from, const std::string& store) {
  const std::string text = store + from.key + "@" + std::to_string(from.create_revision);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  digest[6] = static_cast<unsigned char>((digest[6] & 0x0fU) | 0x80U);
  digest[8] = static_cast<unsigned char>((digest[8] & 0x3fU) | 0x80U);
  constexpr char digits[] = "0123456789abcdef";
  std::string uid;
  for (int i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) uid += '-';
    uid += digits[digest[i] >> 4U];
    uid += digits[digest[i] & 15U];
  }
  return uid;
}

}  // namespace

std::optional<Key> EtcdKeys::parse(std::string_view etcd_key) const {
  if (!etcd_key.starts_with(prefix_)) return std::nullopt;
  return parse_key(etcd_key.substr(prefix_.size()));
}

std::string etcd_value_of(const Object& object) {
  return visit(object, [](const auto& typed) {
    const auto stored = clone(typed);
    stored->revision = 0;
    return format_json(*stored);
  });
}

EtcdObject read_etcd_object(const etcd::KeyValue& from, const Key& key, const std::string& store) {
  Value tree;
  TreeBuilder builder(TreeBuilder::Lists::whole, [&](const Value& value) { tree = value; });
  Parsed parsed;
  if (const auto broken = read_json(from.value, builder)) {
    parsed.problems.push_back({"", broken->message, "", 0, ""});
  } else {
    // Who wrote it may be newer than this program.
    parsed = read_object(tree, &key, UnknownKeys::ignore);
  }
  EtcdObject read{std::move(parsed.object), {}};
  const auto* endpoints = as<Endpoints>(read.object.get());
  if (endpoints != nullptr && endpoints->derived) {
    parsed.problems = {{"derived", "is for Paddock to say", "", 0, ""}};
    read.object = nullptr;
  }
  if (read.object) {
    read.object->revision = static_cast<std::uint64_t>(from.mod_revision);
    if (read.object->uid.empty()) read.object->uid = uid_of(from, store);
  } else {
    if (!parsed.problems.empty()) read.problem = std::move(parsed.problems.front());
    read.problem.object = from.key;
  }
  return read;
}

bool EtcdTable::take(Draft& draft, const Key& key, const etcd::KeyValue& from,
                     const std::string& store) {
  auto [object, problem] = read_etcd_object(from, key, store);
  if (object) {
    problems_.erase(from.key);
    draft.put(std::move(object));
    return true;
  }
  news_.push_back(problem);
  problems_[from.key] = std::move(problem);
  return draft.erase(key);
}

void EtcdTable::replace(const std::string& store, const etcd::Found& whole) {
  const bool is_same_store = current_ && current_->store() == store;
  const auto before = is_same_store ? current_ : std::make_shared<const Cluster>();
  Draft draft(*before);
  problems_.clear();
  std::vector<Key> changed;
  std::set<Key> seen;
  for (const etcd::KeyValue& value : whole.values) {
    const auto key = keys_.parse(value.key);
    if (!key) continue;
    seen.insert(*key);
    const ObjectPtr known = before->find(*key);
    const auto* endpoints = as<Endpoints>(known.get());
    const bool is_stored = known && (endpoints == nullptr || !endpoints->derived);
    if (is_stored && known->revision == static_cast<std::uint64_t>(value.mod_revision)) continue;
    if (take(draft, *key, value, store)) changed.push_back(*key);
  }
  diff(Cluster(), *before, [&](const Difference& known) {
    const auto* endpoints = as<Endpoints>(known.after.get());
    const Key key = known.after->key();
    if ((endpoints == nullptr || !endpoints->derived) && !seen.contains(key)) {
      draft.erase(key);
      changed.push_back(key);
    }
    return true;
  });
  const auto revision = static_cast<std::uint64_t>(whole.revision);
  if (before->size() == 0) {
    derive_all_endpoints(draft, revision);
  } else {
    (void)derive_endpoints(*before, draft, changed, revision);
  }
  current_ = draft.build({store, revision, 0});
}

std::vector<Change> EtcdTable::apply(const etcd::Notice& notice) {
  const auto before = current_;
  const auto revision = static_cast<std::uint64_t>(notice.revision);
  Draft draft(*before);
  std::vector<Change> changes;
  std::vector<Key> changed;
  for (const etcd::Changed& change : notice.changes) {
    const auto key = keys_.parse(change.value.key);
    if (!key) continue;
    bool is_changed = false;
    if (change.is_erased) {
      problems_.erase(change.value.key);
      is_changed = draft.erase(*key);
    } else {
      is_changed = take(draft, *key, change.value, before->store());
    }
    if (!is_changed) continue;
    changes.push_back({static_cast<std::uint64_t>(change.value.mod_revision), *key});
    changed.push_back(*key);
  }
  for (Key& key : derive_endpoints(*before, draft, changed, revision)) {
    changes.push_back({revision, std::move(key)});
  }
  current_ = draft.build({before->store(), revision, before->stale_since()});
  return changes;
}

void EtcdTable::set_stale(std::int64_t since) {
  if (!current_ || current_->stale_since() == since) return;
  Cluster::Stamp stamp = current_->stamp();
  stamp.stale_since = since;
  current_ = Draft(*current_).build(std::move(stamp));
}

}  // namespace paddock::metadata::remote
