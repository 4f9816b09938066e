// SPDX-License-Identifier: Apache-2.0
#include "daemons/dnsd/names.hpp"

#include <random>

namespace paddock::dnsd {
namespace {

constexpr auto web = R"(
kind: Service
namespace: shop
name: web
cluster_ips: [10.43.0.10]
ports: [{name: http, port: 80}]
)";

constexpr auto pods_of_db = R"(
kind: Endpoints
namespace: shop
name: db-1
service: db
ports: [{name: sql, port: 5432}]
endpoints:
  - {addresses: [10.42.0.2], hostname: db-0}
  - {addresses: [10.42.0.3], hostname: db-1, ready: false}
)";

TEST(NamesFromCluster, AServiceHasItsAddressInBothSchemas) {
  Names names;

  names.put(web);

  EXPECT_EQ(names.data("web.shop.svc.cluster.local"), Data{"10.43.0.10"});
  EXPECT_EQ(names.data("web.shop.rancher.internal"), Data{"10.43.0.10"});
  EXPECT_EQ(names.data("10.0.43.10.in-addr.arpa", LDNS_RR_TYPE_PTR),
            Data{"web.shop.svc.cluster.local."});
  EXPECT_EQ(names.data("_http._tcp.web.shop.svc.cluster.local", LDNS_RR_TYPE_SRV),
            Data{"web.shop.svc.cluster.local."});
}

TEST(NamesFromCluster, EndpointsJoinTheirServiceWhicheverComesFirst) {
  Names names;

  names.put(pods_of_db);
  EXPECT_EQ(names.ask("db.shop.svc.cluster.local").rcode, 3U);
  names.put("{kind: Service, namespace: shop, name: db}");

  EXPECT_EQ(names.data("db.shop.svc.cluster.local"), Data{"10.42.0.2"});
  EXPECT_EQ(names.data("db-0.db.shop.svc.cluster.local"), Data{"10.42.0.2"});
  names.erase("endpoints/shop/db-1");
  EXPECT_EQ(names.ask("db.shop.svc.cluster.local").rcode, 3U);
}

TEST(NamesFromCluster, ANamespaceExistsWhileAnythingIsInIt) {
  Names names;
  EXPECT_EQ(names.ask("shop.svc.cluster.local").rcode, 3U);

  names.put(web);
  EXPECT_EQ(names.ask("shop.svc.cluster.local").rcode, 0U);

  names.erase("services/shop/web");
  EXPECT_EQ(names.ask("shop.svc.cluster.local").rcode, 3U);
}

TEST(NamesFromCluster, APodHasNamesAndAnEndedOneOnlyInRancher) {
  Names names;
  names.put("{kind: Pod, namespace: shop, name: web-1, addresses: [10.42.0.7]}");
  EXPECT_EQ(names.data("web-1.shop.pod.cluster.local"), Data{"10.42.0.7"});
  EXPECT_EQ(names.data("10-42-0-7.shop.pod.cluster.local"), Data{"10.42.0.7"});

  names.put("{kind: Pod, namespace: shop, name: web-1, addresses: [10.42.0.7], state: starting}");
  EXPECT_EQ(names.data("10-42-0-7.shop.pod.cluster.local"), Data{"10.42.0.7"});
  names.put("{kind: Pod, namespace: shop, name: web-1, addresses: [10.42.0.7], state: stopped}");

  EXPECT_EQ(names.ask("web-1.shop.pod.cluster.local").rcode, 3U);
  EXPECT_EQ(names.data("web-1.rancher.internal"), Data{"10.42.0.7"});
}

TEST(NamesFromCluster, AServiceWhoseContainersHaveAllEndedHasTheLastOneInRancher) {
  Names names;
  names.put("{kind: Service, namespace: shop, name: web}");
  names.put(
      "{kind: Pod, namespace: shop, name: web-1, service: web, addresses: [10.42.0.7], state: "
      "stopped}");
  names.put(
      "{kind: Pod, namespace: shop, name: web-2, service: web, addresses: [10.42.0.8], state: "
      "stopped}");

  EXPECT_EQ(names.data("web.shop.rancher.internal"), Data{"10.42.0.8"});
  EXPECT_EQ(names.ask("web.shop.svc.cluster.local").rcode, 3U);
  names.put("{kind: Pod, namespace: shop, name: web-2, service: web, state: removed}");
  EXPECT_EQ(names.data("web.shop.rancher.internal"), Data{"10.42.0.7"});
  names.erase("pods/shop/web-1");
  EXPECT_EQ(names.ask("web.shop.rancher.internal").rcode, 3U);
}

