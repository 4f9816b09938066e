// SPDX-License-Identifier: Apache-2.0
//
// Who writes appends to the journal and goes on. One thread carries what has gathered there over
// into the database, in one transaction and so with one sync for many.
#include "ipam/directory_lock.hpp"
#include "ipam/lease_database.hpp"
#include "ipam/lease_journal.hpp"
#include "ipam/lease_record.hpp"

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace paddock::net {
namespace {

constexpr std::size_t longest_key = 511;            // LMDB's
constexpr std::size_t longest_journal = 4UL << 20;  // then writers wait for the database
constexpr std::chrono::milliseconds gather{20};     // a burst becomes one transaction
constexpr std::chrono::seconds before_next_attempt{1};

std::filesystem::path made(const std::filesystem::path& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) throw std::runtime_error("create " + directory.string() + ": " + failed.message());
  return directory;
}

// "<milliseconds> <owner>"; without an owner only the number.
std::string format_note(const LeaseStore::Freed& freed) {
  auto note = std::to_string(to_milliseconds(freed.when));
  return freed.owner.empty() ? note : note + " " + freed.owner;
}

Error not_kept(int code) {
  if (code == ENOSPC || code == EDQUOT || code == MDB_MAP_FULL)
    return {make_error_code(boost::system::errc::no_space_on_device),
            "write lease: the disk is full; nothing was changed"};
  return {make_error_code(boost::system::errc::io_error), sentence("write lease", code)};
}

}  // namespace

class LeaseStore::State {
 public:
  explicit State(const std::filesystem::path& directory)
      : lock_(made(directory)),
        database_(directory / "leases.mdb"),
        journal_(directory / "leases.journal") {
    take_over();
    writer_ = std::thread([this] { carry(); });
  }

  ~State() {
    {
      const std::lock_guard guard(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    writer_.join();
    if (queue_.empty()) journal_.clear();
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> keep(LeaseChange change) {
    if (change.key.size() > longest_key) return not_kept(MDB_BAD_VALSIZE);
    std::unique_lock guard(mutex_);
    if (journal_.size() > longest_journal) {
      carried_.wait(guard, [this] { return queue_.empty() || failure_ != 0; });
      if (!queue_.empty()) return not_kept(failure_);
    }
    JournalRecord record{last_ + 1, std::move(change)};
    if (const int code = journal_.append(record); code != 0) return not_kept(code);
    last_ = record.number;
    queue_.push_back(std::move(record.change));
    if (queue_.size() == 1) changed_.notify_all();
    return {};
  }

  Contents load() {
    std::unique_lock guard(mutex_);
    const auto enough = attempts_ + 2;  // one may have begun before the latest change
    ++hurried_;
    changed_.notify_all();
    carried_.wait(guard, [&] { return queue_.empty() || attempts_ >= enough; });
    --hurried_;
    if (!queue_.empty()) throw std::runtime_error(sentence("write leases", failure_));
    guard.unlock();
    const std::lock_guard database(database_mutex_);
    return database_.load();
  }

 private:
  // What a process that died had not carried over.
  void take_over() {
    last_ = database_.applied();
    const auto records = journal_.read();
    std::vector<const LeaseChange*> changes;
    for (const auto& record : records) {
      if (record.number > last_) changes.push_back(&record.change);
    }
    if (changes.empty()) return;
    last_ = records.back().number;
    if (const int code = database_.apply(changes, last_); code != 0)
      throw std::runtime_error(sentence("carry over the journal of leases", code));
  }

  void carry() {
    std::unique_lock guard(mutex_);
    for (;;) {
      changed_.wait(guard, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      pause(guard, gather);
      carry_over(guard);
      if (failure_ == 0) continue;
      if (stopping_) return;  // the next start takes it over
      pause(guard, before_next_attempt);
    }
  }

  void pause(std::unique_lock<std::mutex>& guard, std::chrono::milliseconds at_most) {
    changed_.wait_for(guard, at_most, [this] { return stopping_ || hurried_ > 0; });
  }

  void carry_over(std::unique_lock<std::mutex>& guard) {
    std::vector<const LeaseChange*> changes;  // a deque's elements stay where they are
    for (const auto& change : queue_) changes.push_back(&change);
    const auto last = last_;
    guard.unlock();
    int code = 0;
    {
      const std::lock_guard database(database_mutex_);
      code = database_.apply(changes, last);
    }
    guard.lock();
    failure_ = code;
    ++attempts_;
    if (code == 0) {
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(changes.size()));
      if (queue_.empty()) journal_.restart();
    }
    carried_.notify_all();
  }

  DirectoryLock lock_;
  std::mutex database_mutex_;  // load() may come while the thread works
  LeaseDatabase database_;
  std::mutex mutex_;  // all below; held for memory and the kernel's cache of the journal only
  LeaseJournal journal_;
  std::condition_variable changed_;
  std::condition_variable carried_;
  std::deque<LeaseChange> queue_;  // in the journal and not in the database
  std::uint64_t last_ = 0;         // number of the latest change
  std::uint64_t attempts_ = 0;
  int failure_ = 0;  // of the latest attempt
  unsigned hurried_ = 0;
  bool stopping_ = false;
  std::thread writer_;
};

LeaseStore::LeaseStore(const std::filesystem::path& directory)
    : state_(std::make_unique<State>(directory)) {}

LeaseStore::~LeaseStore() = default;

LeaseStore::Contents LeaseStore::load() const { return state_->load(); }

Result<void> LeaseStore::put(const Lease& lease) {
  LeaseChange change{.key = format_lease_key(lease.attachment.id),
                     .value = format_lease(lease),
                     .taken = {},
                     .freed = {}};
  for (const auto& address : lease.attachment.addresses)
    change.taken.push_back(address.to_string());
  return state_->keep(std::move(change));
}

Result<void> LeaseStore::erase(const AttachmentId& id, const std::vector<Freed>& freed) {
  LeaseChange change{.key = format_lease_key(id), .value = {}, .taken = {}, .freed = {}};
  for (const auto& note : freed)
    change.freed.emplace_back(note.address.to_string(), format_note(note));
  return state_->keep(std::move(change));
}

std::string current_boot_id() {
  std::string id;
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  if (!std::getline(file, id) || id.empty())
    throw std::runtime_error("read /proc/sys/kernel/random/boot_id: is /proc mounted?");
  return id;
}

}  // namespace paddock::net
