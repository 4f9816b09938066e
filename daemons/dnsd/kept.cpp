// SPDX-License-Identifier: Apache-2.0
#include "dnsd/kept.hpp"

#include "dnsd/options.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace paddock::dnsd {

namespace {

// What of the options decides.
struct Wishes {
  explicit Wishes(const Options& options)
      : host(host_name(options)),
        has_rancher(options.rancher_zone != "none"),
        has_pod_names(has_rancher || options.query_log != 0 ||
                      (options.pods != "disabled" && !options.cluster_zones.empty())),
        has_endpoint_pods(options.endpoint_pod_names),
        has_zones(options.zonal_names),
        has_labels(!options.labels.empty()),
        has_space_labels(!options.namespace_labels.empty()),
        has_hosts(!options.ingress_zones.empty()),
        has_outside(options.external_zone != "none") {}

  [[nodiscard]] std::string form() const {
    std::string text = "dnsd 1 of " + host;
    const auto add = [&text](bool is_wished, const char* what) {
      if (is_wished) text += std::string(", ") + what;
    };
    add(has_rancher, "rancher");
    add(has_pod_names, "pods");
    add(has_endpoint_pods, "endpoint pods");
    add(has_zones, "zones");
    add(has_labels, "labels");
    add(has_space_labels, "namespace labels");
    add(has_hosts, "hosts");
    add(has_outside, "outside");
    return text;
  }

  std::string host;
  bool has_rancher;
  bool has_pod_names;
  bool has_endpoint_pods;
  bool has_zones;
  bool has_labels;
  bool has_space_labels;
  bool has_hosts;
  bool has_outside;
};

// When an object changed is of no concern: what is equal to the last one stays that.
template <class T>
std::shared_ptr<T> editable(const metadata::Object& object) {
  auto copy = metadata::clone(static_cast<const T&>(object));
  copy->revision = 0;
  return copy;
}

// Endpoints that are named alike, each address by itself, are kept as one with all the addresses.
// Others stay apart, in their order: Rancher's rule asks for the last that is not ready.
metadata::List<metadata::Endpoint> joined(const metadata::List<metadata::Endpoint>& endpoints,
                                          const Wishes& wishes) {
  std::vector<metadata::Endpoint> kept;
  std::vector<std::pair<std::size_t, std::vector<boost::asio::ip::address>>> groups;
  for (const auto& whole : endpoints) {
    metadata::Endpoint endpoint = whole;
    if (!wishes.has_endpoint_pods) endpoint.pod = {};
    if (!wishes.has_zones) endpoint.zone = {};
    if (endpoint.ready && endpoint.hostname.empty() && endpoint.pod.empty()) {
      const auto group = std::ranges::find_if(
          groups, [&](const auto& one) { return kept[one.first].zone == endpoint.zone; });
      if (group != groups.end()) {
        group->second.insert(group->second.end(), endpoint.addresses.begin(),
                             endpoint.addresses.end());
        continue;
      }
      groups.emplace_back(kept.size(), endpoint.addresses.to_vector());
    }
    kept.push_back(std::move(endpoint));
  }
  for (auto& [index, addresses] : groups) kept[index].addresses = std::move(addresses);
  return kept;
}

metadata::ObjectPtr kept_service(const metadata::Object& object, const Wishes& wishes) {
  auto service = editable<metadata::Service>(object);
  if (!wishes.has_labels) service->labels = {};
  if (!wishes.has_hosts) service->lb_config = {};
  if (!wishes.has_hosts && !wishes.has_outside) service->fqdn = {};
  if (service->external_ips.empty()) service->selector = {};  // only whether there is one counts
  return service;
}

metadata::ObjectPtr kept_endpoints(const metadata::Object& object, const Wishes& wishes) {
  auto slice = editable<metadata::Endpoints>(object);
  if (slice->service == slice->name) slice->service = slice->name;  // one text
  slice->annotations = {};
  slice->endpoints = joined(slice->endpoints, wishes);
  return slice;
}

metadata::ObjectPtr kept_pod(const metadata::Object& object, const Wishes& wishes) {
  const bool is_ours = static_cast<const metadata::Pod&>(object).host == wishes.host;
  if (!is_ours && !wishes.has_pod_names) return nullptr;
  auto pod = editable<metadata::Pod>(object);
  if (metadata::is_running(*pod)) pod->state = {};
  if (!wishes.has_rancher) {
    pod->uid = pod->service = pod->network_from = {};
    pod->links = {};
  }
  if (!is_ours) {
    pod->host = {};
    pod->dns = pod->dns_search = {};
    pod->links = {};
  }
  return pod;
}

metadata::ObjectPtr keep(const metadata::ObjectPtr& whole, const Wishes& wishes) {
  const auto object = metadata::part_of(metadata::Part::names, whole);
  if (!object) return nullptr;
  switch (object->kind) {
    case metadata::Kind::service:
      return kept_service(*object, wishes);
    case metadata::Kind::endpoints:
      return kept_endpoints(*object, wishes);
    case metadata::Kind::pod:
      return kept_pod(*object, wishes);
    default:
      break;
  }
  auto space = editable<metadata::Namespace>(*object);
  if (!wishes.has_space_labels) space->labels = {};
  return space;
}

}  // namespace

metadata::Reduction kept_of(const Options& options) {
  const Wishes wishes(options);
  return {.part = metadata::Part::names,
          .keep = [wishes](const auto& object) { return keep(object, wishes); },
          .form = wishes.form()};
}

}  // namespace paddock::dnsd
