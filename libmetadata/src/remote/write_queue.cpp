// SPDX-License-Identifier: Apache-2.0
#include "remote/write_queue.hpp"

#include "store/directory.hpp"
#include "store/judgement.hpp"

#include <algorithm>

namespace paddock::metadata::remote {
namespace {

using Status = WriteResult::Status;

// A change that was made is reported as made, even when it is not seen to come back.
constexpr std::chrono::seconds longest_wait{5};

WriteResult refusal(Status status, std::string text) {
  WriteResult result;
  result.status = status;
  result.text = std::move(text);
  return result;
}

}  // namespace

WriteQueue::WriteQueue(const RemoteOptions& options) : is_writable_(options.is_writable) {
  if (options.directory.empty()) return;
  make_directory(options.directory);
  if (!is_writable_) return;
  lock_.emplace(lock_directory(options.directory));
  audit_.emplace(
      AuditLog::Options{options.directory, options.audit_bytes, std::max(1U, options.audit_files)});
}

WriteQueue::~WriteQueue() { stop(); }

void WriteQueue::start(Work work) {
  work_ = std::move(work);
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void WriteQueue::stop() {
  thread_.request_stop();
  submitted_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::vector<std::pair<Write, Done>> queued;
  std::multimap<std::uint64_t, Waiting> waiting;
  {
    const std::scoped_lock lock(mutex_);
    is_stopped_ = true;
    queued.swap(queue_);
    waiting.swap(waiting_);
  }
  for (auto& [revision, one] : waiting) one.done(std::move(one.result));
  for (auto& [write, done] : queued) done(refusal(Status::stopping, "the store is stopping"));
}

void WriteQueue::submit(Write write, Done done) {
  if (!is_writable_) return done(refusal(Status::read_only, "this store is only read here"));
  if (auto invalid = prepare(write)) return done(std::move(*invalid));
  {
    const std::scoped_lock lock(mutex_);
    if (!is_stopped_) {
      queue_.emplace_back(std::move(write), std::move(done));
      done = nullptr;
    }
  }
  if (done) return done(refusal(Status::stopping, "the store is stopping"));
  submitted_.notify_one();
}

void WriteQueue::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    auto until = work_.between();
    std::vector<std::pair<Write, Done>> batch;
    {
      std::unique_lock lock(mutex_);
      for (const auto& [revision, one] : waiting_) until = std::min(until, one.deadline);
      submitted_.wait_until(lock, stop, until, [this] { return !queue_.empty(); });
      if (stop.stop_requested()) return;
      batch.swap(queue_);
    }
    if (!batch.empty()) make(std::move(batch));
    answer_overdue();
  }
}

void WriteQueue::make(std::vector<std::pair<Write, Done>> batch) {
  std::vector<Waiting> made;
  bool is_noted = false;
  for (auto& [write, done] : batch) {
    auto [result, audit] = work_.make(write);
    if (audit_ && !audit.empty()) is_noted |= audit_->append(audit, result.revision);
    made.push_back({std::move(result), std::move(done), Clock::now() + longest_wait});
  }
  if (is_noted) (void)audit_->sync();
  await(std::move(made));
}

void WriteQueue::await(std::vector<Waiting> made) {
  std::vector<Waiting> ready;
  {
    const std::scoped_lock lock(mutex_);
    for (Waiting& one : made) {
      if (one.result.is_accepted() && one.result.revision > reached_) {
        const auto revision = one.result.revision;
        waiting_.emplace(revision, std::move(one));
      } else {
        ready.push_back(std::move(one));
      }
    }
  }
  for (Waiting& one : ready) one.done(std::move(one.result));
}

void WriteQueue::reached(std::uint64_t revision) {
  std::vector<Waiting> ready;
  {
    const std::scoped_lock lock(mutex_);
    reached_ = revision;
    const auto end = waiting_.upper_bound(revision);
    for (auto one = waiting_.begin(); one != end; ++one) ready.push_back(std::move(one->second));
    waiting_.erase(waiting_.begin(), end);
  }
  for (Waiting& one : ready) one.done(std::move(one.result));
}

void WriteQueue::answer_overdue() {
  std::vector<Waiting> ready;
  {
    const std::scoped_lock lock(mutex_);
    for (auto one = waiting_.begin(); one != waiting_.end();) {
      if (one->second.deadline > Clock::now()) {
        ++one;
        continue;
      }
      ready.push_back(std::move(one->second));
      one = waiting_.erase(one);
    }
  }
  for (Waiting& one : ready) one.done(std::move(one.result));
}

std::vector<std::string> WriteQueue::audit(std::size_t limit) const {
  return audit_ ? audit_->tail(limit) : std::vector<std::string>();
}

}  // namespace paddock::metadata::remote
