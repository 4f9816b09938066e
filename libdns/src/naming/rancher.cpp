// SPDX-License-Identifier: Apache-2.0
//
// The names Rancher 1.6 gave to services, sidekicks, containers and aliases.
#include "naming/collector.hpp"

#include <algorithm>

namespace paddock::dns {
namespace {

bool is_reachable(const Backend& backend) {
  return !backend.addresses.empty() && backend.cluster.empty();
}

// Collects what a service resolves to under a name that need not be its own: an alias has the
// records of its targets.
class Resolution {
 public:
  Resolution(const RancherNames::FindService& find, Collector& collector, Name owner)
      : find_(find), collector_(collector), owner_(std::move(owner)) {}

  void add(const Service& service) {
    if (service.kind == ServiceKind::alias) {
      add_targets(service);
    } else if (!service.external_name.empty() && service.kind == ServiceKind::external) {
      add_external_name(service.external_name);
    } else if (!service.addresses.empty()) {
      add_addresses(service.addresses);
    } else {
      add_backends(service);
    }
  }

 private:
  // Each service once, which also ends loops.
  void add_targets(const Service& alias) {
    path_.push_back({alias.space, alias.name});
    for (const ServiceReference& target : alias.targets) {
      const std::string name = target.space + "/" + target.name;
      if (std::ranges::any_of(path_, [&](const ServiceReference& seen) {
            return seen.space == target.space && seen.name == target.name;
          })) {
        collector_.report("is an alias of itself by way of " + name);
      } else if (const Service* service = find_ ? find_(target.space, target.name) : nullptr) {
        add(*service);
      } else {
        collector_.report("is an alias of " + name + ", which does not exist");
      }
    }
    path_.pop_back();
  }

  void add_external_name(const std::string& text) {
    if (const auto target = Name::parse(text)) {
      collector_.add(cname_record(owner_, *target, collector_.ttl()));
    } else {
      collector_.report("external name: " + target.error().text);
    }
  }

  void add_addresses(const std::vector<boost::asio::ip::address>& addresses) {
    for (const auto& address : addresses) collector_.add_address(owner_, address);
  }

  // Rancher rather gives an unhealthy container than none: the last one.
  void add_backends(const Service& service) {
    const Backend* last = nullptr;
    bool has_ready = false;
    for (const Backend& backend : service.backends) {
      if (!is_reachable(backend)) continue;
      last = &backend;
      if (!backend.is_ready && !service.publishes_not_ready) continue;
      has_ready = true;
      add_addresses(backend.addresses);
    }
    if (!has_ready && last != nullptr) add_addresses(last->addresses);
  }

  const RancherNames::FindService& find_;
  Collector& collector_;
  const Name owner_;
  std::vector<ServiceReference> path_;  // aliases being followed
};

}  // namespace

RancherNames::RancherNames(Options options) : options_(std::move(options)) {}

std::vector<ZoneSpec> RancherNames::zones() const {
  return {{.origin = options_.zone,
           .ttl = options_.ttl,
           .negative_ttl = options_.ttl,
           .missing = Missing::nxdomain,
           .content = Content::learnt,
           .mname = below(below(options_.zone, "dns"), "ns"),
           .rname = below(options_.zone, "hostmaster")}};
}

Contribution RancherNames::base() const {
  Collector collector("zone " + options_.zone.format(), options_.ttl);
  add_name_server(collector, below(below(options_.zone, "dns"), "ns"), options_.server_addresses);
  const Name metadata = below(options_.zone, "rancher-metadata");
  for (const auto& address : options_.metadata_addresses) collector.add_address(metadata, address);
  return collector.take();
}

Contribution RancherNames::service(const Service& service, const FindService& find) const {
  Collector collector(subject_of("service", service.space, service.name), options_.ttl);
  auto above = collector.label(options_.zone, service.space, "stack");
  if (above && !service.primary.empty()) {
    above = collector.label(*above, service.primary, "primary service");
  }
  if (!above) return collector.take();
  const auto owner = collector.label(*above, service.name, "name");
  if (!owner) return collector.take();
  Resolution(find, collector, *owner).add(service);
  return collector.take();
}

Contribution RancherNames::container(const Pod& container) const {
  Collector collector(subject_of("container", container.space, container.name), options_.ttl);
  if (const auto name = collector.labels(options_.zone, container.name, "name")) {
    for (const auto& address : container.addresses) collector.add_address(*name, address);
  }
  return collector.take();
}

bool RancherNames::is_ready(std::string_view state, std::string_view health_state,
                            bool has_health_check) {
  if (state != "running" && state != "starting") return false;
  if (health_state.empty()) return !has_health_check;
  return health_state == "healthy" || health_state == "updating-healthy";
}

}  // namespace paddock::dns
