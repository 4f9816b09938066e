// SPDX-License-Identifier: Apache-2.0
//
// A store in memory for tests: writes are made at once, on the thread that submits them, or by
// the test itself.
#pragma once

#include <paddock/metadata/store.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace paddock::metadata::testing {

class MemoryStore final : public Store {
 public:
  std::size_t history = 1000;                                  // changes kept
  WriteResult::Status refusal = WriteResult::Status::created;  // else: what every write ends as
  std::vector<std::string> owners;                             // of every write, then of keep()
  std::vector<std::string> writers;                            // who, of every write

  [[nodiscard]] std::string source() const override { return "memory:"; }
  [[nodiscard]] bool is_writable() const noexcept override { return true; }
  [[nodiscard]] std::shared_ptr<const Cluster> cluster() const override {
    const std::scoped_lock lock(mutex_);
    return cluster_;
  }
  [[nodiscard]] std::shared_ptr<const Cluster> wait(std::uint64_t,
                                                    std::chrono::steady_clock::time_point,
                                                    std::stop_token) const override {
    return cluster();
  }
  [[nodiscard]] Subscription subscribe(std::function<void()> on_change) override {
    const std::scoped_lock lock(mutex_);
    auto shared = std::make_shared<std::function<void()>>(std::move(on_change));
    subscriber_ = shared;
    return shared;
  }
  [[nodiscard]] std::optional<std::vector<Change>> changes_since(
      std::uint64_t revision) const override {
    const std::scoped_lock lock(mutex_);
    if (revision > cluster_->revision() || cluster_->revision() - revision > history) {
      return std::nullopt;
    }
    std::vector<Change> changes;
    for (const auto& [key, changed] : changed_) {
      if (changed > revision) changes.push_back({changed, key});
    }
    std::ranges::sort(changes, {}, &Change::revision);
    return changes;
  }
  void keep(const std::string& owner) override { owners.push_back(owner); }
  void submit(Write write, std::function<void(WriteResult)> done) override {
    if (refusal != WriteResult::Status::created) {
      WriteResult result;
      result.status = refusal;
      done(std::move(result));
      return;
    }
    done(make(std::move(write)));
    tell();
  }
  [[nodiscard]] std::vector<std::string> audit(std::size_t limit) const override {
    const std::vector<std::string> lines = {"{\"n\":1}", "{\"n\":2}", "{\"n\":3}"};
    return {lines.end() - static_cast<std::ptrdiff_t>(std::min<std::size_t>(limit, 3)),
            lines.end()};
  }

  // For tests: writes directly. The revision of the store after it.
  std::uint64_t put(std::shared_ptr<Object> object) {
    Write write;
    write.key = object->key();
    write.object = std::move(object);
    const auto revision = make(std::move(write)).revision;
    tell();
    return revision;
  }
  void erase(const Key& key) {
    Write write;
    write.key = key;
    (void)make(std::move(write));
    tell();
  }
  // Becomes ready without holding anything.
  void begin() {
    const std::scoped_lock lock(mutex_);
    cluster_ = draft_.build(stamp());
  }

 private:
  [[nodiscard]] Cluster::Stamp stamp() const {
    return {.store = "store-1", .revision = revision_, .stale_since = 0};
  }
  WriteResult make(Write write) {
    const std::scoped_lock lock(mutex_);
    writers.push_back(write.who);
    if (!write.owner.empty()) owners.push_back(write.owner);
    const Key key = write.object ? write.object->key() : write.key;
    const ObjectPtr present = draft_.cluster().find(key);
    WriteResult result;
    result.revision = present ? present->revision : 0;
    if ((write.only_create && present) ||
        (write.if_match && (!present || present->revision != *write.if_match))) {
      result.status = WriteResult::Status::precondition_failed;
      return result;
    }
    if (!write.object && !present) {
      result.status = WriteResult::Status::not_found;
      return result;
    }
    changed_[key] = ++revision_;
    result.revision = revision_;
    if (write.object) {
      auto stored = visit(*write.object, [](const auto& object) -> std::shared_ptr<Object> {
        return clone(object);
      });
      stored->revision = revision_;
      if (stored->uid.empty()) stored->uid = "uid-" + stored->name.str();
      result.status = present ? WriteResult::Status::changed : WriteResult::Status::created;
      result.object = stored;
      draft_.put(std::move(stored));
    } else {
      result.status = WriteResult::Status::deleted;
      draft_.erase(key);
    }
    cluster_ = draft_.build(stamp());
    return result;
  }
  void tell() {
    std::shared_ptr<std::function<void()>> subscriber;
    {
      const std::scoped_lock lock(mutex_);
      subscriber = subscriber_.lock();
    }
    if (subscriber) (*subscriber)();
  }

  mutable std::mutex mutex_;
  Draft draft_;
  std::shared_ptr<const Cluster> cluster_;
  std::uint64_t revision_ = 0;
  std::map<Key, std::uint64_t> changed_;
  std::weak_ptr<std::function<void()>> subscriber_;
};

}  // namespace paddock::metadata::testing
