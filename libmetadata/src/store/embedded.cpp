// SPDX-License-Identifier: Apache-2.0
//
// The embedded store: one thread takes what has been submitted since it last looked, works it
// out, commits it together with its audit records (one flush of the disk), copies the records to
// audit.log, publishes the next snapshot and answers. A crash after the commit loses nothing: at
// the next start the records that audit.log lacks are copied to it.
#include "codec/reader.hpp"
#include "model/derived.hpp"
#include "store/audit_log.hpp"
#include "store/batch.hpp"
#include "store/directory.hpp"
#include "store/journaled_database.hpp"
#include "store/judgement.hpp"
#include "store/published_store.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace paddock::metadata {
namespace {

using Status = WriteResult::Status;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_writes_in_batch = 512;

// A commit costs much the same whatever is in it. When several writers keep the store busy, their
// writes are gathered for a moment. That would be in vain where all that comes is there at once: of
// a lone writer, who waits for each answer, and of several who write again as soon as they have it.
constexpr std::chrono::milliseconds gathering{3};
constexpr std::chrono::milliseconds at_once{1};
constexpr std::size_t busy_writes = 8;
constexpr std::chrono::milliseconds busy_time{16};  // for so many writes: 500 a second
constexpr std::size_t enough_gathered = 64;

struct Submitted {
  Write write;
  std::function<void(WriteResult)> done;
  Clock::time_point came = Clock::now();
};

class EmbeddedStore final : public PublishedStore {
 public:
  explicit EmbeddedStore(EmbeddedOptions options)
      : PublishedStore(options.history),
        directory_(make_directory(options.directory)),
        lock_(lock_directory(directory_)),
        audit_({directory_, options.audit_bytes, std::max(1U, options.audit_files)}),
        database_(directory_, audit_) {
    // A log that is ahead belongs to a store that was here before this one.
    if (audit_.last_revision() > database_.revision()) audit_.forget_revision();
    catch_up_audit();
    load();
    writer_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
  }

  ~EmbeddedStore() override {
    writer_.request_stop();
    submitted_.notify_all();
    writer_.join();
    WriteResult stopping;
    stopping.status = Status::stopping;
    stopping.text = "the store is stopping";
    for (Submitted& left : queue_) left.done(stopping);
    (void)audit_.sync();
  }

  [[nodiscard]] std::string source() const override { return "embedded:" + directory_.string(); }
  [[nodiscard]] bool is_writable() const noexcept override { return true; }
  [[nodiscard]] std::vector<std::string> audit(std::size_t limit) const override {
    return audit_.tail(limit);
  }

  void submit(Write write, std::function<void(WriteResult)> done) override {
    if (auto refused = prepare(write)) {
      done(std::move(*refused));
      return;
    }
    bool is_waited_for = false;
    {
      const std::scoped_lock lock(mutex_);
      queue_.push_back({std::move(write), std::move(done)});
      is_waited_for = is_idle_ || queue_.size() == enough_gathered;
    }
    if (is_waited_for) submitted_.notify_one();
  }

