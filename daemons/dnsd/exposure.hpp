// SPDX-License-Identifier: Apache-2.0
//
// What of a cluster is named at all: its namespaces by name or by label, its services by label.
#pragma once

#include "dnsd/label_selector.hpp"

#include <paddock/metadata/cluster.hpp>

#include <set>
#include <string>

namespace paddock::dnsd {

struct Options;

class Exposure {
 public:
  explicit Exposure(const Options& options);

  [[nodiscard]] bool shows_space(const metadata::Cluster& cluster, const std::string& space) const;
  [[nodiscard]] bool shows(const metadata::Service& service) const;

  // Whether a namespace's labels decide.
  [[nodiscard]] bool looks_at_spaces() const { return !space_labels_.selects_everything(); }

 private:
  std::set<std::string> spaces_;  // empty: all
  LabelSelector space_labels_;
  LabelSelector labels_;
};

}  // namespace paddock::dnsd
