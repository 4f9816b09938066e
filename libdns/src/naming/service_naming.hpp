// SPDX-License-Identifier: Apache-2.0
//
// Names one service in the manner of Kubernetes, whichever zone it is in: its addresses, its
// endpoints, its ports.
#pragma once

#include "naming/collector.hpp"

#include <paddock/dns/naming.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::dns {

struct ServiceStyle {
  bool endpoint_pod_names = false;
  bool has_reverse = true;
  bool is_zonal = false;            // <zone>.{pin,prefer}._zone.<service>
  bool is_by_cluster = false;       // endpoints stand below the name of the cluster they come from
  bool has_endpoint_ports = false;  // SRV records of an endpoint's ports at its own name, too
};

// SRV records by owner. Those of one owner have one priority, and share a weight of 100 by the
// addresses they lead to, as in CoreDNS: two addresses of one target have one record, and half of
// its share each.
class SrvSets {
 public:
  void add(const Name& owner, std::uint16_t port, const Name& target, std::size_t addresses = 1) {
    Set& set = sets_[owner];
    set.targets.emplace_back(target, port);
    set.addresses += addresses;
  }
  void count(const Name& owner, std::size_t addresses) { sets_[owner].addresses += addresses; }
  void move_to(Collector& collector);

 private:
  struct Set {
    std::vector<std::pair<Name, std::uint16_t>> targets;
    std::size_t addresses = 0;
  };
  std::map<Name, Set> sets_;
};

// The service, the style and the collector must outlive it.
class ServiceNaming {
 public:
  ServiceNaming(const Service& service, const ServiceStyle& style, Collector& collector, Name name)
      : service_(service), style_(style), collector_(collector), name_(std::move(name)) {}

  // Each of these names the service in one way.
  void name_addresses(const std::vector<boost::asio::ip::address>& addresses);
  void name_backends();
  void name_endpoints();  // of a service that is reached by its own addresses
  void name_external();
  void name_elsewhere(const Name& target);  // of one that is reached under a name outside

  bool has_published_backend() const;

 private:
  using Address = boost::asio::ip::address;

  // Where a port's SRV records stand.
  struct PortName {
    std::uint16_t number;
    std::optional<Name> owner;  // _port._protocol.<service>, if it has a name
  };

  bool is_published(const Backend& backend) const {
    return backend.cluster.empty() != style_.is_by_cluster &&
           (backend.is_ready || service_.publishes_not_ready);
  }
  const std::vector<Port>& ports_of(const Backend& backend) const {
    return backend.ports.empty() ? service_.ports : backend.ports;
  }
  std::string label_of(const Backend& backend);
  void name_backend(const Backend& backend);
  void count_further_addresses();

  // The endpoints a backend is, one for each address; `then` is told each address and its name.
  template <typename Then>
  void name_endpoint(const Backend& backend, const Then& then);
  // `target` has so many addresses.
  void name_ports(const std::vector<PortName>& ports, const Name& target,
                  std::size_t addresses = 1);
  std::vector<PortName> names_of(const std::vector<Port>& ports);
  Name in_any_zone(std::string_view manner) const;
  void name_in_zones(const Backend& backend, const Address& address, const Name& endpoint);

  const Service& service_;
  const ServiceStyle& style_;
  Collector& collector_;
  const Name name_;
  SrvSets srv_;
};

}  // namespace paddock::dns
