// SPDX-License-Identifier: Apache-2.0
//
// A store that counts what is asked of it and how long its writes take; everything else is the
// store's own.
#pragma once

#include "runtime/metrics.hpp"

#include <paddock/metadata/store.hpp>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace paddock::metadatad {

class MeasuredStore final : public metadata::Store {
 public:
  static constexpr std::size_t outcomes =
      static_cast<std::size_t>(metadata::WriteResult::Status::stopping) + 1;
  // What an outcome is called in metrics.
  [[nodiscard]] static std::string_view name_of(std::size_t outcome);

  explicit MeasuredStore(std::unique_ptr<metadata::Store> store);

  [[nodiscard]] std::string source() const override { return store_->source(); }
  [[nodiscard]] metadata::Result<void> reload() override { return store_->reload(); }
  [[nodiscard]] bool is_writable() const noexcept override { return store_->is_writable(); }
  [[nodiscard]] std::shared_ptr<const metadata::Cluster> cluster() const override {
    return store_->cluster();
  }
  [[nodiscard]] std::shared_ptr<const metadata::Cluster> wait(
      std::uint64_t after, std::chrono::steady_clock::time_point deadline,
      std::stop_token stop) const override {
    return store_->wait(after, deadline, std::move(stop));
  }
  [[nodiscard]] metadata::Subscription subscribe(std::function<void()> on_change) override {
    return store_->subscribe(std::move(on_change));
  }
  [[nodiscard]] std::optional<std::vector<metadata::Change>> changes_since(
      std::uint64_t revision) const override {
    return store_->changes_since(revision);
  }
  void submit(metadata::Write write, std::function<void(metadata::WriteResult)> done) override;
  void keep(const std::string& owner) override { store_->keep(owner); }
  [[nodiscard]] metadata::StoreHealth health() const override { return store_->health(); }
  [[nodiscard]] std::vector<std::string> audit(std::size_t limit) const override {
    return store_->audit(limit);
  }

  // Writes so far, by outcome. Any thread.
  [[nodiscard]] std::uint64_t writes(std::size_t outcome) const {
    return counters_->writes.at(outcome);
  }
  // From submit() to done, of accepted writes.
  [[nodiscard]] const runtime::LatencyHistogram& latency() const { return counters_->latency; }
  // Why the last write could not be stored, as long as none has been since; empty: it could.
  [[nodiscard]] std::string trouble() const;

 private:
  // Shared with writes under way, which may outlive a submit().
  struct Counters {
    std::array<std::atomic<std::uint64_t>, outcomes> writes{};
    runtime::LatencyHistogram latency;
    mutable std::mutex mutex;  // trouble is text, written by the store's thread, read by admin's
    std::string trouble;

    void note(const metadata::WriteResult& result, double seconds);
  };

  std::shared_ptr<Counters> counters_ = std::make_shared<Counters>();
  std::unique_ptr<metadata::Store> store_;
};

}  // namespace paddock::metadatad
