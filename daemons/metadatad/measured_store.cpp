// SPDX-License-Identifier: Apache-2.0
#include "metadatad/measured_store.hpp"

namespace paddock::metadatad {

using Status = metadata::WriteResult::Status;

std::string_view MeasuredStore::name_of(std::size_t outcome) {
  constexpr std::array<std::string_view, outcomes> names{
      "created", "changed", "unchanged", "deleted",   "not_found", "precondition_failed",
      "invalid", "derived", "read_only", "disk_full", "failed",    "unavailable",
      "stopping"};
  return names.at(outcome);
}

MeasuredStore::MeasuredStore(std::unique_ptr<metadata::Store> store) : store_(std::move(store)) {}

void MeasuredStore::submit(metadata::Write write, std::function<void(metadata::WriteResult)> done) {
  const auto begun = std::chrono::steady_clock::now();
  store_->submit(std::move(write), [counters = counters_, begun,
                                    done = std::move(done)](metadata::WriteResult result) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    counters->note(result, took.count());
    done(std::move(result));
  });
}

void MeasuredStore::Counters::note(const metadata::WriteResult& result, double seconds) {
  writes.at(static_cast<std::size_t>(result.status)).fetch_add(1, std::memory_order_relaxed);
  const bool is_in_trouble = result.status == Status::disk_full || result.status == Status::failed;
  if (result.is_accepted()) latency.observe(seconds);
  if (!is_in_trouble && !result.is_accepted()) return;  // the writer's fault, not the disk's
  const std::scoped_lock lock(mutex);
  trouble = is_in_trouble ? result.text : "";
}

std::string MeasuredStore::trouble() const {
  const std::scoped_lock lock(counters_->mutex);
  return counters_->trouble;
}

}  // namespace paddock::metadatad
