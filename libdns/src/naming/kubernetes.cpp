// SPDX-License-Identifier: Apache-2.0
//
// Kubernetes DNS-based service discovery, specification 1.1.0, and what CoreDNS adds to it.
#include "naming/collector.hpp"
#include "naming/reverse_zones.hpp"
#include "zone/dashed_address.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace paddock::dns {
namespace {

std::string subject_of(std::string_view kind, std::string_view space, std::string_view name) {
  return std::string(kind) + " " + std::string(space) + "/" + std::string(name);
}

// SRV records by owner. Those of one owner have one priority, and share a weight of 100.
class SrvSets {
 public:
  void add(const Name& owner, std::uint16_t port, const Name& target) {
    sets_[owner].emplace(target, port);
  }

  void move_to(Collector& collector) {
    for (const auto& [owner, targets] : sets_) {
      const auto weight =
          static_cast<std::uint16_t>(std::max<std::size_t>(1, 100 / targets.size()));
      for (const auto& [target, port] : targets) {
        collector.add(srv_record(owner, {0, weight, port, target}, collector.ttl()));
      }
    }
  }

 private:
  std::map<Name, std::set<std::pair<Name, std::uint16_t>>> sets_;
};

// Names one service under `<service>.<namespace>.svc.<zone>`.
class ServiceNaming {
 public:
  ServiceNaming(const KubernetesNames::Options& options, const Service& service,
                Collector& collector, Name name)
      : options_(options), service_(service), collector_(collector), name_(std::move(name)) {}

  void name_cluster_ip() {
    if (options_.ignores_empty_services && !has_ready_backend()) return;
    collector_.add_existence(name_);
    for (const auto& address : service_.addresses) {
      collector_.add_address(name_, address);
      collector_.add_reverse(address, name_);
    }
    name_ports(service_.ports, name_);
    srv_.move_to(collector_);
  }

  void name_headless() {
    for (const Backend& backend : service_.backends) {
      if (is_published(backend)) name_backend(backend);
    }
    srv_.move_to(collector_);
  }

  void name_external() {
    if (service_.external_name.empty()) {
      for (const auto& address : service_.addresses) collector_.add_address(name_, address);
      return;
    }
    boost::system::error_code no_address;
    boost::asio::ip::make_address(service_.external_name, no_address);
    const auto target = Name::parse(service_.external_name);
    if (!no_address) {
      collector_.report("external name " + service_.external_name + " is an address, not a name");
    } else if (!target) {
      collector_.report("external name: " + target.error().text);
    } else {
      collector_.add(cname_record(name_, *target, collector_.ttl()));
    }
  }

 private:
  bool is_published(const Backend& backend) const {
    return backend.is_ready || service_.publishes_not_ready;
  }

  bool has_ready_backend() const {
    return std::ranges::any_of(service_.backends,
                               [this](const Backend& backend) { return is_published(backend); });
  }

  // Without a label of its own, each address of a backend is an endpoint by itself.
  void name_backend(const Backend& backend) {
    std::string label = backend.hostname;
    if (!label.empty() && !is_label(label)) {
      collector_.report("endpoint host name \"" + label + "\" cannot be a DNS label");
      label.clear();
    }
    if (label.empty() && options_.endpoint_pod_names && is_label(backend.pod)) label = backend.pod;
    for (const auto& address : backend.addresses) {
      const auto endpoint =
          collector_.label(name_, label.empty() ? format_dashed(address) : label, "endpoint");
      if (!endpoint) continue;
      collector_.add_address(name_, address);
      collector_.add_address(*endpoint, address);
      collector_.add_reverse(address, *endpoint);
      name_ports(backend.ports.empty() ? service_.ports : backend.ports, *endpoint);
    }
  }

  void name_ports(const std::vector<Port>& ports, const Name& target) {
    for (const Port& port : ports) {
      srv_.add(name_, port.number, target);
      if (port.name.empty()) continue;
      const auto protocol = collector_.label(name_, "_" + port.protocol, "protocol");
      if (!protocol) continue;
      const auto owner = collector_.label(*protocol, "_" + port.name, "port name");
      if (owner) srv_.add(*owner, port.number, target);
    }
  }

