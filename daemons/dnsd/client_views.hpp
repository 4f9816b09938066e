// SPDX-License-Identifier: Apache-2.0
//
// All views there are, compiled: those of an answers file, then those of this host's pods, and what
// is common to all clients.
#pragma once

#include "dnsd/answers_file.hpp"
#include "dnsd/pod_views.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paddock::dnsd {

class ClientViews {
 public:
  explicit ClientViews(const Options& options);

  // The client sections, and of the default section its search list and `records`: those that are
  // in no zone of ours.
  void take(const AnswersFile& answers, std::vector<dns::Record> records);

  [[nodiscard]] bool concerns(const metadata::Object& object) const {
    return pods_.concerns(object);
  }
  void follow(const metadata::Cluster& cluster);

  // Null when no client is answered differently. The same as before when nothing changed.
  [[nodiscard]] std::shared_ptr<const dns::Views> compiled();

  // Those that the views name.
  [[nodiscard]] std::vector<dns::UpstreamSet> upstream_sets() const;

  [[nodiscard]] std::vector<dns::Problem> problems() const;

 private:
  PodViews pods_;
  std::vector<dns::Name> search_;  // everybody's, by the options
  unsigned ndots_;
  std::vector<dns::View> of_answers_;
  std::vector<dns::View> of_pods_;
  dns::View common_;
  bool is_changed_ = false;
  std::shared_ptr<const dns::Views> compiled_;
  std::vector<dns::Problem> problems_;  // of compiling
};

}  // namespace paddock::dnsd
