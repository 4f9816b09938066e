// SPDX-License-Identifier: Apache-2.0
//
// Makes a write in etcd: what it comes to over what is stored, as a transaction that holds only if
// that is still so; again over what is there by then, if it is not. One thread, but for keep().
#pragma once

#include "remote/etcd_table.hpp"
#include "remote/owner_leases.hpp"
#include "remote/write_queue.hpp"

#include <paddock/metadata/etcd.hpp>

#include <memory>
#include <string>

namespace paddock::metadata::remote {

class EtcdWriter {
 public:
  EtcdWriter(etcd::Options options, EtcdKeys keys, OwnerLeases& leases)
      : etcd_(std::move(options)), keys_(std::move(keys)), leases_(leases) {}

  // `known` is what this host knows of the cluster; null: nothing, so nothing is written.
  [[nodiscard]] Made make(const Write& write, const std::shared_ptr<const Cluster>& known);
  OwnerLeases::Clock::time_point renew_leases() { return leases_.renew(etcd_); }
  void interrupt() noexcept { etcd_.interrupt(); }

 private:
  // What is stored under a key, as far as known.
  struct Stored {
    ObjectPtr object;               // null: nothing, or no object
    std::int64_t mod_revision = 0;  // 0: nothing
    std::string value = {};         // when it has been read
    bool is_read = false;           // from etcd just now
  };
  [[nodiscard]] Stored stored_in(const etcd::Found& found, const Key& key,
                                 const std::string& store) const;
  [[nodiscard]] Result<etcd::Put> put_of(const Write& write, const Object& next,
                                         const Stored& stored);

  etcd::Client etcd_;
  EtcdKeys keys_;
  OwnerLeases& leases_;
};

}  // namespace paddock::metadata::remote
