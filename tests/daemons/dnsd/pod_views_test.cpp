// SPDX-License-Identifier: Apache-2.0
//
// What pods of this host are answered that others are not.
#include "dnsd/pod_views.hpp"

#include "daemons/dnsd/names.hpp"

#include <random>

namespace paddock::dnsd {
namespace {

constexpr auto shop = R"(
kind: Service
namespace: shop
name: web
links: {shop/db: database, bank/vault: "", bank/ledger: books}
---
kind: Service
namespace: shop
name: db
cluster_ips: [10.43.0.1]
---
kind: Service
namespace: bank
name: ledger
cluster_ips: [10.43.0.2]
---
kind: Pod
namespace: shop
name: web-1
uid: u-web
host: here
service: web
addresses: [10.42.0.7, "fd00:42::7"]
dns: [192.0.2.1, 127.0.0.53, 169.254.169.250]
dns_search: [shop.rancher.internal, rancher.internal]
links: {sidecar: u-side}
---
kind: Pod
namespace: shop
name: side-1
uid: u-side
host: there
addresses: [10.42.1.8]
)";

Options here() {
  Options options;
  options.host_name = "here";
  return options;
}

TEST(PodViews, AliasesOfLinksAreNamesOfTheirOwn) {
  Names names(here());

  names.put(shop);

  EXPECT_EQ(names.data_for("10.42.0.7", "database.rancher.internal"), Data{"10.43.0.1"});
  EXPECT_EQ(names.data_for("10.42.0.7", "database.shop.rancher.internal"), Data{"10.43.0.1"});
  EXPECT_EQ(names.data_for("fd00:42::7", "books.bank.rancher.internal"), Data{"10.43.0.2"});
  EXPECT_EQ(names.data_for("10.42.0.7", "sidecar.rancher.internal"), Data{"10.42.1.8"});
  EXPECT_EQ(names.ask_for("10.42.0.7", "vault.rancher.internal").rcode, 3U);
  EXPECT_EQ(names.ask_for("10.42.1.8", "database.rancher.internal").rcode, 3U);
  EXPECT_TRUE(names.problems().empty());
}

TEST(PodViews, AliasesFollowWhatTheyStandFor) {
  Names names(here());
  names.put(shop);

  names.put("{kind: Service, namespace: shop, name: db, cluster_ips: [10.43.0.9]}");
  EXPECT_EQ(names.data_for("10.42.0.7", "database.rancher.internal"), Data{"10.43.0.9"});
  names.put("{kind: Service, namespace: shop, name: web, links: {shop/db: data}}");

  EXPECT_EQ(names.data_for("10.42.0.7", "data.rancher.internal"), Data{"10.43.0.9"});
  EXPECT_EQ(names.ask_for("10.42.0.7", "database.rancher.internal").rcode, 3U);
}

TEST(PodViews, SearchListsAreOfThePod) {
  Names names(here());

  names.put(shop);

  EXPECT_EQ(names.data_for("10.42.0.7", "db"), Data{"10.43.0.1"});
  EXPECT_EQ(names.data_for("10.42.0.7", "ledger.bank"), Data{"10.43.0.2"});
  EXPECT_EQ(names.data_for("10.42.0.7", "database"), Data{"10.43.0.1"});
  EXPECT_EQ(names.data_for("10.42.1.8", "db"), Data{});
}

TEST(PodViews, ResolversThatWouldLeadBackAreLeftOut) {
  Names names(here());

  names.put(shop);

  EXPECT_EQ(names.views()->upstreams_of(boost::asio::ip::make_address("10.42.0.7")),
            "192.0.2.1:53");
  ASSERT_EQ(names.upstream_sets().size(), 1U);
  EXPECT_EQ(names.upstream_sets()[0].name, "192.0.2.1:53");
  EXPECT_EQ(names.upstream_sets()[0].upstreams.size(), 1U);
}

TEST(PodViews, APodOnTheHostsNetworkOrOfAnotherHostHasNone) {
  Names names(here());

  names.put(R"({kind: Pod, namespace: shop, name: agent, host: here, host_network: true,
                addresses: [10.0.0.5], dns_search: [rancher.internal]})");
  names.put(R"({kind: Pod, namespace: shop, name: far, host: there,
                addresses: [10.42.1.1], dns_search: [rancher.internal]})");

  EXPECT_EQ(names.views(), nullptr);
}

TEST(PodViews, AnAddressThatPassedOnBelongsToTheNewPod) {
  Names names(here());
  names.put(R"({kind: Pod, namespace: shop, name: old, host: here, state: stopped, created: 1,
                addresses: [10.42.0.7], dns_search: [bank.rancher.internal]})");

  names.put(R"({kind: Pod, namespace: shop, name: young, host: here, created: 2,
                addresses: [10.42.0.7], dns_search: [shop.rancher.internal]})");
  names.put("{kind: Service, namespace: shop, name: db, cluster_ips: [10.43.0.1]}");

  EXPECT_EQ(names.data_for("10.42.0.7", "db"), Data{"10.43.0.1"});
}