  const KubernetesNames::Options& options_;
  const Service& service_;
  Collector& collector_;
  const Name name_;
  SrvSets srv_;
};

}  // namespace

KubernetesNames::KubernetesNames(Options options) : options_(std::move(options)) {}

std::vector<ZoneSpec> KubernetesNames::zones() const {
  ZoneSpec zone{.origin = options_.zone,
                .ttl = options_.ttl,
                .negative_ttl = options_.ttl,
                .missing = Missing::nxdomain,
                .content = Content::learnt,
                .mname = below(below(options_.zone, "dns"), "ns"),
                .rname = below(options_.zone, "hostmaster")};
  std::vector<ZoneSpec> zones{zone};
  const auto add = [&](const std::vector<Name>& origins) {
    for (const Name& origin : origins) {
      zone.origin = origin;
      zones.push_back(zone);
    }
  };
  for (const auto& subnet : options_.reverse_v4) add(reverse_origins(subnet));
  for (const auto& subnet : options_.reverse_v6) add(reverse_origins(subnet));
  zone.missing = Missing::forward;
  add({Name::parse("in-addr.arpa").value(), Name::parse("ip6.arpa").value()});
  return zones;
}

Contribution KubernetesNames::base() const {
  Collector collector("zone " + options_.zone.format(), options_.ttl);
  collector.add(txt_record(below(options_.zone, "dns-version"), "1.1.0", options_.ttl));
  collector.add_existence(below(options_.zone, "svc"));
  collector.add_existence(below(options_.zone, "pod"));
  add_name_server(collector, options_.zone, options_.server_addresses);
  return collector.take();
}

Contribution KubernetesNames::space(std::string_view name) const {
  Collector collector("namespace " + std::string(name), options_.ttl);
  if (const auto services = collector.label(below(options_.zone, "svc"), name, "name")) {
    collector.add_existence(*services);
  }
  const bool has_pods = options_.pod_names || options_.pod_addresses != PodAddresses::disabled;
  const auto pods = collector.label(below(options_.zone, "pod"), name, "name");
  if (has_pods && pods) {
    collector.add_existence(*pods);
    Record addresses{.owner = *pods, .type = dashed_addresses, .ttl = options_.ttl};
    if (options_.pod_addresses == PodAddresses::insecure) collector.add(addresses);
    addresses.data = only_with_pointer;
    if (options_.pod_addresses == PodAddresses::verified && options_.pod_names) {
      collector.add(addresses);
    }
  }
  return collector.take();
}

Contribution KubernetesNames::service(const Service& service) const {
  Collector collector(subject_of("service", service.space, service.name), options_.ttl);
  const auto space = collector.label(below(options_.zone, "svc"), service.space, "namespace");
  if (!space) return collector.take();
  auto name = collector.label(*space, service.name, "name");
  if (!name) return collector.take();
  ServiceNaming naming(options_, service, collector, std::move(*name));
  switch (service.kind) {
    case ServiceKind::cluster_ip:
      naming.name_cluster_ip();
      break;
    case ServiceKind::headless:
      naming.name_headless();
      break;
    case ServiceKind::external:
      naming.name_external();
      break;
    case ServiceKind::alias:  // Kubernetes has none
      break;
  }
  return collector.take();
}

Contribution KubernetesNames::pod(const Pod& pod) const {
  Collector collector(subject_of("pod", pod.space, pod.name), options_.ttl);
  const auto space = collector.label(below(options_.zone, "pod"), pod.space, "namespace");
  if (!space) return collector.take();
  if (options_.pod_names) {
    if (const auto name = collector.labels(*space, pod.name, "name")) {
      for (const auto& address : pod.addresses) {
        collector.add_address(*name, address);
        collector.add_reverse(address, *name, Precedence::fallback);
      }
    }
  }
  // With names, the pods' reverse names tell which addresses are theirs: nothing more to publish.
  if (options_.pod_addresses == PodAddresses::verified && !options_.pod_names) {
    for (const auto& address : pod.addresses) {
      const auto name = collector.label(*space, format_dashed(address), "address");
      if (name) collector.add_address(*name, address);
    }
  }
  return collector.take();
}

}  // namespace paddock::dns
