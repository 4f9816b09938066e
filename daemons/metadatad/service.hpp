// SPDX-License-Identifier: Apache-2.0
//
// Store, API and documents of one metadatad, put together. Belongs to the control thread; status()
// and metrics() may be called from any.
#pragma once

#include "metadatad/measured_store.hpp"
#include "metadatad/options.hpp"
#include "runtime/admin.hpp"

#include <paddock/metadata/service.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace paddock::metadatad {

class Service {
 public:
  // Opens the store and begins to answer. `changed` is called on the store's thread when publish()
  // is due. Throws a sentence when the store cannot be opened or an address not be had.
  Service(const Options& options, std::function<void()> changed);
  // Ends streams and answers under way within half a second.
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Makes the documents of the newest state.
  void publish();

  [[nodiscard]] std::string summary() const;
  [[nodiscard]] runtime::Status status() const;
  void metrics(runtime::MetricsText& out) const;

 private:
  MeasuredStore store_;
  metadata::ApiService api_;
  std::optional<metadata::DocumentService> documents_;  // none with --listen none
  metadata::Subscription subscription_;
};

}  // namespace paddock::metadatad
