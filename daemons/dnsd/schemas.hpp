// SPDX-License-Identifier: Apache-2.0
//
// The schemas of names that the options ask for, and what each object contributes in all of them.
#pragma once

#include <paddock/dns/clusterset_naming.hpp>
#include <paddock/dns/external_naming.hpp>
#include <paddock/dns/host_naming.hpp>
#include <paddock/dns/naming.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace paddock::dnsd {

struct Options;

class Schemas {
 public:
  explicit Schemas(const Options& options);

  [[nodiscard]] std::vector<dns::ZoneSpec> zones() const;

  // What is there without any object.
  [[nodiscard]] std::vector<dns::Contribution> base() const;
  [[nodiscard]] std::vector<dns::Contribution> space(std::string_view name) const;
  [[nodiscard]] std::vector<dns::Contribution> service(
      const dns::Service& service, const dns::RancherNames::FindService& find) const;

  // Where a pod that has ended is still named, in Rancher's words a stopped container.
  [[nodiscard]] std::vector<dns::Contribution> pod(const dns::Pod& pod, bool is_there) const;

 private:
  std::vector<dns::KubernetesNames> kubernetes_;  // one a zone; the first has the reverse names
  std::optional<dns::ExternalNames> external_;
  std::optional<dns::ClustersetNames> clusterset_;
  std::optional<dns::HostNames> hosts_;
  std::optional<dns::RancherNames> rancher_;
};

}  // namespace paddock::dnsd
