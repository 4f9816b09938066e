// SPDX-License-Identifier: Apache-2.0
//
// Some writes worked out against a snapshot: what each comes to, what is to be stored, and the
// cluster that follows. Nothing is stored here.
#pragma once

#include "store/step.hpp"

#include <paddock/metadata/cluster.hpp>
#include <paddock/metadata/store.hpp>

#include <cstdint>
#include <memory>
#include <vector>

namespace paddock::metadata {

class WriteBatch {
 public:
  // `now` in Unix milliseconds, for `created` and the audit records.
  WriteBatch(const Cluster& before, std::int64_t now);

  // Later writes see what earlier ones did. The write must be prepared.
  void add(const Write& write);

  [[nodiscard]] bool changes_nothing() const noexcept { return steps_.empty(); }
  // The results in the order of add().
  [[nodiscard]] std::vector<WriteResult>& results() noexcept { return results_; }
  [[nodiscard]] std::vector<Step>& steps() noexcept { return steps_; }
  [[nodiscard]] std::uint64_t revision() const noexcept { return revision_; }

  // The cluster after all of it, and how it differs, derived objects included.
  struct Outcome {
    std::shared_ptr<const Cluster> cluster;
    std::vector<Change> changes;
  };
  [[nodiscard]] Outcome finish();

 private:
  void accept(const Key& key, const Write& write, const ObjectPtr& before, const ObjectPtr& after);
  void derive();

  const Cluster& before_;
  std::int64_t now_;
  std::uint64_t revision_;
  Draft draft_;
  std::shared_ptr<const Cluster> derived_from_;  // up to which derived objects are right
  std::vector<Key> not_derived_;                 // changed since
  std::vector<Change> changes_;
  std::vector<Step> steps_;
  std::vector<WriteResult> results_;
};

}  // namespace paddock::metadata
