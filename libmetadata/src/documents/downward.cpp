// SPDX-License-Identifier: Apache-2.0
//
// self/pod: what Kubernetes' downward API tells a container, by the same names in snake case.
#include "documents/fields.hpp"

namespace paddock::metadata::documents {

Node pod_node(const View& view, const Pod& pod) {
  const Host* host = view.host();
  std::vector<std::pair<std::string, Node>> entries{
      {"annotations", map_of(pod.annotations)},
      {"labels", map_of(pod.labels)},
      {"name", text_node(pod.name)},
      {"namespace", text_node(pod.ns)},
      {"node_name", text_or_null(pod.host)},
      {"pod_ip", pod.addresses.empty() ? Node() : text_node(pod.addresses.front())},
      {"pod_ips", list_of(pod.addresses)},
      {"service_account", text_or_null(pod.service_account)},
      {"uid", text_node(pod.uid)}};
  entries.emplace_back("host_ip", host == nullptr || host->addresses.empty()
                                      ? Node()
                                      : text_node(host->addresses.front()));
  entries.emplace_back("zone", host == nullptr ? Node() : text_or_null(host->zone));
  return map_of(std::move(entries));
}

}  // namespace paddock::metadata::documents