 private:
  void load() {
    Draft draft;
    database_.each_object([&](std::string_view key, std::string_view json) {
      Value tree;
      TreeBuilder builder(TreeBuilder::Lists::whole,
                          [&](Value&& value) { tree = std::move(value); });
      const auto broken = read_json(json, builder);
      Parsed parsed = read_object(tree, nullptr, UnknownKeys::ignore);
      if (broken || !parsed.object || format(parsed.object->key()) != key) {
        throw std::runtime_error(
            "the store " + directory_.string() + " is damaged: " + std::string(key) +
            " cannot be read; put a copy of store.mdb back, or move it away to start empty");
      }
      draft.put(std::move(parsed.object));
    });
    derive_all_endpoints(draft, database_.revision());
    publisher_.publish(draft.build({database_.store(), database_.revision(), 0}), {});
    database_.release_pages();
  }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::vector<Submitted> batch;
      {
        std::unique_lock lock(mutex_);
        // The first of them wakes nobody before the others are there.
        submitted_.wait_until(lock, stop, gathered_at(),
                              [this] { return queue_.size() >= enough_gathered; });
        is_idle_ = true;
        submitted_.wait(lock, stop, [this] { return !queue_.empty(); });
        is_idle_ = false;
        if (stop.stop_requested()) return;
        const auto taken =
            static_cast<std::ptrdiff_t>(std::min(queue_.size(), most_writes_in_batch));
        std::move(queue_.begin(), queue_.begin() + taken, std::back_inserter(batch));
        queue_.erase(queue_.begin(), queue_.begin() + taken);
      }
      note_batch(batch);
      apply(batch);
      const std::scoped_lock lock(mutex_);
      // Whoever wrote meanwhile did not wait for these answers.
      if (!queue_.empty()) saw_others_ = Clock::now();
    }
  }

  // Until when more writes are waited for. The past: until now.
  [[nodiscard]] Clock::time_point gathered_at() const {
    const auto now = Clock::now();
    const bool is_busy = now - recent_[next_recent_] < busy_time && now - saw_others_ < busy_time;
    return is_busy ? batch_began_ + gathering : Clock::time_point();
  }

  void note_batch(std::span<const Submitted> batch) {
    batch_began_ = Clock::now();
    if (batch.back().came - batch.front().came > at_once) saw_others_ = batch_began_;
    for (std::size_t i = 0; i < std::min(batch.size(), busy_writes); ++i) {
      recent_[next_recent_] = batch_began_;
      next_recent_ = (next_recent_ + 1) % busy_writes;
    }
  }

  void apply(std::span<Submitted> submitted) {
    const auto before = publisher_.cluster();
    WriteBatch batch(*before, unix_milliseconds());
    for (const Submitted& one : submitted) batch.add(one.write);
    if (!batch.changes_nothing() && !store(submitted, batch)) return;
    for (std::size_t i = 0; i < submitted.size(); ++i) {
      submitted[i].done(std::move(batch.results()[i]));
    }
  }

  // False when the batch was refused and all have been answered.
  bool store(std::span<Submitted> submitted, WriteBatch& batch) {
    std::string why;
    const auto committed = database_.commit(batch.steps(), why);
    if (committed == Database::Commit::done) {
      copy_audit(batch.steps());
      auto outcome = batch.finish();
      publisher_.publish(std::move(outcome.cluster), outcome.changes);
      return true;
    }
    if (submitted.size() > 1) {
      // One that is too large must not refuse the others, nor a refused one be seen by them.
      for (Submitted& one : submitted) apply({&one, 1});
      return false;
    }
    WriteResult refused;
    refused.status = committed == Database::Commit::disk_full ? Status::disk_full : Status::failed;
    refused.text = std::move(why);
    submitted.front().done(std::move(refused));
    return false;
  }

  void copy_audit(const std::vector<Step>& steps) {
    if (is_audit_behind_) {
      try {
        return catch_up_audit();
      } catch (const std::runtime_error&) {
        return;  // the database cannot be read; the next commit says so
      }
    }
    std::string lines;
    for (const Step& step : steps) lines += step.audit.line;
    is_audit_behind_ = !audit_.append(lines, steps.back().audit.revision);
  }

  // Copies to audit.log the records it lacks; they are safe where they are while it cannot.
  void catch_up_audit() {
    is_audit_behind_ = true;
    const auto records = database_.audit_records(audit_.last_revision());
    std::string lines;
    for (const AuditRecord& record : records) lines += record.line;
    is_audit_behind_ = !records.empty() && !audit_.append(lines, records.back().revision);
  }

  std::filesystem::path directory_;
  File lock_;
  AuditLog audit_;
  JournaledDatabase database_;
  bool is_audit_behind_ = false;
  // The writer's own: when it took the last writes, and when it last had more than one writer.
  std::array<Clock::time_point, busy_writes> recent_ = {};
  std::size_t next_recent_ = 0;
  Clock::time_point batch_began_;
  Clock::time_point saw_others_;
  std::mutex mutex_;
  std::condition_variable_any submitted_;
  std::vector<Submitted> queue_;
  bool is_idle_ = false;  // the writer waits for any write
  std::jthread writer_;
};

}  // namespace

std::unique_ptr<Store> open_embedded_store(EmbeddedOptions options) {
  return std::make_unique<EmbeddedStore>(std::move(options));
}

}  // namespace paddock::metadata
