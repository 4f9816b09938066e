// SPDX-License-Identifier: Apache-2.0
#include "ipam/lease_database.hpp"

#include "ipam/lease_record.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace paddock::net {
namespace {

constexpr std::size_t first_map_size = 64UL << 20;
constexpr std::size_t largest_map_size = 4UL << 30;
constexpr std::string_view applied_key = "applied";

MDB_val to_value(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};  // LMDB does not write through it
}

std::string_view to_text(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

// "<milliseconds> <owner>"; without an owner only the number.
LeaseStore::Freed parse_note(const IpAddress& address, const std::string& note) {
  const std::chrono::milliseconds when(std::strtoll(note.c_str(), nullptr, 10));
  const auto space = note.find(' ');
  return {address, std::chrono::system_clock::time_point(when),
          space == std::string::npos ? std::string() : note.substr(space + 1)};
}

// Calls visit for each pair of the table.
template <class Visit>
int each_pair(MDB_txn* transaction, MDB_dbi table, Visit visit) {
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

int erase_key(MDB_txn* transaction, MDB_dbi table, std::string_view text) {
  auto key = to_value(text);
  const int code = mdb_del(transaction, table, &key, nullptr);
  return code == MDB_NOTFOUND ? 0 : code;
}

int put_pair(MDB_txn* transaction, MDB_dbi table, std::string_view name, std::string_view text) {
  auto key = to_value(name);
  auto value = to_value(text);
  return mdb_put(transaction, table, &key, &value, 0);
}

}  // namespace

std::string sentence(const std::string& what, int code) { return what + ": " + mdb_strerror(code); }

LeaseDatabase::LeaseDatabase(std::filesystem::path path)
    : path_(std::move(path)), map_size_(first_map_size) {
  if (const int code = open(); code != 0)
    throw std::runtime_error(sentence("open " + path_.string(), code));
}

LeaseDatabase::~LeaseDatabase() { close(); }

void LeaseDatabase::close() {
  if (environment_ != nullptr) mdb_env_close(environment_);
  environment_ = nullptr;
}

int LeaseDatabase::open() {
  const int code = try_open();
  if (code != 0) close();
  return code;
}

int LeaseDatabase::try_open() {
  int code = mdb_env_create(&environment_);
  if (code != 0) return code;
  mdb_env_set_maxdbs(environment_, 3);
  mdb_env_set_mapsize(environment_, map_size_);
  // The directory is locked and there is one thread at a time: LMDB's own lock file is not needed.
  code = mdb_env_open(environment_, path_.c_str(), MDB_NOSUBDIR | MDB_NOLOCK, 0600);
  MDB_txn* transaction = nullptr;
  if (code == 0) code = mdb_txn_begin(environment_, nullptr, 0, &transaction);
  if (code != 0) return code;
  code = mdb_dbi_open(transaction, "leases", MDB_CREATE, &leases_);
  if (code == 0) code = mdb_dbi_open(transaction, "freed", MDB_CREATE, &freed_);
  if (code == 0) code = mdb_dbi_open(transaction, "journal", MDB_CREATE, &journal_);
  if (code == 0) return mdb_txn_commit(transaction);
  mdb_txn_abort(transaction);
  return code;
}

int LeaseDatabase::reopen() {
  close();
  const int code = open();
  return code != 0 ? code : EIO;
}

int LeaseDatabase::apply(const std::vector<const LeaseChange*>& changes, std::uint64_t last) {
  if (environment_ == nullptr) {  // the disk that failed was not to be had when it was opened anew
    if (const int code = open(); code != 0) return code;
  }
  int code = try_apply(changes, last);
  while (code == MDB_MAP_FULL && map_size_ < largest_map_size) {
    map_size_ *= 2;
    code = mdb_env_set_mapsize(environment_, map_size_);
    if (code == 0) code = try_apply(changes, last);
  }
  if (code == MDB_PANIC) code = reopen();  // a sync failed; what is on disk is the truth
  return code;
}

int LeaseDatabase::try_apply(const std::vector<const LeaseChange*>& changes, std::uint64_t last) {
  MDB_txn* transaction = nullptr;
  int code = mdb_txn_begin(environment_, nullptr, 0, &transaction);
  if (code != 0) return code;
  for (const auto* change : changes) {
    if (code == 0) code = write(transaction, *change);
  }
  if (code == 0) code = put_pair(transaction, journal_, applied_key, std::to_string(last));
  if (code == 0) return mdb_txn_commit(transaction);
  mdb_txn_abort(transaction);
  return code;
}

int LeaseDatabase::write(MDB_txn* transaction, const LeaseChange& change) const {
  int code = change.value ? put_pair(transaction, leases_, change.key, *change.value)
                          : erase_key(transaction, leases_, change.key);
  for (const auto& address : change.taken) {
    if (code == 0) code = erase_key(transaction, freed_, address);
  }
  for (const auto& [address, note] : change.freed) {
    if (code == 0) code = put_pair(transaction, freed_, address, note);
  }
  return code;
}

std::uint64_t LeaseDatabase::applied() const {
  MDB_txn* transaction = nullptr;
  int code = mdb_txn_begin(environment_, nullptr, MDB_RDONLY, &transaction);
  if (code != 0) throw std::runtime_error(sentence("read " + path_.string(), code));
  auto key = to_value(applied_key);
  MDB_val value{};
  code = mdb_get(transaction, journal_, &key, &value);
  const auto text = code == 0 ? std::string(to_text(value)) : std::string("0");
  mdb_txn_abort(transaction);
  if (code != 0 && code != MDB_NOTFOUND)
    throw std::runtime_error(sentence("read " + path_.string(), code));
  return std::strtoull(text.c_str(), nullptr, 10);
}

LeaseStore::Contents LeaseDatabase::load() const {
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

int LeaseDatabase::read_leases(MDB_txn* transaction, LeaseStore::Contents& contents) const {
  return each_pair(transaction, leases_, [&](std::string_view key, std::string_view value) {
    const auto id = parse_lease_key(key);
    auto lease = id ? parse_lease(*id, value) : std::nullopt;
    if (lease)
      contents.leases.push_back(std::move(*lease));
    else
      contents.problems.push_back("the record of " + (id ? id->alias() : "an unnamed attachment") +
                                  " cannot be understood");
  });
}

int LeaseDatabase::read_freed(MDB_txn* transaction, LeaseStore::Contents& contents) const {
  return each_pair(transaction, freed_, [&](std::string_view key, std::string_view value) {
    boost::system::error_code failed;
    const auto address = boost::asio::ip::make_address(std::string(key), failed);
    if (!failed) contents.freed.push_back(parse_note(address, std::string(value)));
  });
}

}  // namespace paddock::net
