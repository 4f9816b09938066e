// SPDX-License-Identifier: Apache-2.0
//
// The running resolver: follows metadatad and an answers file, keeps the names in step, serves
// them. Its public members are for the control thread, except status() and metrics(), which any
// thread may call.
#pragma once

#include "dnsd/change_delays.hpp"
#include "dnsd/file_stamp.hpp"
#include "dnsd/names_from_cluster.hpp"
#include "dnsd/options.hpp"
#include "dnsd/other_names.hpp"
#include "dnsd/summary.hpp"
#include "runtime/admin.hpp"

#include <paddock/dns/server.hpp>
#include <paddock/metadata/store.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace paddock::dnsd {

class Resolver {
 public:
  // Answers from its return on: what the last run knew, or "not ready". `wake` is called, from
  // another thread, whenever update() has something to do; it is to be called every second or so
  // besides. Throws a sentence when an address cannot be had, or the answers file or one of rules
  // be read.
  // `store` is what open_cluster() opened; what it knows already is answered from the first query.
  // `delays` is told when changes are answered; it lives longer.
  Resolver(const Options& options, std::unique_ptr<metadata::Store> store, ChangeDelays& delays,
           std::function<void()> wake);

  // Publishes the newest cluster and whether it is stale, and every file and tree that is another.
  void update();

  // Takes over what SIGHUP may change, and reads answers, master files and the files of rules
  // again. Fails with a sentence when that cannot be; then what was known of it goes on.
  dns::Result<void> reload(const Options& options);

  [[nodiscard]] runtime::Status status() const;
  void metrics(runtime::MetricsText& out) const;

 private:
  void follow(const std::shared_ptr<const metadata::Cluster>& cluster);
  dns::Result<void> read_answers();
  void take(AnswersFile answers);
  void begin();
  void contribute();
  void update_others();
  bool update_reach();
  void forward();
  [[nodiscard]] dns::Result<std::shared_ptr<const dns::Rules>> compile_rules();
  [[nodiscard]] std::shared_ptr<const dns::Rules> first_rules();
  dns::Result<void> read_rules();
  void publish();
  void summarize();
  [[nodiscard]] dns::Status status_of_source() const;
  [[nodiscard]] std::int64_t stale_since() const;

  Options options_;
  const std::string source_;
  std::unique_ptr<metadata::Store> store_;  // null: there is no cluster to follow
  ChangeDelays& delays_;
  std::shared_ptr<const metadata::Cluster> cluster_;  // null: never known
  FileStamp answers_stamp_;  // taken before the file is read: a later change is another stamp
  AnswersFile answers_;
  std::string broken_answers_;
  FileStamp reach_stamp_;
  OtherNames others_;
  std::vector<dns::StubZone> stubs_;  // that others_ says
  std::vector<FileStamp> rule_stamps_;
  std::string broken_rules_;
  std::vector<dns::Problem> rule_problems_;
  NamesFromCluster names_;
  std::shared_ptr<const dns::Authority> authority_;
  std::shared_ptr<const dns::Views> views_;
  std::vector<dns::UpstreamSet> sets_;
  unsigned query_log_ = 0;  // as it is in use
  dns::Status served_;
  mutable std::mutex summary_lock_;  // a page is rendered outside the control thread
  Summary summary_;
  const std::vector<int> passed_sockets_;
  dns::Server server_;
  metadata::Subscription subscription_;
};

}  // namespace paddock::dnsd
