// SPDX-License-Identifier: Apache-2.0
#include "dnsd/kept.hpp"

#include "daemons/dnsd/names.hpp"

namespace paddock::dnsd {
namespace {

constexpr auto cluster = R"(
kind: Host
name: here
zone: west
---
kind: Namespace
name: shop
labels: {env: prod}
---
kind: Service
namespace: shop
name: db
uid: u-db
labels: {tier: back}
annotations: {owner: somebody}
selector: {app: db}
token: secret
ports: [{name: sql, port: 5432}]
---
kind: Endpoints
namespace: shop
name: db
ports: [{name: sql, port: 5432}]
endpoints:
  - {addresses: [10.42.0.2], pod: db-a, host: here, zone: west}
  - {addresses: [10.42.0.3, "fd00:42::3"], pod: db-b, host: there, zone: east}
  - {addresses: [10.42.0.4], pod: db-c, zone: west}
  - {addresses: [10.42.0.5], hostname: db-5, zone: west}
  - {addresses: [10.42.0.6], pod: db-d, ready: false}
---
kind: Service
namespace: shop
name: sick
---
kind: Endpoints
namespace: shop
name: sick
endpoints:
  - {addresses: [10.42.0.11], ready: false}
  - {addresses: [10.42.0.12], ready: false}
---
kind: Service
namespace: shop
name: outside
external_ips: [198.51.100.7]
selector: {app: outside}
---
kind: Pod
namespace: shop
name: web-1
uid: u-web
host: here
labels: {app: web}
addresses: [10.42.0.7]
dns_search: [shop.rancher.internal]
links: {sidecar: u-side}
---
kind: Pod
namespace: shop
name: side-1
uid: u-side
host: there
addresses: [10.42.1.8]
---
kind: Pod
namespace: shop
name: helper-1
uid: u-helper
host: there
network_from: u-side
---
kind: Pod
namespace: shop
name: over
host: there
state: stopped
service: done
addresses: [10.42.1.9]
---
kind: Service
namespace: shop
name: done
---
kind: Service
namespace: shop
name: till
cluster_ips: [10.43.0.9]
fqdn: lb-8.cloud.test
---
kind: Service
namespace: shop
name: balancer
fqdn: lb-7.cloud.test
lb_config: {port_rules: [{hostname: shop.example.com}]}
)";

// What is kept, as a snapshot on disk brings it back.
metadata::Draft kept_cluster(const Options& options) {
  const auto reduction = kept_of(options);
  metadata::Draft draft;
  for (const auto& entry : metadata::parse_documents(cluster, "test").objects) {
    const auto object = reduction.keep(entry.object);
    if (object) draft.put(metadata::decode_event(metadata::encode_put(*object)).value().object);
  }
  return draft;
}

// All answers there are to compare, for a pod of this host and for somebody else.
std::vector<Data> answers(Names& names) {
  std::vector<Data> all;
  for (const char* client : {"10.42.0.7", "192.0.2.200"}) {
    for (const char* name : {"db.shop.svc.cluster.local",
                             "db.shop.rancher.internal",
                             "sick.shop.svc.cluster.local",
                             "sick.shop.rancher.internal",
                             "outside.shop.svc.cluster.local",
                             "10-42-0-2.db.shop.svc.cluster.local",
                             "10-42-0-3.db.shop.svc.cluster.local",
                             "db-a.db.shop.svc.cluster.local",
                             "db-5.db.shop.svc.cluster.local",
                             "10-42-0-6.db.shop.svc.cluster.local",
                             "west.pin._zone.db.shop.svc.cluster.local",
                             "east.prefer._zone.db.shop.svc.cluster.local",
                             "web-1.shop.pod.cluster.local",
                             "10-42-1-8.shop.pod.cluster.local",
                             "web-1.rancher.internal",
                             "helper-1.rancher.internal",
                             "over.rancher.internal",
                             "done.shop.rancher.internal",
                             "sidecar.rancher.internal",
                             "shop.example.com",
                             "till.shop.out.test",
                             "shop.svc.cluster.local"}) {
      for (const unsigned type : {LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA}) {
        all.push_back(names.data_for(client, name, type));
        all.back().insert(all.back().begin(), std::string(name) + " " + client);
      }
    }
    all.push_back(names.data_for(client, "_sql._tcp.db.shop.svc.cluster.local", LDNS_RR_TYPE_SRV));
    for (const char* reverse :
         {"2.0.42.10.in-addr.arpa", "3.0.42.10.in-addr.arpa", "8.1.42.10.in-addr.arpa"}) {
      all.push_back(names.data_for(client, reverse, LDNS_RR_TYPE_PTR));
    }
  }
  return all;
}

void expect_the_same_names(const std::function<void(Options&)>& choose) {
  Options options;
  options.host_name = "here";
  choose(options);
  Names whole(options);
  whole.put(cluster);
  Names kept(options);
  kept.start_at(kept_cluster(options).cluster());

  EXPECT_EQ(answers(kept), answers(whole));
}

TEST(Kept, WhatIsKeptMakesTheNamesOfTheWholeCluster) {
  expect_the_same_names([](Options&) {});
  expect_the_same_names([](Options& options) { options.pods = "verified"; });
  expect_the_same_names([](Options& options) { options.endpoint_pod_names = true; });
  expect_the_same_names([](Options& options) { options.zonal_names = true; });
  expect_the_same_names([](Options& options) { options.labels = "tier=back"; });
  expect_the_same_names([](Options& options) { options.namespace_labels = "env=prod"; });
  expect_the_same_names([](Options& options) { options.rancher_zone = "none"; });
  expect_the_same_names([](Options& options) { options.ingress_zones = {"example.com"}; });
  expect_the_same_names([](Options& options) { options.external_zone = "out.test"; });
  expect_the_same_names([](Options& options) {
    options.pods = "disabled";
    options.rancher_zone = "none";
  });
}

TEST(Kept, PodsOfOtherHostsAreKeptOnlyWhereTheyHaveNames) {
  Options options;
  options.host_name = "here";
  EXPECT_EQ(kept_cluster(options).cluster().pods().size(), 4U);

  options.pods = "disabled";
  options.rancher_zone = "none";
  auto draft = kept_cluster(options);

  ASSERT_EQ(draft.cluster().pods().size(), 1U);
  EXPECT_EQ(draft.cluster().pods()[0].name, "web-1");
  EXPECT_EQ(draft.cluster().pods_on("here").size(), 1U);
  EXPECT_NE(kept_of(options).form, kept_of({}).form);
}

TEST(Kept, EndpointsThatAreNamedAlikeAreOne) {
  const auto draft = kept_cluster({});
  const auto slice = draft.cluster().find<metadata::Endpoints>("shop", "db");

  ASSERT_EQ(slice->endpoints.size(), 3U);
  EXPECT_EQ(slice->endpoints[0].addresses.size(), 4U);
  EXPECT_EQ(slice->endpoints[1].hostname, "db-5");
  EXPECT_FALSE(slice->endpoints[2].ready);
}

TEST(Kept, SecretsAndWhatNamesAreNotMadeOfStayOut) {
  const auto draft = kept_cluster({});
  const auto service = draft.cluster().find<metadata::Service>("shop", "db");

  EXPECT_TRUE(draft.cluster().hosts().empty());
  EXPECT_TRUE(service->token.empty());
  EXPECT_TRUE(service->annotations.empty());
  EXPECT_TRUE(draft.cluster().find<metadata::Pod>("shop", "side-1")->host.empty());
}

}  // namespace
}  // namespace paddock::dnsd