TEST(NamesFromCluster, AContainerOnAnothersNetworkHasItsAddress) {
  Names names;
  names.put("{kind: Pod, namespace: shop, name: side, network_from: u-main}");
  EXPECT_EQ(names.ask("side.rancher.internal").rcode, 3U);

  names.put("{kind: Pod, namespace: shop, name: main, uid: u-main, addresses: [10.42.0.7]}");

  EXPECT_EQ(names.data("side.rancher.internal"), Data{"10.42.0.7"});
  EXPECT_EQ(names.data("7.0.42.10.in-addr.arpa", LDNS_RR_TYPE_PTR),
            Data{"main.shop.pod.cluster.local."});
  names.put("{kind: Pod, namespace: shop, name: main, uid: u-main, addresses: [10.42.0.8]}");
  EXPECT_EQ(names.data("side.rancher.internal"), Data{"10.42.0.8"});
  names.erase("pods/shop/main");
  EXPECT_EQ(names.ask("side.rancher.internal").rcode, 3U);
  names.put("{kind: Pod, namespace: bank, name: moved, uid: u-main, addresses: [10.42.0.9]}");
  EXPECT_EQ(names.data("side.rancher.internal"), Data{"10.42.0.9"});
  names.put("{kind: Pod, namespace: shop, name: late, network_from: u-main}");
  EXPECT_EQ(names.data("late.rancher.internal"), Data{"10.42.0.9"});
  names.put("{kind: Pod, namespace: shop, name: side, network_from: u-late}");
  EXPECT_EQ(names.ask("side.rancher.internal").rcode, 3U);
}

TEST(NamesFromCluster, AnAliasFollowsWhatItStandsForThroughOtherAliases) {
  Names names;
  names.put(web);
  names.put("{kind: Service, namespace: shop, name: front, targets: [shop/web]}");
  names.put("{kind: Service, namespace: other, name: far, targets: [shop/front]}");
  EXPECT_EQ(names.data("far.other.rancher.internal"), Data{"10.43.0.10"});

  names.put("{kind: Service, namespace: shop, name: web, cluster_ips: [10.43.0.11]}");

  EXPECT_EQ(names.data("front.shop.rancher.internal"), Data{"10.43.0.11"});
  EXPECT_EQ(names.data("far.other.rancher.internal"), Data{"10.43.0.11"});
}

TEST(NamesFromCluster, AliasesInACircleSpoilNothingElse) {
  Names names;

  names.put("{kind: Service, namespace: shop, name: a, targets: [shop/b]}");
  names.put("{kind: Service, namespace: shop, name: b, targets: [shop/a]}");
  names.put(web);

  EXPECT_EQ(names.data("web.shop.rancher.internal"), Data{"10.43.0.10"});
  EXPECT_EQ(names.ask("a.shop.rancher.internal").rcode, 3U);
  EXPECT_FALSE(names.problems().empty());
  names.put("{kind: Service, namespace: shop, name: b, targets: [shop/web]}");
  EXPECT_EQ(names.data("a.shop.rancher.internal"), Data{"10.43.0.10"});
  EXPECT_TRUE(names.problems().empty());
}

TEST(NamesFromCluster, AnExternalNameIsACname) {
  Names names;

  names.put("{kind: Service, namespace: shop, name: out, external_name: www.example.org}");

  EXPECT_EQ(names.data("out.shop.svc.cluster.local", LDNS_RR_TYPE_CNAME), Data{"www.example.org."});
}

// Random histories end in the names that the last cluster alone would have.
TEST(NamesFromCluster, FollowingStepByStepEndsWhereStartingThereDoes) {
  std::mt19937 random(11);
  const auto below = [&](unsigned limit) { return std::to_string(random() % limit); };
  const std::vector<std::string> questions = {
      "s0.n0.svc.cluster.local", "s1.n0.svc.cluster.local", "s0.n1.svc.cluster.local",
      "s1.n1.svc.cluster.local", "n0.svc.cluster.local",    "p0.n0.pod.cluster.local",
      "s0.n0.rancher.internal",  "s1.n1.rancher.internal",  "p1.rancher.internal"};
  Names names;

  for (int round = 0; round < 300; ++round) {
    const auto at = "namespace: n" + below(2) + ", name: ";
    switch (random() % 5) {
      case 0:
        names.put("{kind: Service, " + at + "s" + below(2) + ", cluster_ips: [10.43.0." + below(9) +
                  "]}");
        break;
      case 1:
        names.put("{kind: Service, " + at + "s" + below(2) + ", targets: [n" + below(2) + "/s" +
                  below(2) + "]}");
        break;
      case 2:
        names.put("{kind: Endpoints, " + at + "e" + below(2) + ", service: s" + below(2) +
                  ", endpoints: [{addresses: [10.42.0." + below(9) + "]}]}");
        break;
      case 3:
        names.put("{kind: Pod, " + at + "p" + below(2) + ", addresses: [10.42.1." + below(9) +
                  "]}");
        break;
      default:
        if (const auto& all = names.cluster().services(); !all.empty()) {
          names.erase(format(all[random() % all.size()].key()));
        }
    }
    NamesFromCluster fresh{Options{}};
    metadata::Draft copy(names.cluster());
    fresh.follow(copy.build({}));
    for (const auto& question : questions) {
      std::array<std::uint8_t, 4096> reply;
      const auto query = test::encode({.name = question});
      const auto outcome = dns::answer(*fresh.authority(), query, {.is_forwarding = true}, reply);
      auto expected = test::decode({reply.data(), outcome.size});
      auto got = names.ask(question);
      std::ranges::sort(expected.answer);
      std::ranges::sort(got.answer);
      ASSERT_EQ(got.rcode, expected.rcode) << question << " in round " << round;
      ASSERT_EQ(got.answer, expected.answer) << question << " in round " << round;
    }
  }
}

}  // namespace
}  // namespace paddock::dnsd
