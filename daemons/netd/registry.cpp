// SPDX-License-Identifier: Apache-2.0
#include "netd/registry.hpp"

#include "netd/metadatad_registry.hpp"
#include "runtime/cluster_source.hpp"

#include <paddock/metadata/open_store.hpp>

#include <condition_variable>
#include <future>
#include <mutex>
#include <utility>

namespace paddock::netd {
namespace {

using std::chrono::steady_clock;
using Status = metadata::WriteResult::Status;

// What a write in the store costs, through etcd's disk, and some.
constexpr std::chrono::milliseconds patience{500};

// A store that netd has opened itself.
class StoreRegistry final : public Registry {
 public:
  explicit StoreRegistry(const RegistryOptions& options) : options_(options) {}

  void start() override {
    metadata::StoreOptions store;
    store.access = options_.access;
    store.directory = options_.state_dir + "/registry";
    store.history = 0;  // nobody resumes here
    store.node = options_.host;
    store.events = runtime::log_store_events(options_.location, [] {});
    auto opened = metadata::open_store(options_.location, std::move(store));
    subscription_ = opened->subscribe([this] { wake(); });
    const std::lock_guard lock(mutex_);
    store_ = std::move(opened);
  }
  void stop() override {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    subscription_.reset();
  }

  [[nodiscard]] std::shared_ptr<const metadata::Cluster> cluster() const override {
    const std::lock_guard lock(mutex_);
    return store_ ? store_->cluster() : nullptr;
  }
  [[nodiscard]] std::shared_ptr<const metadata::Cluster> next(
      const std::shared_ptr<const metadata::Cluster>& seen,
      steady_clock::time_point deadline) const override {
    std::unique_lock lock(mutex_);
    const auto is_new = [&] {
      const auto newest = store_ ? store_->cluster() : nullptr;
      return is_stopping_ || (newest && newest != seen);
    };
    if (!changed_.wait_until(lock, deadline, is_new) || is_stopping_) return nullptr;
    return store_->cluster();
  }
  [[nodiscard]] bool is_connected() const override {
    const std::lock_guard lock(mutex_);
    return store_ && store_->health().is_connected;
  }

  [[nodiscard]] Answer put(const metadata::Object& object) override {
    auto write = write_of(object);
    write.owner = options_.host;
    if (object.kind == metadata::Kind::host && object.revision != 0)
      write.if_match = object.revision;
    return submitted(std::move(write));
  }
  [[nodiscard]] std::shared_ptr<const metadata::Pod> read_pod(const metadata::Key& key) override {
    const auto state = cluster();
    return state ? state->find<metadata::Pod>(key.ns, key.name) : nullptr;
  }
  [[nodiscard]] Answer erase(const metadata::Key& key) override {
    metadata::Write write;
    write.key = key;
    return submitted(std::move(write));
  }
  [[nodiscard]] Answer create(const metadata::Object& object) override {
    auto write = write_of(object);
    write.only_create = true;
    return contended(std::move(write));
  }
  [[nodiscard]] Answer replace(const metadata::Object& object, std::uint64_t revision) override {
    auto write = write_of(object);
    write.if_match = revision;
    return contended(std::move(write));
  }
  [[nodiscard]] Answer erase(const metadata::Key& key, std::uint64_t revision) override {
    metadata::Write write;
    write.key = key;
    write.if_match = revision;
    return contended(std::move(write));
  }
  void keep() override {
    if (store_) store_->keep(options_.host);
  }

 private:
  void wake() {
    { const std::lock_guard lock(mutex_); }  // whoever looks now sees the change, or is told
    changed_.notify_all();
  }
  static metadata::Write write_of(const metadata::Object& object) {
    metadata::Write write;
    write.key = object.key();
    write.object = metadata::visit(
        object, [](const auto& typed) -> metadata::ObjectPtr { return metadata::clone(typed); });
    return write;
  }
  // Absent: the store takes its time.
  std::optional<metadata::WriteResult> submit(metadata::Write write);
  Answer submitted(metadata::Write write);
  Answer contended(metadata::Write write);

  const RegistryOptions options_;
  mutable std::mutex mutex_;  // of the two below: next() waits while others stop or change
  mutable std::condition_variable changed_;
  bool is_stopping_ = false;
  std::unique_ptr<metadata::Store> store_;
  metadata::Subscription subscription_;
};

std::optional<metadata::WriteResult> StoreRegistry::submit(metadata::Write write) {
  write.who = "netd on " + options_.host;
  const auto answered = std::make_shared<std::promise<metadata::WriteResult>>();
  auto answer = answered->get_future();
  store_->submit(std::move(write), [answered](metadata::WriteResult result) {
    answered->set_value(std::move(result));
  });
  if (answer.wait_for(patience) != std::future_status::ready) return std::nullopt;
  return answer.get();
}

Registry::Answer StoreRegistry::submitted(metadata::Write write) {
  if (!store_) return {Outcome::failed, "the registry is not open yet"};
  const auto result = submit(std::move(write));
  if (!result) return {Outcome::failed, store_->source() + " takes its time"};
  switch (result->status) {
    case Status::precondition_failed:  // the newer state is on its way here
    case Status::disk_full:
    case Status::failed:
    case Status::unavailable:
    case Status::stopping:
      return {Outcome::failed, result->text};
    case Status::invalid:
    case Status::derived:
      return {Outcome::refused, result->text};
    case Status::read_only:
      return {Outcome::foreign, result->text};
    default:
      return {};
  }
}

Registry::Answer StoreRegistry::contended(metadata::Write write) {
  if (!store_) return {Outcome::failed, "the registry is not open yet"};
  const auto result = submit(std::move(write));
  if (!result) return {Outcome::failed, store_->source() + " takes its time"};
  if (result->is_accepted()) return {Outcome::done, {}, result->revision};
  const bool is_late =
      result->status == Status::precondition_failed || result->status == Status::not_found;
  return {is_late ? Outcome::late : Outcome::failed, result->text};
}

}  // namespace

std::unique_ptr<Registry> open_registry(const RegistryOptions& options) {
  const auto location = metadata::parse_store_location(options.location);
  if (location && location->kind == metadata::StoreLocation::Kind::paddock) {
    return open_metadatad_registry(location->server, options);
  }
  return std::make_unique<StoreRegistry>(options);
}

}  // namespace paddock::netd
