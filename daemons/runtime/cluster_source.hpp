// SPDX-License-Identifier: Apache-2.0
//
// The options by which a daemon is told where it has the cluster from and how it gets in there,
// and what it logs of that.
#pragma once

#include "runtime/options.hpp"

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/store.hpp>

#include <functional>
#include <string>

namespace paddock::runtime {

struct ClusterSource {
  std::string location;  // as metadata::open_store takes it
  metadata::Access access;
};

// Adds --NAME-ca, --NAME-certificate and so on. The location itself is the daemon's to describe,
// with this check.
void describe_access(OptionTable& table, const std::string& name, metadata::Access& access);
[[nodiscard]] std::string check_location(const std::string& text);

// Log lines for all that happens between the daemon and its store; `wake` is called after what
// changes how it stands.
[[nodiscard]] metadata::StoreEvents log_store_events(const std::string& location,
                                                     const std::function<void()>& wake);

}  // namespace paddock::runtime
