// SPDX-License-Identifier: Apache-2.0
#include "naming/service_naming.hpp"

#include "zone/dashed_address.hpp"

#include <algorithm>

namespace paddock::dns {

std::uint16_t srv_weight(std::size_t addresses) {
  return static_cast<std::uint16_t>(std::max<std::size_t>(1, 100 / addresses));
}

void SrvSets::move_to(Collector& collector) {
  for (auto& [owner, set] : sets_) {
    std::ranges::sort(set.targets);
    const auto repeated = std::ranges::unique(set.targets);
    set.targets.erase(repeated.begin(), repeated.end());
    const auto weight = srv_weight(set.addresses);
    for (const auto& [target, port] : set.targets) {
      collector.add(srv_record(owner, {0, weight, port, target}, collector.ttl()));
    }
  }
}

void ServiceNaming::name_addresses(const std::vector<boost::asio::ip::address>& addresses) {
  collector_.add_existence(name_);
  for (const auto& address : addresses) {
    collector_.add_address(name_, address);
    if (style_.has_reverse) collector_.add_reverse(address, name_);
  }
  name_ports(names_of(service_.ports), name_, std::max<std::size_t>(1, addresses.size()));
  srv_.move_to(collector_);
}

template <typename Then>
void ServiceNaming::name_endpoint(const Backend& backend, const Then& then) {
  const auto above = style_.is_by_cluster ? collector_.label(name_, backend.cluster, "cluster")
                                          : std::optional<Name>(name_);
  if (!above) return;
  const std::string label = label_of(backend);
  for (const Address& address : backend.addresses) {
    const auto endpoint =
        collector_.label(*above, label.empty() ? format_dashed(address) : label, "endpoint");
    if (!endpoint) continue;
    collector_.add_address(*endpoint, address);
    if (style_.has_reverse) collector_.add_reverse(address, *endpoint);
    then(address, *endpoint);
  }
}

void ServiceNaming::name_backend(const Backend& backend) {
  const auto ports = names_of(ports_of(backend));
  name_endpoint(backend, [&](const Address& address, const Name& endpoint) {
    collector_.add_address(name_, address);
    name_ports(ports, endpoint);
    if (style_.is_zonal) name_in_zones(backend, address, endpoint);
    if (!style_.has_endpoint_ports) return;
    for (const Port& port : ports_of(backend)) {
      if (port.number != 0) srv_.add(endpoint, port.number, endpoint);
    }
  });
}

void ServiceNaming::name_backends() {
  std::size_t endpoints = 0;
  for (const Backend& backend : service_.backends) endpoints += backend.addresses.size();
  collector_.expect((3 + 2 * service_.ports.size()) * endpoints);
  for (const Backend& backend : service_.backends) {
    if (is_published(backend)) name_backend(backend);
  }
  if (style_.is_zonal && has_published_backend()) {
    collector_.add_existence(in_any_zone("pin"));
  }
  if (service_.further_addresses != 0) count_further_addresses();
  srv_.move_to(collector_);
}

void ServiceNaming::count_further_addresses() {
  const auto like = std::ranges::find_if(
      service_.backends, [this](const Backend& backend) { return is_published(backend); });
  if (like == service_.backends.end()) return;
  for (const PortName& port : names_of(ports_of(*like))) {
    srv_.count(name_, service_.further_addresses);
    if (port.owner) srv_.count(*port.owner, service_.further_addresses);
    if (style_.is_zonal) srv_.count(in_any_zone("prefer"), service_.further_addresses);
  }
}

void ServiceNaming::name_endpoints() {
  for (const Backend& backend : service_.backends) {
    if (is_published(backend)) name_endpoint(backend, [](const Address&, const Name&) {});
  }
}

void ServiceNaming::name_external() {
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

void ServiceNaming::name_elsewhere(const Name& target) {
  if (target == name_) return;
  collector_.add(cname_record(name_, target, collector_.ttl()));
  for (const PortName& port : names_of(service_.ports)) {
    if (port.owner) srv_.add(*port.owner, port.number, target);
  }
  srv_.move_to(collector_);
}

bool ServiceNaming::has_published_backend() const {
  return std::ranges::any_of(service_.backends,
                             [this](const Backend& backend) { return is_published(backend); });
}

// Empty: each address of the backend is an endpoint by itself.
std::string ServiceNaming::label_of(const Backend& backend) {
  if (is_label(backend.hostname)) return backend.hostname;
  if (!backend.hostname.empty()) {
    collector_.report("endpoint host name \"" + backend.hostname + "\" cannot be a DNS label");
  }
  return style_.endpoint_pod_names && is_label(backend.pod) ? backend.pod : std::string();
}

void ServiceNaming::name_ports(const std::vector<PortName>& ports, const Name& target,
                               std::size_t addresses) {
  for (const PortName& port : ports) {
    srv_.add(name_, port.number, target, addresses);
    if (port.owner) srv_.add(*port.owner, port.number, target, addresses);
  }
}

std::vector<ServiceNaming::PortName> ServiceNaming::names_of(const std::vector<Port>& ports) {
  std::vector<PortName> names;
  for (const Port& port : ports) {
    if (port.number == 0) continue;  // a slice that means every port
    names.push_back({.number = port.number, .owner = std::nullopt});
    if (port.name.empty()) continue;
    const auto protocol = collector_.label(name_, "_" + port.protocol, "protocol");
    if (protocol) names.back().owner = collector_.label(*protocol, "_" + port.name, "port name");
  }
  return names;
}

Name ServiceNaming::in_any_zone(std::string_view manner) const {
  return below(below(below(name_, "_zone"), manner), "*");
}

// `pin` has the endpoints of a zone and nothing in a zone without any; `prefer` has all of them
// there.
void ServiceNaming::name_in_zones(const Backend& backend, const Address& address,
                                  const Name& endpoint) {
  const auto add = [&](const Name& name) {
    collector_.add_address(name, address);
    for (const Port& port : ports_of(backend)) {
      if (port.number != 0) srv_.add(name, port.number, endpoint);
    }
  };
  add(in_any_zone("prefer"));
  if (backend.zone.empty()) return;
  for (const char* manner : {"pin", "prefer"}) {
    const Name zones = below(below(name_, "_zone"), manner);
    if (const auto name = collector_.labels(zones, backend.zone, "zone")) add(*name);
  }
}

}  // namespace paddock::dns
