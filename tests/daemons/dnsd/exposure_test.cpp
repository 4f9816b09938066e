// SPDX-License-Identifier: Apache-2.0
//
// Options that decide what of a cluster is named, and in which zones.
#include "daemons/dnsd/names.hpp"

namespace paddock::dnsd {
namespace {

constexpr auto web = R"(
kind: Service
namespace: shop
name: web
labels: {public: "yes"}
cluster_ips: [10.43.0.10]
load_balancer_ips: [192.0.2.10]
)";

constexpr auto vault = "{kind: Service, namespace: bank, name: vault, cluster_ips: [10.43.0.11]}";
constexpr auto pod = "{kind: Pod, namespace: bank, name: teller, addresses: [10.42.0.7]}";

Options with(void (*change)(Options&)) {
  Options options;
  change(options);
  return options;
}

TEST(Exposure, NamespacesCanBeListed) {
  Names names(with([](Options& options) { options.namespaces = {"shop"}; }));

  names.put(web).put(vault).put(pod);

  EXPECT_EQ(names.data("web.shop.svc.cluster.local"), Data{"10.43.0.10"});
  EXPECT_EQ(names.ask("bank.svc.cluster.local").rcode, 3U);
  EXPECT_EQ(names.ask("vault.bank.svc.cluster.local").rcode, 3U);
  EXPECT_EQ(names.ask("teller.rancher.internal").rcode, 3U);
  EXPECT_EQ(names.ask("10-42-0-7.bank.pod.cluster.local").rcode, 3U);
}

TEST(Exposure, NamespacesCanBeChosenByLabelsThatChange) {
  Names names(with([](Options& options) { options.namespace_labels = "dns=open"; }));
  names.put(vault).put(pod);
  EXPECT_EQ(names.ask("vault.bank.svc.cluster.local").rcode, 3U);

  names.put("{kind: Namespace, name: bank, labels: {dns: open}}");

  EXPECT_EQ(names.data("vault.bank.svc.cluster.local"), Data{"10.43.0.11"});
  EXPECT_EQ(names.data("teller.bank.pod.cluster.local"), Data{"10.42.0.7"});
  names.put("{kind: Namespace, name: bank, labels: {dns: closed}}");
  EXPECT_EQ(names.ask("vault.bank.svc.cluster.local").rcode, 3U);
  EXPECT_EQ(names.ask("bank.svc.cluster.local").rcode, 3U);
  EXPECT_EQ(names.ask("teller.bank.pod.cluster.local").rcode, 3U);
}

TEST(Exposure, ServicesCanBeChosenByLabels) {
  Names names(with([](Options& options) { options.labels = "public"; }));

  names.put(web).put(vault);

  EXPECT_EQ(names.data("web.shop.svc.cluster.local"), Data{"10.43.0.10"});
  EXPECT_EQ(names.ask("vault.bank.svc.cluster.local").rcode, 3U);
  EXPECT_EQ(names.ask("bank.svc.cluster.local").rcode, 0U);
}

TEST(Exposure, EndpointsCanBeLeftOut) {
  Names names(with([](Options& options) { options.endpoints = false; }));

  names.put(web).put("{kind: Service, namespace: shop, name: db}");
  names.put("{kind: Endpoints, namespace: shop, name: db, endpoints: [{addresses: [10.42.0.2]}]}");

  EXPECT_EQ(names.ask("db.shop.svc.cluster.local").rcode, 3U);
  EXPECT_EQ(names.data("web.shop.svc.cluster.local"), Data{"10.43.0.10"});
}

TEST(Exposure, ServicesWithoutEndpointsCanBeIgnored) {
  Names names(with([](Options& options) { options.ignore_empty_services = true; }));

  names.put(web);
  EXPECT_EQ(names.ask("web.shop.svc.cluster.local").rcode, 3U);
  names.put("{kind: Endpoints, namespace: shop, name: web, endpoints: [{addresses: [10.42.0.2]}]}");

  EXPECT_EQ(names.data("web.shop.svc.cluster.local"), Data{"10.43.0.10"});
}

TEST(Exposure, ZonesAndTheirTtl) {
  Names names(with([](Options& options) {
    options.cluster_zones = {"cluster.local", "corp.example"};
    options.external_zone = "example.com";
    options.zone_ttl = {"corp.example=30s", "rancher.internal.=1s"};
  }));

  names.put(web);

  EXPECT_EQ(names.ask("web.shop.svc.cluster.local").answer.at(0),
            "web.shop.svc.cluster.local. 5 IN A 10.43.0.10");
  EXPECT_EQ(names.ask("web.shop.svc.corp.example").answer.at(0),
            "web.shop.svc.corp.example. 30 IN A 10.43.0.10");
  EXPECT_EQ(names.ask("web.shop.rancher.internal").answer.at(0),
            "web.shop.rancher.internal. 1 IN A 10.43.0.10");
  EXPECT_EQ(names.data("web.shop.example.com"), Data{"192.0.2.10"});
  EXPECT_EQ(names.data("10.0.43.10.in-addr.arpa", LDNS_RR_TYPE_PTR),
            Data{"web.shop.svc.cluster.local."});
}

TEST(Exposure, NameServersHaveTheAddressesTheyAreAskedAt) {
  Names at_any(with([](Options& options) { options.listen = {":53"}; }));
  Names told(with([](Options& options) {
    options.listen = {":53"};
    options.server_addresses = {"10.43.0.53"};
    options.external_zone = "example.com";
  }));

  EXPECT_EQ(Names().data("ns.dns.cluster.local"), Data{"169.254.169.250"});
  EXPECT_EQ(at_any.data("ns.dns.cluster.local"), Data{});
  EXPECT_EQ(told.data("ns.dns.cluster.local"), Data{"10.43.0.53"});
  EXPECT_EQ(told.data("ns1.dns.example.com"), Data{"10.43.0.53"});
}

TEST(Exposure, SharedServicesAreNamedInTheirOwnZone) {
  Names names(with([](Options& options) { options.clusterset_zone = "clusterset.local"; }));

  names.put("{kind: Service, namespace: shop, name: db}");
  names.put(R"({kind: Endpoints, namespace: shop, name: db-west, service: db, cluster: west,
                endpoints: [{addresses: [10.9.0.2], hostname: db-0}]})");

