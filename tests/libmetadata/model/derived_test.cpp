// SPDX-License-Identifier: Apache-2.0
#include "model/derived.hpp"

#include <paddock/metadata/codec.hpp>

#include <boost/asio/ip/address.hpp>
#include <gtest/gtest.h>

#include <random>

namespace paddock::metadata {
namespace {

using boost::asio::ip::make_address;

std::shared_ptr<Service> service(const std::string& name, TextMap selector) {
  auto made = std::make_shared<Service>();
  made->ns = "shop";
  made->name = name;
  made->selector = std::move(selector);
  made->ports = {{.name = "http", .port = 80, .target_port = 8080}, {.name = "m", .port = 9}};
  return made;
}

std::shared_ptr<Pod> pod(const std::string& name, TextMap labels) {
  auto made = std::make_shared<Pod>();
  made->ns = "shop";
  made->name = name;
  made->host = "h1";
  made->labels = std::move(labels);
  made->addresses = {make_address("10.42.0.2")};
  return made;
}

// One service `web` selecting app=web, and what is derived for it beside the pod.
std::shared_ptr<const Endpoints> derive_for(const std::shared_ptr<Pod>& member) {
  Draft draft;
  draft.put(service("web", {{"app", "web"}}));
  draft.put(member);
  derive_all_endpoints(draft, 5);
  return draft.cluster().find<Endpoints>("shop", "web");
}

TEST(DerivedEndpoints, NameTheSelectedPodAndTheTargetPorts) {
  const auto made = derive_for(pod("p", {{"app", "web"}, {"tier", "x"}}));

  ASSERT_NE(made, nullptr);
  EXPECT_TRUE(made->derived);
  EXPECT_EQ(made->revision, 5U);
  EXPECT_EQ(made->service, "web");
  EXPECT_EQ(made->ports, (List<Port>{{.name = "http", .port = 8080}, {.name = "m", .port = 9}}));
  ASSERT_EQ(made->endpoints.size(), 1U);
  EXPECT_EQ(made->endpoints[0].pod, "p");
  EXPECT_TRUE(made->endpoints[0].ready);
  EXPECT_TRUE(made->endpoints[0].hostname.empty());
}

TEST(DerivedEndpoints, OfPortsThatLeadToOneAreWhatReadersTake) {
  auto leading = service("web", {{"app", "web"}});
  leading->ports = {Port{.port = 80, .target_port = 8080}, Port{.port = 81, .target_port = 8080},
                    Port{.name = "admin", .port = 82, .target_port = 8080}};
  Draft draft;
  draft.put(leading);
  draft.put(pod("p", {{"app", "web"}}));

  derive_all_endpoints(draft, 5);

  const auto made = draft.cluster().find<Endpoints>("shop", "web");
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(made->ports, (List<Port>{Port{.port = 8080}, Port{.name = "admin", .port = 8080}}));
  const auto told = decode_event(encode_put(*made));
  EXPECT_TRUE(told) << told.error().text;
}

TEST(DerivedEndpoints, LeaveOutPodsThatDoNotMatchOrHaveNoAddressOrEnded) {
  EXPECT_TRUE(derive_for(pod("p", {{"app", "db"}}))->endpoints.empty());
  auto bare = pod("p", {{"app", "web"}});
  bare->addresses = {};
  EXPECT_TRUE(derive_for(bare)->endpoints.empty());
  auto ended = pod("p", {{"app", "web"}});
  ended->state = "stopped";
  EXPECT_TRUE(derive_for(ended)->endpoints.empty());
}

TEST(DerivedEndpoints, AreReadyWhenThePodIsReadyHealthyAndRunning) {
  auto member = pod("p", {{"app", "web"}});
  member->state = "starting";
  EXPECT_TRUE(derive_for(member)->endpoints[0].ready);
  member->state = "stopping";
  EXPECT_TRUE(derive_for(member)->endpoints[0].terminating);
  EXPECT_TRUE(derive_for(member)->endpoints[0].serving);
  member->state = "running";
  member->health = "unhealthy";
  EXPECT_FALSE(derive_for(member)->endpoints[0].ready);
  member->health = "healthy";
  EXPECT_TRUE(derive_for(member)->endpoints[0].ready);
  member->ready = false;
  EXPECT_FALSE(derive_for(member)->endpoints[0].ready);
}

TEST(DerivedEndpoints, OfAServiceWithAHealthCheckAreReadyOnlyWhenFoundHealthy) {
  auto checked = service("web", {{"app", "web"}});
  checked->health_check = HealthCheck{80, {}, 0, 0, 0, 0};
  auto member = pod("p", {{"app", "web"}});
  const auto is_ready = [&] {
    Draft draft;
    draft.put(checked);
    draft.put(member);
    return endpoints_of_selector(draft.cluster(), *checked)->endpoints[0].ready;
  };

  EXPECT_FALSE(is_ready());
  member->health = "updating-healthy";
  EXPECT_TRUE(is_ready());
}

TEST(DerivedEndpoints, HoldThePodsThatNameTheServiceAsTheirs) {
  auto member = pod("p", {});
  member->service = "shop/web";
  Draft draft;
  draft.put(service("web", {}));
  draft.put(member);
  derive_all_endpoints(draft, 1);
  ASSERT_NE(draft.cluster().find<Endpoints>("shop", "web"), nullptr);

  const auto before = draft.build({});
  auto moved = clone(*member);
  moved->service = "other";
  draft.put(moved);
  const Key changed[] = {moved->key()};
  derive_endpoints(*before, draft, changed, 2);

  EXPECT_EQ(draft.cluster().find<Endpoints>("shop", "web"), nullptr);
}

TEST(DerivedEndpoints, CarryAHostnameOnlyUnderTheSubdomainOfTheService) {
  auto member = pod("p", {{"app", "web"}});
  member->hostname = "p-0";
  EXPECT_TRUE(derive_for(member)->endpoints[0].hostname.empty());
  member->subdomain = "web";
  EXPECT_EQ(derive_for(member)->endpoints[0].hostname, "p-0");
}

TEST(DerivedEndpoints, AWrittenObjectOfThatNameStands) {
  auto written = std::make_shared<Endpoints>();
  written->ns = "shop";
  written->name = written->service = "web";
  Draft draft;
  draft.put(service("web", {{"app", "web"}}));
  draft.put(written);
  derive_all_endpoints(draft, 1);
  EXPECT_EQ(draft.cluster().find<Endpoints>("shop", "web"), written);

  const auto before = draft.build({});
  draft.erase(written->key());
  const Key changed[] = {written->key()};
  EXPECT_EQ(derive_endpoints(*before, draft, changed, 2).size(), 1U);
  EXPECT_TRUE(draft.cluster().find<Endpoints>("shop", "web")->derived);
}

TEST(DerivedEndpoints, AreNotTouchedByAChangeThatDoesNotConcernThem) {
  auto member = pod("p", {{"app", "web"}});
  Draft draft;
  draft.put(service("web", {{"app", "web"}}));
  draft.put(member);
  derive_all_endpoints(draft, 1);
  const auto before = draft.build({});

  auto changed = clone(*member);
  changed->annotations = {{"note", "x"}};
  draft.put(changed);
  const Key keys[] = {changed->key()};
  EXPECT_TRUE(derive_endpoints(*before, draft, keys, 2).empty());
  EXPECT_EQ(draft.cluster().find<Endpoints>("shop", "web")->revision, 1U);
}

class RandomChanges {
 public:
  Key apply(Draft& draft) {
    ObjectPtr changed = object();
    const Key key = changed->key();
    const auto stored = draft.cluster().find(key);
    if (random_() % 3 == 0 && (!stored || key.kind != Kind::endpoints || is_written(*stored))) {
      draft.erase(key);
    } else if (key.kind != Kind::endpoints || !stored || is_written(*stored)) {
      draft.put(std::move(changed));
    }
    return key;
  }

