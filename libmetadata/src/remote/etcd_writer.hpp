// SPDX-License-Identifier: Apache-2.0
//
// Makes a write in etcd: what it comes to over what is stored, as a transaction that holds only if
// that is still so; again over what is there by then, if it is not. One thread, but for keep().
#pragma once

#include "remote/etcd_table.hpp"
#include "remote/owner_leases.hpp"
#include "remote/write_queue.hpp"
#include "store/judgement.hpp"

#include <paddock/metadata/etcd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace paddock::metadata::remote {

class EtcdWriter {
 public:
  EtcdWriter(etcd::Options options, EtcdKeys keys, OwnerLeases& leases)
      : etcd_(std::move(options)), keys_(std::move(keys)), leases_(leases) {}

  // `known` is what this host knows of the cluster; null: nothing, so nothing is written. Writes of
  // different objects go in one transaction, as many at once as etcd takes: it costs as one.
  // `now` in Unix milliseconds.
  [[nodiscard]] std::vector<Made> make(const Writes& writes, std::int64_t now,
                                       const std::shared_ptr<const Cluster>& known);
  OwnerLeases::Clock::time_point renew_leases() { return leases_.renew(etcd_); }
  void interrupt() noexcept { etcd_.interrupt(); }

 private:
  using Known = std::shared_ptr<const Cluster>;
  [[nodiscard]] Made make_alone(const Write& write, const Known& known);
  // Of each what came of it; nothing: it is to be made alone.
  [[nodiscard]] std::vector<std::optional<Made>> make_together(std::span<const Write* const> writes,
                                                               const Known& known);
  // What is stored under a key, as far as known.
  struct Stored {
    ObjectPtr object;               // null: nothing, or no object
    std::int64_t mod_revision = 0;  // 0: nothing
    std::string value = {};         // when it has been read
    bool is_read = false;           // from etcd just now
  };
  // One write of several in a transaction.
  struct Step {
    std::size_t place = 0;  // of the write
    Key key;
    Stored stored;
    Judgement judgement;
    std::string value = {};  // to be put; empty: the key is erased
  };
  // Adds what the write comes to, unless it changes nothing or cannot be put.
  void add_step(const Write& write, std::size_t place, const Known& known,
                etcd::Transaction& transaction, std::vector<Step>& steps);
  [[nodiscard]] Made accepted(const Write& write, Judgement judgement, std::int64_t revision,
                              const Object* before) const;
  [[nodiscard]] static Stored stored_as(const Key& key, const Cluster& known);
  [[nodiscard]] Stored stored_in(const etcd::Found& found, const Key& key,
                                 const std::string& store) const;
  [[nodiscard]] Result<etcd::Put> put_of(const Write& write, const Object& next,
                                         const Stored& stored);

  etcd::Client etcd_;
  EtcdKeys keys_;
  OwnerLeases& leases_;
  std::int64_t now_ = 0;  // of the writes under way
};

}  // namespace paddock::metadata::remote