  EXPECT_EQ(names.data("db-0.west.db.shop.svc.clusterset.local"), Data{"10.9.0.2"});
  EXPECT_EQ(names.ask("db.shop.svc.cluster.local").rcode, 3U);
}

TEST(Exposure, HostsOfLoadBalancersAreNamedInTheZonesOfIngresses) {
  Names names(with([](Options& options) { options.ingress_zones = {"example.com"}; }));

  names.put(R"({kind: Service, namespace: shop, name: shop-rancherlb-web,
                service_kind: loadBalancerService, load_balancer_ips: [192.0.2.10],
                lb_config: {port_rules: [{hostname: shop.example.com, source_port: 80},
                                         {hostname: shop.example.com, source_port: 443},
                                         {source_port: 80}]}})");

  EXPECT_EQ(names.data("shop.example.com"), Data{"192.0.2.10"});
  names.erase("services/shop/shop-rancherlb-web");
  EXPECT_EQ(names.data("shop.example.com"), Data{});
}

TEST(Exposure, WithoutPodsNothingIsBelowPod) {
  Names names(with([](Options& options) { options.pods = "disabled"; }));

  names.put(pod);

  EXPECT_EQ(names.ask("bank.pod.cluster.local").rcode, 3U);
  EXPECT_EQ(names.ask("teller.bank.pod.cluster.local").rcode, 3U);
  EXPECT_EQ(names.ask("pod.cluster.local").rcode, 0U);
}

}  // namespace
}  // namespace paddock::dnsd
