// SPDX-License-Identifier: Apache-2.0
#include "store/database.hpp"

#include "store/file.hpp"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <system_error>

namespace paddock::metadata {
namespace {

constexpr std::string_view format_version = "1";
constexpr std::size_t first_map_bytes = 256U << 20U;
constexpr std::string_view remedy =
    ": move it away to start empty, or put a copy of it back; nothing was changed";

// LMDB's return code on its way to where it is judged.
struct Code {
  int value;
};

void must(int code) {
  if (code != MDB_SUCCESS) throw Code{code};
}

MDB_val bytes(std::string_view text) { return {text.size(), const_cast<char*>(text.data())}; }

std::string_view view(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// Big-endian, so that records stand in the order of their revisions.
std::array<char, 8> audit_key(std::uint64_t revision) {
  std::array<char, 8> key{};
  for (std::size_t i = 0; i < key.size(); ++i) {
    key[i] = static_cast<char>(revision >> (8 * (7 - i)));
  }
  return key;
}

std::uint64_t revision_of_key(std::string_view key) {
  std::uint64_t revision = 0;
  for (const char c : key) revision = revision << 8U | static_cast<unsigned char>(c);
  return revision;
}

class Transaction {
 public:
  Transaction(MDB_env* env, unsigned flags) { must(mdb_txn_begin(env, nullptr, flags, &txn_)); }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction() {
    if (txn_ != nullptr) mdb_txn_abort(txn_);
  }
  [[nodiscard]] MDB_txn* get() const noexcept { return txn_; }
  void commit() { must(mdb_txn_commit(std::exchange(txn_, nullptr))); }

  void put(unsigned table, std::string_view key, std::string_view value) {
    put(table, key, value, 0);
  }
  // The key comes after all that are there: pages are filled, where put() splits them in halves.
  void append(unsigned table, std::string_view key, std::string_view value) {
    put(table, key, value, MDB_APPEND);
  }
  void erase(unsigned table, std::string_view key) {
    MDB_val k = bytes(key);
    const int code = mdb_del(txn_, table, &k, nullptr);
    if (code != MDB_NOTFOUND) must(code);
  }
  [[nodiscard]] std::string get(unsigned table, std::string_view key) {
    MDB_val k = bytes(key);
    MDB_val v{};
    const int code = mdb_get(txn_, table, &k, &v);
    if (code == MDB_NOTFOUND) return {};
    must(code);
    return std::string(view(v));
  }
  // Visits from the key on until `visit` says false.
  template <class Visit>
  void each(unsigned table, std::string_view from, Visit visit) {
    MDB_cursor* raw = nullptr;
    must(mdb_cursor_open(txn_, table, &raw));
    const std::unique_ptr<MDB_cursor, void (*)(MDB_cursor*)> cursor(raw, mdb_cursor_close);
    MDB_val key = bytes(from);
    MDB_val value{};
    int code = mdb_cursor_get(raw, &key, &value, from.empty() ? MDB_FIRST : MDB_SET_RANGE);
    while (code == MDB_SUCCESS && visit(view(key), view(value))) {
      code = mdb_cursor_get(raw, &key, &value, MDB_NEXT);
    }
    if (code != MDB_NOTFOUND) must(code);
  }

 private:
  void put(unsigned table, std::string_view key, std::string_view value, unsigned flags) {
    MDB_val k = bytes(key);
    MDB_val v = bytes(value);
    must(mdb_put(txn_, table, &k, &v, flags));
  }

  MDB_txn* txn_ = nullptr;
};

// Pages of the mapped file that have been read count as this process's memory until it gives them
// back: while a large store is loaded that is as much again as what is made of it.
class ReadPages {
 public:
  void add(std::string_view value) {
    first_ = first_ == nullptr ? value.data() : std::min(first_, value.data());
    last_ = std::max(last_, value.data() + value.size());
    bytes_ += value.size();
    if (bytes_ < 4U << 20U) return;
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(first_) / page * page;
    // Only read so far, and backed by the file: nothing is lost.
    ::madvise(reinterpret_cast<void*>(begin), reinterpret_cast<std::uintptr_t>(last_) - begin,
              MADV_DONTNEED);
    *this = {};
  }

 private:
  const char* first_ = nullptr;
  const char* last_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace

Database::Database(std::filesystem::path file)
    : file_(std::move(file)), map_bytes_(first_map_bytes) {
  try {
    open();
    read_identity();
  } catch (const Code& code) {
    close();
    refuse(code.value);
  } catch (...) {
    close();
    throw;
  }
}

void Database::refuse(int code) const {
  const std::string what = file_.string() + ": " + mdb_strerror(code);
  switch (code) {
    case MDB_INVALID:
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
      throw std::runtime_error("the store " + what + ". It is damaged, or no store" +
                               std::string(remedy));
    case MDB_VERSION_MISMATCH:
      throw std::runtime_error("the store " + what + ". It was made by another LMDB" +
                               std::string(remedy));
    case ENOSPC:
      throw std::runtime_error("open the store " + what + ": free some space and start again");
    default:
      throw std::runtime_error("open the store " + what);
  }
}

Database::~Database() { close(); }

void Database::close() noexcept {
  if (env_ != nullptr) mdb_env_close(std::exchange(env_, nullptr));
}

void Database::open() {
  must(mdb_env_create(&env_));
  std::error_code missing;
  const auto size = std::filesystem::file_size(file_, missing);
  while (!missing && map_bytes_ < size) map_bytes_ *= 2;
  must(mdb_env_set_mapsize(env_, map_bytes_));
  must(mdb_env_set_maxdbs(env_, 3));
  // No lock table: one process (the caller holds a lock) and one thread use the file.
  must(mdb_env_open(env_, file_.c_str(), MDB_NOSUBDIR | MDB_NOLOCK | MDB_NOTLS, 0600));
  extend_to_last_page();
}

// LMDB maps the file; reading a page that a truncated copy lacks would be a SIGBUS. (A sound file
// may lack pages at its end too: those freed before they were ever written.) Given zeros to
// read, LMDB calls the page corrupted.
void Database::extend_to_last_page() {
  MDB_envinfo info{};
  MDB_stat stat{};
  must(mdb_env_info(env_, &info));
  must(mdb_env_stat(env_, &stat));
  const std::uintmax_t wanted = (info.me_last_pgno + 1) * stat.ms_psize;
  std::error_code failed;
  if (std::filesystem::file_size(file_, failed) < wanted && !failed) {
    std::filesystem::resize_file(file_, wanted, failed);
  }
  if (failed) throw Code{failed.value()};
}

void Database::read_identity() {
  Transaction transaction(env_, 0);
  must(mdb_dbi_open(transaction.get(), "objects", MDB_CREATE, &objects_));
  must(mdb_dbi_open(transaction.get(), "audit", MDB_CREATE, &audit_));
  must(mdb_dbi_open(transaction.get(), "meta", MDB_CREATE, &meta_));
  const std::string format = transaction.get(meta_, "format");
  if (format.empty()) {
    transaction.put(meta_, "format", format_version);
    transaction.put(meta_, "store", random_uuid());
    transaction.put(meta_, "revision", "0");
  } else if (format != format_version) {
    throw std::runtime_error("the store " + file_.string() + " has format " + format +
                             ", this version reads " + std::string(format_version) +
                             ": start the version that made it, or use another directory");
  }
  store_ = transaction.get(meta_, "store");
  const std::string revision = transaction.get(meta_, "revision");
  std::from_chars(revision.data(), revision.data() + revision.size(), revision_);
  transaction.commit();
}

void Database::each_object(const Visit& visit) {
  try {
    Transaction transaction(env_, MDB_RDONLY);
    ReadPages pages;
    transaction.each(objects_, {}, [&](std::string_view key, std::string_view value) {
      visit(key, value);
      pages.add(value);
      return true;
    });
  } catch (const Code& code) {
    refuse(code.value);
  }
}

std::vector<AuditRecord> Database::audit_records(std::uint64_t after) {
  std::vector<AuditRecord> records;
  if (env_ == nullptr) return records;  // lost in a failed commit; still on disk
  try {
    const auto from = audit_key(after + 1);
    Transaction transaction(env_, MDB_RDONLY);
    transaction.each(audit_, {from.data(), from.size()},
                     [&records](std::string_view key, std::string_view value) {
                       records.push_back({revision_of_key(key), std::string(value)});
                       return true;
                     });
  } catch (const Code& code) {
    refuse(code.value);
  }
  return records;
}

int Database::try_commit(const Batch& batch) {
  try {
    Transaction transaction(env_, 0);
    for (const StepView& object : batch.objects) {
      if (object.json.empty()) {
        transaction.erase(objects_, object.key);
      } else {
        transaction.put(objects_, object.key, object.json);
      }
    }
    for (const StepView& record : batch.records) {
      const auto key = audit_key(record.revision);
      transaction.append(audit_, {key.data(), key.size()}, record.line);
    }
    // A few more than come: all at once would hold up whoever writes then.
    const std::size_t most_dropped = 4 * batch.objects.size();
    std::vector<std::string> old;
    transaction.each(audit_, {}, [&](std::string_view key, std::string_view) {
      if (revision_of_key(key) > batch.drop_audit_until || old.size() == most_dropped) return false;
      old.emplace_back(key);
      return true;
    });
    for (const std::string& key : old) transaction.erase(audit_, key);
    transaction.put(meta_, "revision", std::to_string(batch.revision));
    transaction.commit();
    return MDB_SUCCESS;
  } catch (const Code& code) {
    return code.value;
  }
}

// Opens the file again. After a failed commit LMDB cannot tell whether it took place; the
// revision found does. Should the file not open, the next commit tries again.
bool Database::recover(std::uint64_t wanted) {
  close();
  try {
    open();
    read_identity();
  } catch (const Code&) {
    close();
  } catch (const std::exception&) {
    close();
  }
  return env_ != nullptr && revision_ == wanted;
}

bool Database::is_disk_full(int code) const {
  const auto says_full = [](int error) {
    return error == ENOSPC || error == EDQUOT || error == EFBIG;
  };
  if (says_full(code) || code == MDB_MAP_FULL) return true;
  if (code != EIO) return false;
  // LMDB makes an input/output error of a short write: see whether the file can grow.
  constexpr off_t probe_bytes = 1 << 20;
  try {
    const File file(file_, O_RDWR);
    const off_t end = ::lseek(file.get(), 0, SEEK_END);
    const int grown = ::posix_fallocate(file.get(), end, probe_bytes);
    (void)!::ftruncate(file.get(), end);
    return says_full(grown);
  } catch (const std::system_error&) {
    return false;
  }
}

Database::Commit Database::commit(const Batch& batch, std::string& why) {
  const std::uint64_t wanted = batch.revision;
  if (env_ == nullptr) (void)recover(wanted);  // an earlier failure closed it
  int code = env_ == nullptr ? EIO : try_commit(batch);
  while (code == MDB_MAP_FULL && mdb_env_set_mapsize(env_, map_bytes_ * 2) == MDB_SUCCESS) {
    map_bytes_ *= 2;
    code = try_commit(batch);
  }
  if (code == MDB_SUCCESS || recover(wanted)) {
    revision_ = wanted;
    return Commit::done;
  }
  if (is_disk_full(code)) {
    why = "the disk of " + file_.parent_path().string() +
          " is full: free some space there; nothing was changed";
    return Commit::disk_full;
  }
  why = "write " + file_.string() + ": " + mdb_strerror(code) + "; nothing was changed";
  return Commit::failed;
}

void Database::release_pages() { (void)recover(revision_); }

}  // namespace paddock::metadata
