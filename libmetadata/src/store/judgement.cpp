// SPDX-License-Identifier: Apache-2.0
#include "store/judgement.hpp"

#include "store/file.hpp"

#include <chrono>
#include <utility>

namespace paddock::metadata {
namespace {

using Status = WriteResult::Status;

Judgement refusal(Status status, std::string text, const ObjectPtr& stored = nullptr) {
  Judgement judgement;
  judgement.result.status = status;
  judgement.result.text = std::move(text);
  judgement.result.object = stored;
  judgement.result.revision = stored ? stored->revision : 0;
  return judgement;
}

bool is_derived(const Object* object) {
  const Endpoints* endpoints = as<Endpoints>(object);
  return endpoints != nullptr && endpoints->derived;
}

Judgement judge_put(const Write& write, const ObjectPtr& stored, std::int64_t now) {
  const Key key = write.object->key();
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
  Judgement judgement;
  judgement.next = copy_of(*write.object);
  Object& next = *judgement.next;
  next.created = stored ? stored->created : now;
  next.revision = stored ? stored->revision : 0;
  if (next.uid.empty()) next.uid = stored ? stored->uid : Text(random_uuid());
  if (stored && next.uid != stored->uid) {
    auto refused = refusal(Status::invalid, "the uid of " + format(key) + " stays", stored);
    refused.result.problems.push_back(
        {"uid", "must be absent, or " + stored->uid.str() + ": the object exists with it", "", 0,
         format(key)});
    return refused;
  }
  if (stored && equal(next, *stored)) return refusal(Status::unchanged, "", stored);
  judgement.is_change = true;
  judgement.result.status = stored ? Status::changed : Status::created;
  judgement.result.object = judgement.next;
  return judgement;
}

Judgement judge_erase(const Write& write, const ObjectPtr& stored) {
  if (!stored) return refusal(Status::not_found, format(write.key) + " does not exist");
  if (is_derived(stored.get())) {
    return refusal(Status::derived,
                   format(write.key) + " is made by Paddock from the service's pods", stored);
  }
  if (write.if_match && stored->revision != *write.if_match) {
    return refusal(Status::precondition_failed,
                   format(write.key) + " has revision " + std::to_string(stored->revision), stored);
  }
  Judgement judgement;
  judgement.is_change = true;
  judgement.result.status = Status::deleted;
  judgement.result.object = stored;
  return judgement;
}

}  // namespace

std::shared_ptr<Object> copy_of(const Object& object) {
  return visit(object, [](const auto& typed) -> std::shared_ptr<Object> { return clone(typed); });
}

Judgement judge(const Write& write, const ObjectPtr& stored, std::int64_t now) {
  return write.object ? judge_put(write, stored, now) : judge_erase(write, stored);
}

std::optional<WriteResult> prepare(Write& write) {
  if (!write.object || write.is_parsed) return std::nullopt;
  Parsed parsed = parse_object(format_json(*write.object));
  if (parsed.outcome == Parsed::Outcome::ok) {
    write.object = std::move(parsed.object);
    write.is_parsed = true;
    return std::nullopt;
  }
  WriteResult result;
  result.status = Status::invalid;
  result.text = format(write.object->key()) + " is not a valid object";
  result.problems = std::move(parsed.problems);
  return result;
}

Key key_of(const Write& write) { return write.object ? write.object->key() : write.key; }

void append_asked(std::string& line, const Write& write, std::int64_t now) {
  line += ",\"time\":" + std::to_string(now) + ",\"who\":";
  append_json_text(line, write.who);
  line += write.object ? ",\"verb\":\"put\",\"key\":" : ",\"verb\":\"delete\",\"key\":";
  append_json_text(line, format(key_of(write)));
}

std::string audit_line(const Write& write, std::uint64_t revision, std::int64_t now,
                       const Object* before, std::string_view after) {
  std::string line;
  line.reserve(2 * after.size() + 256);  // what was before is as long, mostly
  line.append("{\"revision\":").append(std::to_string(revision));
  append_asked(line, write, now);
  line += ",\"before\":";
  before == nullptr ? void(line += "null") : append_json(line, *before);
  line.append(",\"after\":").append(after.empty() ? "null" : after);
  return line += "}\n";
}

std::int64_t unix_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace paddock::metadata
