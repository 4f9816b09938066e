// SPDX-License-Identifier: Apache-2.0
//
// Another cluster DNS' configuration as dnsd's (docs/migrate-coredns.md). Pure.
#pragma once

#include "coredns/draft.hpp"

#include <string>
#include <vector>

namespace paddock::coredns {

enum class Origin {
  coredns,
  nodelocal,  // NodeLocal DNSCache: the zones it asks the cluster's DNS for are ours
};

struct Import {
  std::string yaml;                     // --check-config takes it
  std::vector<Remark> remarks;          // by line
  [[nodiscard]] bool is_whole() const;  // nothing was lost
};

[[nodiscard]] dns::Result<Import> import_corefile(const Text& corefile, Origin origin,
                                                  const Surroundings& surroundings);

// The data of kube-dns' ConfigMap: stubDomains and upstreamNameservers, which are JSON.
struct KubeDnsData {
  std::string stub_domains;
  std::string upstream_name_servers;
  std::string federations;
};
[[nodiscard]] dns::Result<Import> import_kube_dns(const std::string& file, const KubeDnsData& data);

}  // namespace paddock::coredns
