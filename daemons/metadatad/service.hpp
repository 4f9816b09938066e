// SPDX-License-Identifier: Apache-2.0
//
// Store, API and documents of one metadatad, put together. Belongs to the control thread; status()
// and metrics() may be called from any.
#pragma once

#include "metadatad/answers_source.hpp"
#include "metadatad/measured_store.hpp"
#include "metadatad/options.hpp"
#include "runtime/admin.hpp"
#include "runtime/reloads.hpp"

#include <paddock/metadata/service.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paddock::metadatad {

class Service {
 public:
  // Begins to answer. `changed` is called on any thread when publish() is due, or a reload is asked
  // for. Throws a sentence when an address cannot be had.
  Service(const Options& options, std::unique_ptr<metadata::Store> store,
          std::function<void()> changed);
  // Ends streams and answers what is under way, within three seconds.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Tells the store that this host lives; to be said every second.
  void keep_host();
  // Makes the documents of the newest state.
  void publish();
  // Somebody waits for read_again().
  [[nodiscard]] bool is_asked_to_reload() const { return reloads_.is_asked(); }
  // Reads the files again and tells those who have asked. `configuration` says what came of
  // reading that before.
  void read_again(const metadata::Result<void>& configuration);

  [[nodiscard]] std::string summary() const;
  [[nodiscard]] runtime::Status status() const;
  void metrics(runtime::MetricsText& out) const;

 private:
  void leave_sockets();  // with the service manager, for the process after this one
  void add_answers_problems(runtime::Status& status) const;

  const std::string host_;
  const bool reads_one_node_;  // of a Kubernetes cluster
  MeasuredStore store_;
  std::optional<AnswersSource> answers_;  // none: documents are the cluster's
  runtime::Reloads reloads_;
  const std::vector<int> passed_;
  std::optional<metadata::InheritedSockets> inherited_;  // while the services below are made
  metadata::ApiService api_;
  std::optional<metadata::DocumentService> documents_;  // none with --listen none
  std::optional<metadata::ReloadService> reload_;
  std::atomic<bool> is_edition_asked_ = false;  // `changed` was called since publish()
  metadata::Subscription subscription_;
};

}  // namespace paddock::metadatad