  unsigned below(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

 private:
  static bool is_written(const Object& object) { return !as<Endpoints>(&object)->derived; }

  ObjectPtr object() {
    const std::string name = std::to_string(below(8));
    const TextMap labels{{"app", std::to_string(below(3))}, {"tier", std::to_string(below(2))}};
    switch (below(8)) {
      case 0: {
        auto host = std::make_shared<Host>();
        host->name = "h" + std::to_string(below(2));
        host->zone = "z" + std::to_string(below(2));
        return host;
      }
      case 1: {
        auto slice = std::make_shared<Endpoints>();
        slice->ns = "shop";
        slice->name = slice->service = "s" + name;
        return slice;
      }
      case 2:
        return service("s" + name, below(4) == 0 ? TextMap() : TextMap{*labels.begin()});
      case 3:
        return service("s" + name, labels);
      default: {
        auto member = pod("p" + name, labels);
        member->host = "h" + std::to_string(below(2));
        member->ready = below(3) != 0;
        if (below(4) == 0) member->state = "stopped";
        if (below(4) == 0) member->service = "s" + std::to_string(below(8));
        return member;
      }
    }
  }

  std::mt19937 random_{6};
};

// The derived objects, without their revisions.
std::vector<Endpoints> derived(const Cluster& cluster) {
  std::vector<Endpoints> all;
  for (const Endpoints& endpoints : cluster.endpoints()) {
    if (!endpoints.derived) continue;
    all.push_back(endpoints);
    all.back().revision = 0;
  }
  return all;
}

TEST(DerivedEndpoints, KeptStepByStepAreThoseMadeFromNothing) {
  RandomChanges changes;
  Draft draft;
  auto before = draft.build({});
  for (std::uint64_t round = 1; round < 2000; ++round) {
    std::vector<Key> changed;
    for (unsigned i = 1 + changes.below(5); i > 0; --i) changed.push_back(changes.apply(draft));
    derive_endpoints(*before, draft, changed, round);
    before = draft.build({});

    Draft fresh;
    diff(Cluster(), *before, [&fresh](const Difference& added) {
      const Endpoints* endpoints = as<Endpoints>(added.after.get());
      if (endpoints == nullptr || !endpoints->derived) fresh.put(added.after);
      return true;
    });
    derive_all_endpoints(fresh, round);
    ASSERT_EQ(derived(*before), derived(fresh.cluster())) << "round " << round;
  }
}

}  // namespace
}  // namespace paddock::metadata
