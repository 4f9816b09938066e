// SPDX-License-Identifier: Apache-2.0
//
// The indexes of a Cluster, and names of kinds and keys.
#include <paddock/metadata/cluster.hpp>

#include <boost/asio/ip/address.hpp>
#include <gtest/gtest.h>

#include <random>
#include <set>

namespace paddock::metadata {
namespace {

using boost::asio::ip::make_address;

std::shared_ptr<Pod> pod(const std::string& name, const char* host, const char* address) {
  auto made = std::make_shared<Pod>();
  made->ns = "default";
  made->name = name;
  made->host = host;
  made->addresses = {make_address(address)};
  return made;
}

TEST(Cluster, FindsThePodOfAnAddress) {
  Draft draft;
  draft.put(pod("a", "h1", "10.42.0.2"));
  draft.put(pod("b", "h1", "fd00::2"));

  EXPECT_EQ(draft.cluster().pod_at(make_address("10.42.0.2"))->name, "a");
  EXPECT_EQ(draft.cluster().pod_at(make_address("::ffff:10.42.0.2"))->name, "a");
  EXPECT_EQ(draft.cluster().pod_at(make_address("fd00::2"))->name, "b");
  EXPECT_EQ(draft.cluster().pod_at(make_address("10.42.0.3")), nullptr);
}

TEST(Cluster, NeverTakesAHostsAddressForAPods) {
  auto shared = pod("a", "h1", "192.0.2.1");
  shared->host_network = true;
  Draft draft;
  draft.put(shared);

  EXPECT_EQ(draft.cluster().pod_at(make_address("192.0.2.1")), nullptr);
  EXPECT_EQ(draft.cluster().pods_on("h1").size(), 1U);
}

TEST(Cluster, GivesAnAddressToTheRunningThenTheYoungest) {
  auto stopped = pod("a", "h1", "10.42.0.2");
  stopped->state = "stopped";
  stopped->created = 9;
  auto older = pod("b", "h1", "10.42.0.2");
  older->created = 1;
  auto younger = pod("c", "h1", "10.42.0.2");
  younger->created = 2;
  Draft draft;
  for (const auto& claim : {stopped, older, younger}) draft.put(claim);

  EXPECT_EQ(draft.cluster().pod_at(make_address("10.42.0.2"))->name, "c");
  draft.erase(younger->key());
  EXPECT_EQ(draft.cluster().pod_at(make_address("10.42.0.2"))->name, "b");
  draft.erase(older->key());
  EXPECT_EQ(draft.cluster().pod_at(make_address("10.42.0.2"))->name, "a");
}

TEST(Cluster, KeepsItsAddressesWhateverIsMadeOfIt) {
  const auto address = [](int i) { return boost::asio::ip::address_v4(0x0a2a0000U + i); };
  const auto with_pods = [&](Draft& draft, const char* ns) {
    for (int i = 0; i < 5000; ++i) {
      auto made = std::make_shared<Pod>();
      made->ns = ns;
      made->name = "p" + std::to_string(i);
      made->addresses = Addresses({address(i)});
      draft.put(std::move(made));
    }
  };
  Draft draft;
  with_pods(draft, "a");
  const auto before = draft.build({"s", 1, 0});

  for (int i = 0; i < 5000; ++i) draft.erase({Kind::pod, "a", "p" + std::to_string(i)});
  const auto none = draft.build({"s", 2, 0});
  with_pods(draft, "b");

  for (int i = 0; i < 5000; ++i) {
    ASSERT_EQ(before->pod_at(address(i))->ns, "a");
    ASSERT_EQ(none->pod_at(address(i)), nullptr);
    ASSERT_EQ(draft.cluster().pod_at(address(i))->ns, "b");
  }
}

TEST(Cluster, IndexesFollowAnyChanges) {
  std::mt19937 random(5);
  Draft draft;
  for (int round = 0; round < 2000; ++round) {
    auto changed = pod("p" + std::to_string(random() % 30), random() % 2 == 0 ? "h1" : "h2",
                       ("10.0.0." + std::to_string(random() % 20)).c_str());
    if (random() % 4 == 0) changed->addresses = {changed->addresses[0], changed->addresses[0]};
    changed->host_network = random() % 8 == 0;
    if (random() % 3 == 0) {
      draft.erase(changed->key());
    } else {
      draft.put(changed);
    }
  }
  const auto cluster = draft.build({});
  std::size_t on_hosts = 0;
  for (const char* host : {"h1", "h2"}) {
    for (const Pod& found : cluster->pods_on(host)) EXPECT_EQ(found.host, host);
    on_hosts += cluster->pods_on(host).size();
  }
  EXPECT_EQ(on_hosts, cluster->pods().size());
  std::set<boost::asio::ip::address> used;
  for (const Pod& found : cluster->pods()) {
    if (!found.host_network) used.insert(found.addresses[0]);
  }
  for (int i = 0; i < 20; ++i) {
    const auto address = make_address("10.0.0." + std::to_string(i));
    const auto at = cluster->pod_at(address);
    ASSERT_EQ(at != nullptr, used.contains(address));
    if (at) {
      EXPECT_EQ(at, cluster->find<Pod>("default", at->name)) << "the newest version";
    }
  }
}

TEST(Cluster, ListsAllSlicesOfAService) {
  Draft draft;
  for (const char* name : {"web", "web-2", "other"}) {
    auto slice = std::make_shared<Endpoints>();
    slice->ns = "shop";
    slice->name = name;
    slice->service = std::string_view(name) == "other" ? "db" : "web";
    draft.put(slice);
  }
  EXPECT_EQ(draft.cluster().endpoints_of("shop", "web").size(), 2U);
  EXPECT_EQ(draft.cluster().endpoints_of("shop", "db")[0].name, "other");
  EXPECT_TRUE(draft.cluster().endpoints_of("other", "web").empty());
}

TEST(Cluster, CarriesItsStamp) {
  Draft draft;
  const auto cluster = draft.build({.store = "u", .revision = 7, .stale_since = 1});

  EXPECT_EQ(cluster->store(), "u");
  EXPECT_EQ(cluster->revision(), 7U);
  EXPECT_EQ(cluster->stale_since(), 1);
}

TEST(Key, FormatsAsInPathsAndBack) {
  const Key web{Kind::service, "shop", "web"};
  const Key host{Kind::host, "", "one.example"};

  EXPECT_EQ(format(web), "services/shop/web");
  EXPECT_EQ(parse_key("services/shop/web"), web);
  EXPECT_EQ(parse_key(format(host)), host);
  for (const char* text :
       {"", "services", "services/web", "hosts/a/b", "hosts/", "pods//x", "x/y"}) {
    EXPECT_FALSE(parse_key(text)) << text;
  }
}

TEST(Kind, HasTwoNamesAndBack) {
  for (const Kind kind : all_kinds) {
    EXPECT_EQ(kind_of_name(kind_name(kind)), kind);
    EXPECT_EQ(kind_of_plural(plural(kind)), kind);
  }
  EXPECT_FALSE(kind_of_name("pod"));
}

TEST(Service, ItsKindFollowsFromItsFields) {
  Service service;
  EXPECT_EQ(effective_kind(service), "service");
  service.targets = {"shop/web"};
  EXPECT_EQ(effective_kind(service), "dnsService");
  service.external_name = "example.org";
  EXPECT_EQ(effective_kind(service), "externalService");
  service.service_kind = "loadBalancerService";
  EXPECT_EQ(effective_kind(service), "loadBalancerService");
}

TEST(Object, EqualLooksAtEveryFieldOfTheKind) {
  auto one = pod("a", "h1", "10.42.0.2");
  auto two = clone(*one);
  EXPECT_TRUE(equal(*one, *two));
  two->health = "unhealthy";
  EXPECT_FALSE(equal(*one, *two));
  EXPECT_FALSE(equal(*one, Host()));
}

}  // namespace
}  // namespace paddock::metadata
