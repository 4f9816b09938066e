// SPDX-License-Identifier: Apache-2.0
//
// What is said of the resolver to those who look after it: the part of it that the admin thread
// reads while the control thread goes on.
#pragma once

#include "runtime/admin.hpp"

#include <paddock/dns/upstream.hpp>
#include <paddock/dns/zone.hpp>
#include <paddock/metadata/store.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace paddock::dnsd {

// What is asked of others at the time of the question.
struct Surroundings {
  std::string source{};  // of the cluster
  metadata::StoreHealth health{};
  std::int64_t stale_since = 0;
  dns::ForwardingReport forwarding{};
  std::vector<dns::Endpoint> listen{};
};

struct Summary {
  bool is_known = false;  // there ever was a cluster
  std::uint64_t revision = 0;
  std::size_t names = 0;
  std::size_t bytes = 0;
  std::size_t views = 0;
  std::vector<dns::Problem> problems{};
  std::vector<std::string> losses{};  // of SkyDNS trees
  std::string broken_answers{};       // why the answers file is not taken as it is
  std::string broken_rules{};         // the same of the files of rules
  bool has_coredns_metrics = false;

  [[nodiscard]] runtime::Status status(const Surroundings& around) const;
  void write_metrics(runtime::MetricsText& out) const;
};

}  // namespace paddock::dnsd
