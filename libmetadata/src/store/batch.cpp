// SPDX-License-Identifier: Apache-2.0
#include "store/batch.hpp"

#include "model/derived.hpp"
#include "store/file.hpp"

#include <algorithm>

namespace paddock::metadata {
namespace {

using Status = WriteResult::Status;

WriteResult refusal(Status status, std::string text, const ObjectPtr& stored = nullptr) {
  WriteResult result;
  result.status = status;
  result.text = std::move(text);
  result.object = stored;
  result.revision = stored ? stored->revision : 0;
  return result;
}

WriteResult accepted(Status status, const ObjectPtr& object, std::uint64_t revision) {
  WriteResult result;
  result.status = status;
  result.object = object;
  result.revision = revision;
  return result;
}

bool is_derived(const Object* object) {
  const Endpoints* endpoints = as<Endpoints>(object);
  return endpoints != nullptr && endpoints->derived;
}

std::shared_ptr<Object> copy_of(const Object& object) {
  return visit(object, [](const auto& typed) -> std::shared_ptr<Object> { return clone(typed); });
}

// {"revision":7,"time":…,"who":"…","verb":"put","key":"…","before":…,"after":…} and a newline.
std::string audit_line(std::uint64_t revision, std::int64_t now, const std::string& who,
                       const Key& key, const Object* before, const Object* after) {
  std::string line = "{\"revision\":" + std::to_string(revision);
  line += ",\"time\":" + std::to_string(now) + ",\"who\":";
  append_json_text(line, who);
  line += after == nullptr ? ",\"verb\":\"delete\",\"key\":" : ",\"verb\":\"put\",\"key\":";
  append_json_text(line, format(key));
  line += ",\"before\":";
  before == nullptr ? void(line += "null") : append_json(line, *before);
  line += ",\"after\":";
  after == nullptr ? void(line += "null") : append_json(line, *after);
  return line += "}\n";
}

}  // namespace

WriteBatch::WriteBatch(const Cluster& before, std::int64_t now)
    : before_(before),
      now_(now),
      revision_(before.revision()),
      draft_(before),
      derived_from_(std::make_shared<const Cluster>(before)) {}

void WriteBatch::add(const Write& write) {
  // Whether a written object may stand there depends on what is derived.
  const Kind kind = write.object ? write.object->kind : write.key.kind;
  if (kind == Kind::endpoints) derive();
  results_.push_back(write.object ? put(write) : erase(write));
}

WriteResult WriteBatch::put(const Write& write) {
  const Key key = write.object->key();
  const ObjectPtr stored = draft_.cluster().find(key);
  if (is_derived(write.object.get()) || is_derived(stored.get())) {
    return refusal(Status::derived, format(key) + " is made by Paddock from the service's pods",
                   stored);
  }
  if (write.only_create && stored) {
    return refusal(Status::precondition_failed, format(key) + " exists", stored);
  }
  if (write.if_match && (!stored || stored->revision != *write.if_match)) {
    return refusal(Status::precondition_failed,
                   format(key) + (stored ? " has revision " + std::to_string(stored->revision)
                                         : std::string(" does not exist")),
                   stored);
  }
  const auto next = copy_of(*write.object);
  next->created = stored ? stored->created : now_;
  next->revision = stored ? stored->revision : 0;
  if (next->uid.empty()) next->uid = stored ? stored->uid : Text(random_uuid());
  if (stored && next->uid != stored->uid) {
    WriteResult result = refusal(Status::invalid, "the uid of " + format(key) + " stays", stored);
    result.problems.push_back(
        {"uid", "must be absent, or " + stored->uid.str() + ": the object exists with it", "", 0,
         format(key)});
    return result;
  }
  if (stored && equal(*next, *stored)) return accepted(Status::unchanged, stored, stored->revision);
  next->revision = ++revision_;
  accept(key, write, stored, next);
  return accepted(stored ? Status::changed : Status::created, next, revision_);
}

WriteResult WriteBatch::erase(const Write& write) {
  const ObjectPtr stored = draft_.cluster().find(write.key);
  if (!stored) return refusal(Status::not_found, format(write.key) + " does not exist");
  if (is_derived(stored.get())) {
    return refusal(Status::derived,
                   format(write.key) + " is made by Paddock from the service's pods", stored);
  }
  if (write.if_match && stored->revision != *write.if_match) {
    return refusal(Status::precondition_failed,
                   format(write.key) + " has revision " + std::to_string(stored->revision), stored);
  }
  ++revision_;
  accept(write.key, write, stored, nullptr);
  return accepted(Status::deleted, stored, revision_);
}

void WriteBatch::accept(const Key& key, const Write& write, const ObjectPtr& before,
                        const ObjectPtr& after) {
  Database::Step step;
  step.key = format(key);
  if (after) step.json = format_json(*after);
  step.audit = {revision_, audit_line(revision_, now_, write.who, key, before.get(), after.get())};
  steps_.push_back(std::move(step));
  changes_.push_back({revision_, key});
  not_derived_.push_back(key);
  after ? draft_.put(after) : void(draft_.erase(key));
}

void WriteBatch::derive() {
  if (not_derived_.empty()) return;
  for (Key& key : derive_endpoints(*derived_from_, draft_, not_derived_, revision_)) {
    changes_.push_back({revision_, std::move(key)});
  }
  not_derived_.clear();
  derived_from_ = draft_.build({before_.store(), revision_, before_.stale_since()});
}

WriteBatch::Outcome WriteBatch::finish() {
  derive();
  return {derived_from_, std::move(changes_)};
}

}  // namespace paddock::metadata
