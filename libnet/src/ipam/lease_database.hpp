// SPDX-License-Identifier: Apache-2.0
//
// The leases on disk: tables `leases`, `freed` and `journal` of one LMDB file.
#pragma once

#include "ipam/lease_journal.hpp"

#include <paddock/net/lease_store.hpp>

#include <lmdb.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace paddock::net {

// An LMDB or errno code as a sentence.
std::string sentence(const std::string& what, int code);

// One thread at a time.
class LeaseDatabase {
 public:
  // Throws std::runtime_error, as load() and applied() do.
  explicit LeaseDatabase(std::filesystem::path path);
  ~LeaseDatabase();
  LeaseDatabase(const LeaseDatabase&) = delete;
  LeaseDatabase& operator=(const LeaseDatabase&) = delete;

  // All changes or none, and that they are those up to `last` of the journal; an LMDB or errno
  // code. What it has done outlives a loss of power.
  int apply(const std::vector<const LeaseChange*>& changes, std::uint64_t last);

  // The last change of the journal it has; 0: none.
  [[nodiscard]] std::uint64_t applied() const;
  [[nodiscard]] LeaseStore::Contents load() const;

 private:
  int open();
  int try_open();
  void close();
  int reopen();
  int try_apply(const std::vector<const LeaseChange*>& changes, std::uint64_t last);
  int write(MDB_txn* transaction, const LeaseChange& change) const;
  int read_leases(MDB_txn* transaction, LeaseStore::Contents& contents) const;
  int read_freed(MDB_txn* transaction, LeaseStore::Contents& contents) const;

  std::filesystem::path path_;
  std::size_t map_size_;
  MDB_env* environment_ = nullptr;  // null: it is to be opened anew
  MDB_dbi leases_ = 0;
  MDB_dbi freed_ = 0;
  MDB_dbi journal_ = 0;
};

}  // namespace paddock::net