TEST(PodViews, NamespacesThatAreNotVisibleDoNotExist) {
  Options options = here();
  options.visible_namespaces = {"shop=kube-system", "*="};
  Names names(options);
  names.put(shop);
  names.put("{kind: Service, namespace: kube-system, name: dns, cluster_ips: [10.43.0.3]}");
  names.put("{kind: Pod, namespace: bank, name: teller, host: here, addresses: [10.42.0.8]}");

  EXPECT_EQ(names.data_for("10.42.0.7", "db.shop.svc.cluster.local"), Data{"10.43.0.1"});
  EXPECT_EQ(names.data_for("10.42.0.7", "dns.kube-system.svc.cluster.local"), Data{"10.43.0.3"});
  const auto hidden = names.ask_for("10.42.0.7", "ledger.bank.svc.cluster.local");
  EXPECT_EQ(hidden.rcode, 3U);
  EXPECT_EQ(hidden.authority.size(), 1U);
  EXPECT_EQ(names.ask_for("10.42.0.7", "bank.svc.cluster.local").rcode, 3U);
  EXPECT_EQ(names.ask_for("10.42.0.7", "svc.cluster.local").rcode, 0U);
  EXPECT_EQ(names.ask_for("10.42.0.7", "2.0.43.10.in-addr.arpa", LDNS_RR_TYPE_PTR).rcode, 3U);
  EXPECT_EQ(names.data_for("10.42.0.7", "rancher-metadata.rancher.internal"),
            Data{"169.254.169.250"});
  EXPECT_EQ(names.data_for("10.42.0.8", "ledger.bank.svc.cluster.local"), Data{"10.43.0.2"});
  EXPECT_EQ(names.ask_for("10.42.0.8", "dns.kube-system.svc.cluster.local").rcode, 3U);
  EXPECT_EQ(names.data_for("10.0.0.1", "ledger.bank.svc.cluster.local"), Data{"10.43.0.2"});
}

TEST(PodViews, ALinkToNothingIsReportedAndSpoilsNothing) {
  Names names(here());

  names.put(R"({kind: Pod, namespace: shop, name: web-1, host: here, addresses: [10.42.0.7],
                links: {gone: u-gone, "bad..name": u-gone}, dns_search: [rancher.internal]})");

  EXPECT_EQ(names.data_for("10.42.0.7", "rancher-metadata"), Data{"169.254.169.250"});
  EXPECT_FALSE(names.problems().empty());
}

// Random histories end in the views that the last cluster alone would have.
TEST(PodViews, FollowingStepByStepEndsWhereStartingThereDoes) {
  std::mt19937 random(7);
  const auto below = [&](unsigned limit) { return std::to_string(random() % limit); };
  Names names(here());

  for (int round = 0; round < 200; ++round) {
    const auto service = "{kind: Service, namespace: shop, name: s" + below(3);
    switch (random() % 4) {
      case 0:
        names.put(service + ", cluster_ips: [10.43.0." + below(9) + "], links: {shop/s" + below(3) +
                  ": a" + below(2) + "}}");
        break;
      case 1:
        names.put("{kind: Pod, namespace: shop, name: p" + below(3) + ", uid: u" + below(3) +
                  ", host: " + (random() % 2 ? "here" : "there") + ", service: s" + below(3) +
                  ", addresses: [10.42.0." + below(3) + "], created: " + below(9) +
                  (random() % 2 ? ", dns_search: [shop.rancher.internal]" : "") + ", links: {l" +
                  below(2) + ": u" + below(3) + "}}");
        break;
      case 2:
        if (const auto& all = names.cluster().pods(); !all.empty()) {
          names.erase(format(all[random() % all.size()].key()));
        }
        break;
      default:
        if (const auto& all = names.cluster().services(); !all.empty()) {
          names.erase(format(all[random() % all.size()].key()));
        }
    }
    Names fresh(here());
    fresh.start_at(names.cluster());
    for (const char* client : {"10.42.0.0", "10.42.0.1", "10.42.0.2"}) {
      for (const char* asked : {"s0", "s2", "a0.rancher.internal", "a1.shop.rancher.internal",
                                "l0.rancher.internal", "l1.rancher.internal"}) {
        ASSERT_EQ(names.data_for(client, asked), fresh.data_for(client, asked))
            << client << " asks for " << asked << " in round " << round;
      }
    }
  }
}

TEST(PodViews, SearchListsAreCompletedForPodsOfThisHostOnRequest) {
  Names names(here());
  names.put(shop);
  names.put(
      "{kind: Pod, namespace: shop, name: agent, host: here, host_network: true, "
      "addresses: [192.0.2.7]}");
  Options options = here();
  options.autopath = true;
  options.autopath_search = {"corp.example"};

  const auto views = PodViews(options).follow(names.cluster());

  ASSERT_EQ(views.size(), 1U) << "not those elsewhere, nor those on the host's network";
  EXPECT_EQ(views[0].name, "pod shop/web-1");
  std::vector<std::string> path;
  for (const auto& one : views[0].path) path.push_back(one.format());
  EXPECT_EQ(path, (std::vector<std::string>{"shop.svc.cluster.local.", "svc.cluster.local.",
                                            "cluster.local.", "corp.example."}));
  EXPECT_TRUE(PodViews(here()).follow(names.cluster())[0].path.empty());
}

}  // namespace
}  // namespace paddock::dnsd
