// SPDX-License-Identifier: Apache-2.0
#include "remote/write_queue.hpp"

#include "store/directory.hpp"
#include "store/judgement.hpp"

#include <algorithm>
#include <cerrno>

namespace paddock::metadata::remote {
namespace {

using Status = WriteResult::Status;

// A change that was made is reported as made, even when it is not seen to come back.
constexpr std::chrono::seconds longest_wait{5};
constexpr std::chrono::milliseconds to_look_again{20};

WriteResult refusal(Status status, std::string text) {
  WriteResult result;
  result.status = status;
  result.text = std::move(text);
  return result;
}

// Lines of the audit log that are on disk only in the note of intents, at most about.
constexpr std::size_t most_unsynced = 256 * 1024;

// Of an audit line beside the object before and after.
constexpr std::size_t line_room = 16 * 1024;

WriteResult no_room(const std::filesystem::path& directory) {
  return refusal(Status::disk_full, "there is no room for the line of the audit log in " +
                                        directory.string() +
                                        ": free some space; nothing was changed");
}

// Of a change that was made all the same: whoever asked is to know.
WriteResult not_noted(const WriteResult& made, const std::filesystem::path& directory) {
  return refusal(Status::unavailable,
                 "the change was made at revision " + std::to_string(made.revision) +
                     ", but could not be written to the audit log in " + directory.string());
}

bool says_full(const Error& error) {
  return error.code == boost::system::errc::no_space_on_device ||
         error.code == boost::system::errc::file_too_large || error.code.value() == EDQUOT;
}

}  // namespace

WriteQueue::WriteQueue(const RemoteOptions& options)
    : is_writable_(options.is_writable),
      directory_(options.directory),
      audit_bytes_(options.audit_bytes),
      audit_files_(std::max(1U, options.audit_files)) {
  is_open_ = directory_.empty() || !is_writable_;
  if (directory_.empty()) return;
  make_directory(directory_);
  if (is_open_) return;
  if (!options.waits_for_directory) {
    open_audit_log(lock_directory(directory_));
  } else if (auto lock = try_lock_directory(directory_)) {
    open_audit_log(std::move(*lock));
  }
}

void WriteQueue::open_audit_log(File lock) {
  lock_.emplace(std::move(lock));
  audit_.emplace(AuditLog::Options{directory_, audit_bytes_, audit_files_});
  pending_.emplace(directory_);
  // Of a life that ended in between.
  const auto noted = pending_->left();
  for (const std::string& line : lacking(noted, audit_->tail(noted.size()))) {
    owed_.append(line).append("\n");
  }
  if (append_owed() && sync()) pending_->clear();
  is_open_ = true;
}

// False: it is time to stop.
bool WriteQueue::wait_for_directory(const std::stop_token& stop) {
  while (!is_open_) {
    if (auto lock = try_lock_directory(directory_)) {
      open_audit_log(std::move(*lock));
      continue;
    }
    std::unique_lock lock(mutex_);
    submitted_.wait_for(lock, stop, to_look_again, [] { return false; });
    if (stop.stop_requested()) return false;
  }
  return true;
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
  settle();
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
  if (!wait_for_directory(stop)) return;
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
  std::vector<Made> results(batch.size());
  std::vector<std::size_t> places;
  Writes writes;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!has_room_for(batch[i].first)) {
      results[i].result = no_room(directory_);
      continue;
    }
    places.push_back(i);
    writes.push_back(&batch[i].first);
  }
  const std::int64_t now = unix_milliseconds();
  if (const auto refused = note_intents(writes, now)) {
    for (const std::size_t place : places) results[place].result = *refused;
  } else {
    auto came_of_them = work_.make(writes, now);
    for (std::size_t i = 0; i < places.size(); ++i) {
      results[places[i]] = std::move(came_of_them[i]);
    }
    note_outcomes(results);
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    made_.push_back({.result = std::move(results[i].result),
                     .done = std::move(batch[i].second),
                     .deadline = Clock::now() + longest_wait,
                     .has_line = !results[i].audit.empty()});
  }
  // While there is more to do, the next note of intents holds these lines, too, and is on disk
  // sooner than a file that grows.
  if (unsynced_.size() > most_unsynced || is_idle()) settle();
}

bool WriteQueue::is_idle() {
  const std::scoped_lock lock(mutex_);
  return queue_.empty();
}

// On disk before anything is asked of the store; else why not, and nothing is asked.
std::optional<WriteResult> WriteQueue::note_intents(const Writes& writes, std::int64_t now) {
  if (!audit_ || writes.empty()) return std::nullopt;
  if (!append_owed() || (has_sync_failed_ && !sync())) {
    return refusal(Status::unavailable, "the audit log in " + directory_.string() +
                                            " cannot be written; nothing was changed");
  }
  std::string lines = unsynced_;
  for (const Write* write : writes) lines += intent_line(*write, now);
  const auto noted = pending_->note(lines);
  if (noted) {
    answer_made();
    return std::nullopt;
  }
  settle();  // the note before is gone
  return refusal(says_full(noted.error()) ? Status::disk_full : Status::unavailable,
                 noted.error().text + "; nothing was changed");
}

void WriteQueue::note_outcomes(std::vector<Made>& results) {
  if (!audit_) return;
  for (const Made& one : results) owed_ += one.audit;
  if (append_owed()) return;
  for (Made& one : results) {
    if (!one.audit.empty()) one.result = not_noted(one.result, directory_);
    one.audit.clear();
  }
}

// Whether the audit log has all it is to have. What it lacks is kept for the next time, and the
// intents stay until then.
bool WriteQueue::append_owed() {
  if (owed_.empty()) return true;
  if (!audit_->append(owed_, audit_->last_revision())) return false;
  unsynced_ += std::exchange(owed_, {});
  return true;
}

// Whether all that the audit log has is on disk.
bool WriteQueue::sync() {
  if (unsynced_.empty()) return true;
  has_sync_failed_ = !audit_->sync();
  if (!has_sync_failed_) unsynced_.clear();
  return !has_sync_failed_;
}

// Brings to disk what the audit log has, and answers who waits for that.
void WriteQueue::settle() {
  if (!sync()) {
    for (Waiting& one : made_) {
      if (one.has_line) one.result = not_noted(one.result, directory_);
    }
  } else if (audit_ && append_owed() && sync()) {
    pending_->clear();
  }
  answer_made();
}

void WriteQueue::answer_made() { await(std::exchange(made_, {})); }

// A change elsewhere cannot be taken back, so there is to be room for its line before.
bool WriteQueue::has_room_for(const Write& write) {
  if (!audit_) return true;
  const std::size_t size = write.object ? format_json(*write.object).size() : 0;
  return audit_->reserve(line_room + 2 * size);
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
  return is_open_ && audit_ ? audit_->tail(limit) : std::vector<std::string>();
}

}  // namespace paddock::metadata::remote
