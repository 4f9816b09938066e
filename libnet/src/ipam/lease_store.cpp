// SPDX-License-Identifier: Apache-2.0
//
// One thread writes: it takes all writes that wait, puts them into one LMDB transaction and so into
// one fsync, and tells each waiter. While it syncs, the next batch gathers.
#include "ipam/lease_record.hpp"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

namespace paddock::net {
namespace {

constexpr std::size_t first_map_size = 64UL << 20;
constexpr std::size_t largest_map_size = 4UL << 30;

struct Change {
  std::string key;
  std::optional<std::string> value;  // absent: erase
  std::vector<std::string> taken;    // addresses whose note of being freed goes
  std::vector<std::pair<std::string, std::string>> freed;  // address and note
};

MDB_val to_value(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};  // LMDB does not write through it
}

std::string_view to_text(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

std::string sentence(const std::string& what, int code) { return what + ": " + mdb_strerror(code); }

// "<milliseconds> <owner>"; without an owner only the number.
std::string format_note(const LeaseStore::Freed& freed) {
  auto note = std::to_string(to_milliseconds(freed.when));
  return freed.owner.empty() ? note : note + " " + freed.owner;
}

LeaseStore::Freed parse_note(const IpAddress& address, const std::string& note) {
  const std::chrono::milliseconds when(std::strtoll(note.c_str(), nullptr, 10));
  const auto space = note.find(' ');
  return {address, std::chrono::system_clock::time_point(when),
          space == std::string::npos ? std::string() : note.substr(space + 1)};
}

std::string first_line(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Makes sure that no other process uses the directory while the descriptor is open.
class DirectoryLock {
 public:
  explicit DirectoryLock(const std::filesystem::path& directory) {
    const auto path = directory / "lock";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor_ < 0)
      throw std::runtime_error("open " + path.string() + ": " + std::strerror(errno));
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
      const auto owner = first_line(path);
      ::close(descriptor_);
      throw std::runtime_error("the leases in " + directory.string() + " are in use by process " +
                               (owner.empty() ? "?" : owner) +
                               ": only one paddock-netd can run with this state directory");
    }
    const auto pid = std::to_string(::getpid()) + "\n";
    // Only for the message above, so a failure to write it is none of ours.
    if (::ftruncate(descriptor_, 0) == 0) (void)!::pwrite(descriptor_, pid.data(), pid.size(), 0);
  }
  ~DirectoryLock() { ::close(descriptor_); }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;

 private:
  int descriptor_ = -1;
};

// The LMDB environment. One thread at a time.
class Database {
 public:
  explicit Database(std::filesystem::path path) : path_(std::move(path)) {
    if (const int code = open(); code != 0)
      throw std::runtime_error(sentence("open " + path_.string(), code));
  }
  ~Database() { mdb_env_close(environment_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // All changes or none; an LMDB or errno code.
  int apply(const std::vector<const Change*>& changes) {
    int code = try_apply(changes);
    while (code == MDB_MAP_FULL && map_size_ < largest_map_size) {
      map_size_ *= 2;
      code = mdb_env_set_mapsize(environment_, map_size_);
      if (code == 0) code = try_apply(changes);
    }
    if (code == MDB_PANIC) code = reopen();  // a sync failed; what is on disk is the truth
    return code;
  }

  LeaseStore::Contents load() const {
    MDB_txn* transaction = nullptr;
    int code = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction);
    if (code != 0) throw std::runtime_error(sentence("read " + path_.string(), code));
    LeaseStore::Contents contents;
    code = read_leases(transaction, contents);
    if (code == 0) code = read_freed(transaction, contents);
    mdb_txn_abort(transaction);
    if (code != 0) throw std::runtime_error(sentence("read " + path_.string(), code));
    return contents;
  }

 private:
  int open() {
    int code = mdb_env_create(&environment_);
    if (code != 0) return code;
    mdb_env_set_maxdbs(environment_, 2);
    mdb_env_set_mapsize(environment_, map_size_);
    // The directory is locked and there is one thread at a time: LMDB's own lock file is not
    // needed.
    code = mdb_env_open(environment_, path_.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, 0600);
    MDB_txn* transaction = nullptr;
    if (code == 0) code = mdb_txn_begin(environment_, nullptr, 0, &transaction);
    if (code != 0) return code;
    code = mdb_dbi_open(transaction, "leases", MDB_CREATE, &leases_);
    if (code == 0) code = mdb_dbi_open(transaction, "freed", MDB_CREATE, &freed_);
    if (code == 0) return mdb_txn_commit(transaction);
    mdb_txn_abort(transaction);
    return code;
  }

  int reopen() {
    mdb_env_close(environment_);
    const int code = open();
    return code != 0 ? code : EIO;
  }

  int try_apply(const std::vector<const Change*>& changes) {
    MDB_txn* transaction = nullptr;
    int code = mdb_txn_begin(environment_, nullptr, 0, &transaction);
    if (code != 0) return code;
    for (const auto* change : changes) {
      code = write(transaction, *change);
      if (code != 0) {
        mdb_txn_abort(transaction);
        return code;
      }
    }
    return mdb_txn_commit(transaction);
  }

  int write(MDB_txn* transaction, const Change& change) const {
    auto key = to_value(change.key);
    int code = 0;
    if (change.value) {
      auto value = to_value(*change.value);
      code = mdb_put(transaction, leases_, &key, &value, 0);
    } else {
      code = mdb_del(transaction, leases_, &key, nullptr);
      if (code == MDB_NOTFOUND) code = 0;
    }
    for (const auto& address : change.taken) {
      if (code != 0) return code;
      auto name = to_value(address);
      code = mdb_del(transaction, freed_, &name, nullptr);
      if (code == MDB_NOTFOUND) code = 0;
    }
    for (const auto& [address, note] : change.freed) {
      if (code != 0) return code;
      auto name = to_value(address);
      auto value = to_value(note);
      code = mdb_put(transaction, freed_, &name, &value, 0);
    }
    return code;
  }

  // Calls visit for each pair of the table.
  template <class Visit>
  static int each(MDB_txn* transaction, MDB_dbi table, Visit visit) {
    MDB_cursor* cursor = nullptr;
    int code = mdb_cursor_open(transaction, table, &cursor);
    if (code != 0) return code;
    MDB_val key{};
    MDB_val value{};
    while ((code = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
      visit(to_text(key), to_text(value));
    mdb_cursor_close(cursor);
    return code == MDB_NOTFOUND ? 0 : code;
  }

  int read_leases(MDB_txn* transaction, LeaseStore::Contents& contents) const {
    return each(transaction, leases_, [&](std::string_view key, std::string_view value) {
      const auto id = parse_lease_key(key);
      auto lease = id ? parse_lease(*id, value) : std::nullopt;
      if (lease)
        contents.leases.push_back(std::move(*lease));
      else
        contents.problems.push_back("the record of " +
                                    (id ? id->alias() : "an unnamed attachment") +
                                    " cannot be understood");
    });
  }

  int read_freed(MDB_txn* transaction, LeaseStore::Contents& contents) const {
    return each(transaction, freed_, [&](std::string_view key, std::string_view value) {
      boost::system::error_code failed;
      const auto address = boost::asio::ip::make_address(std::string(key), failed);
      if (!failed) contents.freed.push_back(parse_note(address, std::string(value)));
    });
  }

  std::filesystem::path path_;
  std::size_t map_size_ = first_map_size;
  MDB_env* environment_ = nullptr;
  MDB_dbi leases_ = 0;
  MDB_dbi freed_ = 0;
};

std::filesystem::path made(const std::filesystem::path& directory) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) throw std::runtime_error("create " + directory.string() + ": " + failed.message());
  return directory;
}

}  // namespace

class Commit::State {
 public:
  Change change;
  std::mutex mutex;  // waiter and writer meet here once per write
  std::condition_variable done_changed;
  bool done = false;
  int code = 0;

