// SPDX-License-Identifier: Apache-2.0
//
// Which names a cluster's objects have. The objects are stated in a small vocabulary of plain
// structs; a schema turns one object into the records it contributes, to be put to an
// AuthorityBuilder under a key of the caller's. Pure functions. Whatever part of an object cannot
// be published is left out and reported; the rest is published. docs/dns-names.md lists the names.
#pragma once

#include <paddock/dns/name.hpp>
#include <paddock/dns/record.hpp>
#include <paddock/dns/zone.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

// A port of a service, or of an endpoint where it means the port the endpoint listens on.
// Without a name it has no SRV name of its own.
struct Port {
  std::string name{};
  std::string protocol = "tcp";
  std::uint16_t number = 0;

  friend bool operator==(const Port&, const Port&) = default;
};

// One endpoint of a service. Without addresses it publishes nothing.
struct Backend {
  std::vector<boost::asio::ip::address> addresses{};
  std::string hostname{};  // empty: a label is made of the address
  std::string pod{};       // name of the pod or container behind it; may be empty
  std::string zone{};      // where it runs, for zonal names; may be empty
  std::string cluster{};   // of several; such endpoints have names in ClustersetNames only
  bool is_ready = true;
  std::vector<Port> ports{};  // empty: those of the service
};

// How a service is reached.
enum class ServiceKind : std::uint8_t {
  cluster_ip,  // by addresses of its own
  headless,    // by the addresses of its backends
  external,    // by a name or addresses outside the cluster
  alias,       // as other services (Rancher's dnsService)
};

// Another service, by the stack (namespace) and name it has.
struct ServiceReference {
  std::string space{};
  std::string name{};
};

struct Service {
  std::string space{};  // the namespace (Kubernetes) or stack (Rancher)
  std::string name{};
  ServiceKind kind = ServiceKind::cluster_ip;
  std::vector<boost::asio::ip::address> addresses{};  // cluster or external ones
  std::string external_name{};                        // external: the host name, if it has one
  // Where it is reached from outside the cluster (load balancers, external IPs), and as a service
  // of several clusters.
  std::vector<boost::asio::ip::address> outside_addresses{};
  std::vector<boost::asio::ip::address> clusterset_addresses{};
  // What it is called outside: whole names, a `*` may be the first label of one. And how it is
  // reached there when it has no outside_addresses: the load balancer's name, or empty.
  std::vector<std::string> hosts{};
  std::string outside_name{};
  std::vector<Port> ports{};
  std::vector<Backend> backends{};
  // So many more addresses of backends like these share the service's name, and with it the weight
  // of its SRV records; they are named elsewhere.
  std::size_t further_addresses = 0;
  bool publishes_not_ready = false;
  std::string primary{};                    // Rancher: the service this one is a sidekick of
  std::vector<ServiceReference> targets{};  // alias: the services it stands for
};

// A pod (Kubernetes) or container (Rancher).
struct Pod {
  std::string space{};
  std::string name{};
  std::vector<boost::asio::ip::address> addresses{};
};

// The part of a service whose names differ since its backends changed. The schemas' records of
// `after` instead of those of `before`, AuthorityBuilder::exchange(), name the service as it is
// now.
struct BackendChange {
  Service before;
  Service after;
};

// Of one service that differs in nothing but its backends; it costs what changed among these.
// Nothing when the whole is to be named again: a backend has more than addresses and ports, the SRV
// records get another weight, or most or all of the addresses are others.
PADDOCK_DNS_EXPORT std::optional<BackendChange> backend_change(Service before, Service after);

// Of each SRV record of a name that leads to so many addresses: they share 100.
PADDOCK_DNS_EXPORT std::uint16_t srv_weight(std::size_t addresses);

// What one object contributes.
struct Contribution {
  std::vector<Record> records{};
  std::vector<Problem> problems{};
};

// Names made of pod addresses, `10-0-0-1.<namespace>.pod.<zone>`.
enum class PodAddresses : std::uint8_t {
  disabled,  // none
  insecure,  // any address, in every namespace that exists
  verified,  // those of pods that exist
};

// The DNS-based service discovery of Kubernetes, schema 1.1.0, and what users of CoreDNS rely on.
class PADDOCK_DNS_EXPORT KubernetesNames {
 public:
  struct Options {
    Name zone = Name::parse("cluster.local").value();
    std::chrono::seconds ttl{5};
    PodAddresses pod_addresses = PodAddresses::verified;
    bool pod_names = true;                // <pod>.<namespace>.pod.<zone>, and PTR of pod addresses
    bool endpoint_pod_names = false;      // the pod's name labels endpoints that have no hostname
    bool ignores_empty_services = false;  // a cluster_ip service with no ready endpoint has no name
    bool zonal_names = false;             // <zone>.{pin,prefer}._zone.<headless service>
    // Reverse zones and PTR records. Of several zones for one cluster one has them.
    bool has_reverse = true;
    // Where this server is asked; the addresses of ns.dns.<zone>.
    std::vector<boost::asio::ip::address> server_addresses{};
    // Subnets whose reverse names are answered here and nowhere else. A prefix that is no whole
    // number of labels becomes several zones.
    std::vector<boost::asio::ip::network_v4> reverse_v4{};
    std::vector<boost::asio::ip::network_v6> reverse_v6{};
  };

  explicit KubernetesNames(Options options);

  // The forward zone; a reverse zone for each subnet (missing names do not exist), and, so that
  // every address can have a name, in-addr.arpa and ip6.arpa (missing names are forwarded).
  std::vector<ZoneSpec> zones() const;

  // What is there without any object: dns-version, svc, pod, ns.dns.
  Contribution base() const;

  Contribution space(std::string_view name) const;
  Contribution service(const Service& service) const;
  Contribution pod(const Pod& pod) const;

 private:
  bool verifies_by_reverse_names() const;
  std::vector<Name> own_reverse_origins() const;

  Options options_;
};

// A zone whose names are all made of services.
struct ServiceZone {
  Name origin{};
  std::chrono::seconds ttl{5};
  std::vector<boost::asio::ip::address> server_addresses{};  // of its name server
};

// The names of Rancher 1.6: `<service>.<stack>.rancher.internal` and its relatives.
class PADDOCK_DNS_EXPORT RancherNames {
 public:
  struct Options {
    Name zone = Name::parse("rancher.internal").value();
    std::chrono::seconds ttl{1};
    std::vector<boost::asio::ip::address> server_addresses{};
    std::vector<boost::asio::ip::address> metadata_addresses = {
        boost::asio::ip::make_address("169.254.169.250")};
  };

  // Finds a service for an alias; null if there is none. What it returns must live until service()
  // returns.
  using FindService = std::function<const Service*(std::string_view stack, std::string_view name)>;

  explicit RancherNames(Options options);

  std::vector<ZoneSpec> zones() const;

  // rancher-metadata and the zone's name server.
  Contribution base() const;

  // An alias is the union of what its targets have now: contribute it again when they change.
  // Missing targets and loops are reported and contribute nothing.
  Contribution service(const Service& service, const FindService& find) const;
  Contribution container(const Pod& container) const;

  // Rancher's rule for Backend::is_ready. An empty health state is fine for services that have no
  // health check.
  static bool is_ready(std::string_view state, std::string_view health_state,
                       bool has_health_check);

 private:
  Options options_;
};

}  // namespace paddock::dns
