// SPDX-License-Identifier: Apache-2.0
#include "store/batch.hpp"

#include "model/derived.hpp"
#include "store/judgement.hpp"

#include <utility>

namespace paddock::metadata {

WriteBatch::WriteBatch(const Cluster& before, std::int64_t now)
    : before_(before),
      now_(now),
      revision_(before.revision()),
      draft_(before),
      derived_from_(std::make_shared<const Cluster>(before)) {}

void WriteBatch::add(const Write& write) {
  // Whether a written object may stand there depends on what is derived.
  const Key key = key_of(write);
  if (key.kind == Kind::endpoints) derive();
  const ObjectPtr stored = draft_.cluster().find(key);
  Judgement judgement = judge(write, stored, now_);
  if (judgement.is_change) {
    judgement.result.revision = ++revision_;
    if (judgement.next) judgement.next->revision = revision_;
    accept(key, write, stored, judgement.next);
  }
  results_.push_back(std::move(judgement.result));
}

void WriteBatch::accept(const Key& key, const Write& write, const ObjectPtr& before,
                        const ObjectPtr& after) {
  Step step;
  step.key = format(key);
  if (after) step.json = format_json(*after);
  step.audit = {revision_, audit_line(write, revision_, now_, before.get(), step.json)};
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
