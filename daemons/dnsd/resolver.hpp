// SPDX-License-Identifier: Apache-2.0
//
// The running resolver: follows metadatad, keeps the names in step, serves them. Its public members
// are for the control thread, except status() and metrics(), which any thread may call.
#pragma once

#include "dnsd/names_from_cluster.hpp"
#include "dnsd/options.hpp"
#include "runtime/admin.hpp"

#include <paddock/dns/server.hpp>
#include <paddock/metadata/follower.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace paddock::dnsd {

class Resolver {
 public:
  // Answers from its return on: what the last run knew, or "not ready". `wake` is called, from
  // another thread, whenever update() has something to do. Throws a sentence when an address
  // cannot be had.
  Resolver(const Options& options, std::function<void()> wake);

  // Publishes the newest cluster and whether it is stale.
  void update();
  // Takes over what SIGHUP may change.
  void reload(const Options& options);

  [[nodiscard]] runtime::Status status() const;
  void metrics(runtime::MetricsText& out) const;

 private:
  // What the admin thread reads while the control thread writes.
  struct Summary {
    bool is_known = false;  // there ever was a cluster
    std::uint64_t revision = 0;
    std::size_t names = 0;
    std::size_t bytes = 0;
    std::vector<dns::Problem> problems;
  };

  void publish(const std::shared_ptr<const metadata::Cluster>& cluster);
  void summarize(std::uint64_t revision);

  NamesFromCluster names_;
  std::shared_ptr<const dns::Authority> authority_;
  std::shared_ptr<const metadata::Cluster> cluster_;  // null: never known
  dns::Status served_ = dns::Status::not_ready;
  mutable std::mutex summary_lock_;  // a page is rendered outside the control thread
  Summary summary_;
  dns::Server server_;
  std::string source_;
  metadata::Follower follower_;
};

}  // namespace paddock::dnsd