  void finish(int result) {
    const std::lock_guard lock(mutex);
    code = result;
    done = true;
    done_changed.notify_all();
  }
};

Commit::Commit(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<void> Commit::wait() {
  std::unique_lock lock(state_->mutex);
  state_->done_changed.wait(lock, [this] { return state_->done; });
  const int code = state_->code;
  if (code == 0) return {};
  if (code == ENOSPC || code == EDQUOT || code == MDB_MAP_FULL)
    return Error{make_error_code(boost::system::errc::no_space_on_device),
                 "write lease: the disk is full; nothing was changed"};
  return Error{make_error_code(boost::system::errc::io_error), sentence("write lease", code)};
}

class LeaseStore::State {
 public:
  explicit State(const std::filesystem::path& directory)
      : lock_(made(directory)), database_(directory / "leases.mdb"), writer_([this] { write(); }) {}

  ~State() {
    {
      const std::lock_guard guard(queue_mutex_);
      stopping_ = true;
      queue_changed_.notify_all();
    }
    writer_.join();
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::shared_ptr<Commit::State> enqueue(Change change) {
    auto commit = std::make_shared<Commit::State>();
    commit->change = std::move(change);
    const std::lock_guard guard(queue_mutex_);
    queue_.push_back(commit);
    queue_changed_.notify_all();
    return commit;
  }

  Contents load() const {
    const std::lock_guard guard(database_mutex_);
    return database_.load();
  }

 private:
  void write() {
    for (;;) {
      std::deque<std::shared_ptr<Commit::State>> batch;
      {
        std::unique_lock guard(queue_mutex_);
        queue_changed_.wait(guard, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        batch.swap(queue_);
      }
      const std::lock_guard guard(database_mutex_);
      std::vector<const Change*> changes;
      for (const auto& commit : batch) changes.push_back(&commit->change);
      const int code = database_.apply(changes);
      for (const auto& commit : batch) {
        // One that cannot be written must not take the others with it.
        commit->finish(code == 0 || batch.size() == 1 ? code : database_.apply({&commit->change}));
      }
    }
  }

  DirectoryLock lock_;
  mutable std::mutex database_mutex_;  // load() may come while the writer works
  Database database_;
  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::deque<std::shared_ptr<Commit::State>> queue_;
  bool stopping_ = false;
  std::thread writer_;
};

LeaseStore::LeaseStore(const std::filesystem::path& directory)
    : state_(std::make_unique<State>(directory)) {}

LeaseStore::~LeaseStore() = default;

LeaseStore::Contents LeaseStore::load() const { return state_->load(); }

Commit LeaseStore::put(const Lease& lease) {
  Change change{.key = format_lease_key(lease.attachment.id),
                .value = format_lease(lease),
                .taken = {},
                .freed = {}};
  for (const auto& address : lease.attachment.addresses)
    change.taken.push_back(address.to_string());
  return Commit(state_->enqueue(std::move(change)));
}

Commit LeaseStore::erase(const AttachmentId& id, const std::vector<Freed>& freed) {
  Change change{.key = format_lease_key(id), .value = {}, .taken = {}, .freed = {}};
  for (const auto& note : freed)
    change.freed.emplace_back(note.address.to_string(), format_note(note));
  return Commit(state_->enqueue(std::move(change)));
}

std::string current_boot_id() {
  auto id = first_line("/proc/sys/kernel/random/boot_id");
  if (id.empty())
    throw std::runtime_error("read /proc/sys/kernel/random/boot_id: is /proc mounted?");
  return id;
}

}  // namespace paddock::net
