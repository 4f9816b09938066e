// SPDX-License-Identifier: Apache-2.0
//
// A lease in etcd for each owner that is said to live. Its id follows from the prefix and the
// owner, so a restarted daemon, or another one that the owner has turned to, goes on with the same.
#pragma once

#include <paddock/metadata/etcd.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace paddock::metadata::remote {

class OwnerLeases {
 public:
  using Clock = std::chrono::steady_clock;

  OwnerLeases(std::string prefix, std::chrono::seconds time)
      : prefix_(std::move(prefix)), time_(time) {}

  // The owner lives. Any thread.
  void keep(const std::string& owner);

  // The rest on one thread.
  // The id of the owner's lease, granted if need be.
  [[nodiscard]] Result<std::int64_t> find(const std::string& owner, etcd::Client& etcd);
  // The lease was found to have ended.
  void forget(const std::string& owner);
  // Renews what is due, lets go of owners not heard of; returns when the next is due.
  Clock::time_point renew(etcd::Client& etcd);

 private:
  struct Owner {
    Clock::time_point alive_until;
    bool is_granted = false;
  };
  [[nodiscard]] std::int64_t id_of(const std::string& owner) const;
  [[nodiscard]] Result<void> grant(const std::string& owner, etcd::Client& etcd) const;
  void set_granted(const std::string& owner, bool is_granted);

  const std::string prefix_;
  const std::chrono::seconds time_;
  Clock::time_point due_ = Clock::now();
  std::mutex mutex_;  // owners are kept by anybody, their leases renewed by one thread
  std::map<std::string, Owner> owners_;
};

}  // namespace paddock::metadata::remote
