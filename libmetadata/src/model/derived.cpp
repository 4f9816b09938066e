// SPDX-License-Identifier: Apache-2.0
#include "model/derived.hpp"

#include <paddock/metadata/codec.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace paddock::metadata {
namespace {

// What has to be looked at again of one service.
struct Affected {
  bool is_whole = false;       // everything
  std::set<std::string> pods;  // else these
};

using ServiceName = std::pair<std::string, std::string>;  // namespace, name
using AffectedServices = std::map<ServiceName, Affected>;

// A pod in one of these states has given its address back, or is about to come without one.
bool has_ended(const Pod& pod) {
  static constexpr std::string_view ended[] = {"stopped", "removing", "removed",   "purging",
                                               "purged",  "error",    "succeeded", "failed"};
  return std::find(std::begin(ended), std::end(ended), pod.state.view()) != std::end(ended);
}

// Rancher's rule: where the service has a health check, nobody is healthy who was not found so.
bool is_healthy(const Pod& pod, const Service& service) {
  if (pod.health.empty()) return !service.health_check || service.health_check->port == 0;
  return pod.health == "healthy" || pod.health == "updating-healthy";
}

// Whether the pod says that it belongs to the service.
bool names(const Pod& pod, const Service& service) {
  const std::string_view text = pod.service;
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return text == service.name.view();
  return text.substr(0, slash) == service.ns.view() &&
         text.substr(slash + 1) == service.name.view();
}

bool is_member(const Pod* pod, const Service& service) {
  return pod != nullptr && !pod->addresses.empty() && !has_ended(*pod) &&
         (pod->labels.matches(service.selector) || names(*pod, service));
}

Endpoint endpoint_of(const Cluster& cluster, const Service& service, const Pod& pod) {
  Endpoint endpoint;
  endpoint.addresses = pod.addresses;
  if (pod.subdomain == service.name && is_name(Kind::service, pod.hostname)) {
    endpoint.hostname = pod.hostname;
  }
  endpoint.pod = pod.name;
  endpoint.host = pod.host;
  if (const auto host = cluster.find<Host>(pod.host)) endpoint.zone = host->zone;
  endpoint.serving = pod.ready && is_healthy(pod, service);
  endpoint.ready = endpoint.serving && (is_running(pod) || pod.state == "starting");
  endpoint.terminating = pod.state == "stopping" || pod.state == "terminating";
  return endpoint;
}

List<Port> ports_of(const Service& service) {
  std::vector<Port> ports;
  for (Port port : service.ports) {
    if (port.target_port != 0) port.port = std::exchange(port.target_port, std::uint16_t{0});
    // Two without a name may lead to one.
    if (std::ranges::find(ports, port) == ports.end()) ports.push_back(std::move(port));
  }
  return List<Port>(std::move(ports));
}

std::shared_ptr<Endpoints> frame_of(const Service& service) {
  auto made = std::make_shared<Endpoints>();
  made->ns = service.ns;
  made->name = service.name;
  made->service = service.name;
  made->ports = ports_of(service);
  made->created = service.created;
  made->derived = true;
  return made;
}

// The list with the entries of `pods` as they are now; ordered by pod, as before.
List<Endpoint> with_pods(const List<Endpoint>& list, const std::set<std::string>& pods,
                         const Cluster& cluster, const Service& service) {
  std::vector<Endpoint> next;
  next.reserve(list.size() + pods.size());
  const Endpoint* old = list.begin();
  for (const std::string& name : pods) {
    for (; old != list.end() && old->pod.view() < name; ++old) next.push_back(*old);
    if (old != list.end() && old->pod == name) ++old;
    const auto pod = cluster.find<Pod>(service.ns, name);
    if (is_member(pod.get(), service)) next.push_back(endpoint_of(cluster, service, *pod));
  }
  next.insert(next.end(), old, list.end());
  return List<Endpoint>(std::move(next));
}

class Derivation {
 public:
  Derivation(const Cluster& before, Draft& draft) : before_(before), draft_(draft) {}

  void note(const Key& key) {
    switch (key.kind) {
      case Kind::service:
      case Kind::endpoints:
        affected_[{key.ns, key.name}].is_whole = true;
        break;
      case Kind::pod:
        note_pod(key.ns, key.name);
        break;
      case Kind::host:
        note_host(key.name);
        break;
      default:
        break;
    }
  }

  std::vector<Key> apply(std::uint64_t revision) {
    std::vector<Key> written;
    for (const auto& [name, affected] : affected_) {
      if (update(name, affected, revision)) {
        written.push_back({Kind::endpoints, name.first, name.second});
      }
    }
    return written;
  }

 private:
  void note_pod(const std::string& ns, const std::string& name) {
    const auto old = before_.find<Pod>(ns, name);
    const auto now = draft_.cluster().find<Pod>(ns, name);
    for (const Service& service : draft_.cluster().all_in<Service>(ns)) {
      if (is_member(old.get(), service) || is_member(now.get(), service)) {
        affected_[{ns, service.name.str()}].pods.insert(name);
      }
    }
  }

  void note_host(const std::string& name) {
    const auto old = before_.find<Host>(name);
    const auto now = draft_.cluster().find<Host>(name);
    const Text zone_before = old ? old->zone : Text();
    if (zone_before == (now ? now->zone : Text())) return;
    for (const Pod& pod : draft_.cluster().pods_on(name)) note_pod(pod.ns.str(), pod.name.str());
  }

  // Whether the draft changed.
  bool update(const ServiceName& name, const Affected& affected, std::uint64_t revision) {
    const Cluster& cluster = draft_.cluster();
    const auto stored = cluster.find<Endpoints>(name.first, name.second);
    if (stored && !stored->derived) return false;
    const auto service = cluster.find<Service>(name.first, name.second);
    if (!service) return stored && draft_.erase({Kind::endpoints, name.first, name.second});
    std::shared_ptr<Endpoints> next;
    if (affected.is_whole || !stored) {
      next = endpoints_of_selector(cluster, *service);
    } else {
      next = clone(*stored);
      next->endpoints = with_pods(stored->endpoints, affected.pods, cluster, *service);
    }
    if (service->selector.empty() && next->endpoints.empty()) {
      return stored && draft_.erase({Kind::endpoints, name.first, name.second});
    }
    if (stored) next->revision = stored->revision;
    if (stored && *next == *stored) return false;
    next->revision = revision;
    draft_.put(std::move(next));
    return true;
  }

  const Cluster& before_;
  Draft& draft_;
  AffectedServices affected_;
};

}  // namespace

std::shared_ptr<Endpoints> endpoints_of_selector(const Cluster& cluster, const Service& service) {
  auto made = frame_of(service);
  std::vector<Endpoint> list;
  for (const Pod& pod : cluster.all_in<Pod>(service.ns)) {
    if (is_member(&pod, service)) list.push_back(endpoint_of(cluster, service, pod));
  }
  made->endpoints = List<Endpoint>(std::move(list));
  return made;
}

std::vector<Key> derive_endpoints(const Cluster& before, Draft& draft, std::span<const Key> changed,
                                  std::uint64_t revision) {
  Derivation derivation(before, draft);
  for (const Key& key : changed) derivation.note(key);
  return derivation.apply(revision);
}

void derive_all_endpoints(Draft& draft, std::uint64_t revision) {
  const Cluster start = draft.cluster();
  Derivation derivation(start, draft);
  for (const Endpoints& endpoints : start.endpoints()) {
    if (endpoints.derived) derivation.note(endpoints.key());
  }
  for (const Service& service : start.services()) derivation.note(service.key());
  derivation.apply(revision);
}

}  // namespace paddock::metadata
