// SPDX-License-Identifier: Apache-2.0
#include "client/snapshot_file.hpp"
#include "kubernetes/objects.hpp"
#include "libmetadata/kubernetes/recording.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/kubernetes.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <map>

namespace paddock::metadata {
namespace {

using kubernetes::Json;
using testing::answer_with;
using testing::Recording;
using testing::silent_watch;

// The recording that has the resource of a target: "services" of "/api/v1/services?watch=1".
std::string resource_of(const std::string& target) {
  const auto path = target.substr(0, target.find('?'));
  return path.substr(path.rfind('/') + 1);
}

test::ApiAnswer replay_streaming(const std::string& target) {
  // After a refusal the next try is a plain list.
  if (target.find("watch=1") == std::string::npos) {
    return answer_with(Recording("list-final/" + resource_of(target)).wire());
  }
  return target.find("sendInitialEvents") != std::string::npos
             ? answer_with(Recording("watchlist/" + resource_of(target)).wire())
             : silent_watch();
}

class KubernetesStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<Store> open(const std::string& url) {
    KubernetesStoreOptions options;
    options.server.url = url;
    options.directory = folder_.path();
    options.save_after = std::chrono::milliseconds(10);
    options.longest_retry = std::chrono::milliseconds(20);
    return open_kubernetes_store(std::move(options));
  }

  // The first cluster of which it is so, or the last there was.
  template <class Condition>
  static std::shared_ptr<const Cluster> wait(Store& store, Condition is_so) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    auto cluster = store.cluster();
    while (!(cluster && is_so(*cluster)) && std::chrono::steady_clock::now() < deadline) {
      (void)store.wait(cluster ? cluster->revision() : 0,
                       std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
      cluster = store.cluster();
    }
    return cluster;
  }

  test::TempFolder folder_;
};

Json final_items(const std::string& resource) {
  return Json::parse(Recording("list-final/" + resource).body()).at("items");
}

// Names of all that a resource has in the end.
template <class T>
std::vector<std::string> names_of(const Range<T>& objects) {
  std::vector<std::string> names;
  for (const T& object : objects) names.push_back(object.ns.str() + "/" + object.name.str());
  return names;
}
std::vector<std::string> names_of(const Json& items) {
  std::vector<std::string> names;
  for (const Json& item : items) {
    names.push_back(item["metadata"].value("namespace", "") + "/" +
                    item["metadata"].value("name", ""));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Every resource has come to its end when its last object has.
bool is_final(const Cluster& cluster) {
  return names_of(cluster.pods()) == names_of(final_items("pods")) &&
         names_of(cluster.services()) == names_of(final_items("services")) &&
         names_of(cluster.namespaces()) == names_of(final_items("namespaces"));
}

TEST_F(KubernetesStoreTest, HoldsWhatARecordedClusterHasInTheEnd) {
  const test::ApiServer server(replay_streaming);

  const auto store = open(server.url());

  const auto cluster = wait(*store, is_final);
  ASSERT_TRUE(cluster);
  EXPECT_EQ(names_of(cluster->pods()), names_of(final_items("pods")));
  EXPECT_EQ(names_of(cluster->hosts()), names_of(final_items("nodes")));
  for (const Json& item : final_items("services")) {
    const auto key = kubernetes::key_of(item, Kind::service);
    const auto expected = kubernetes::read_service(item);
    const auto service = cluster->find<Service>(key.ns, key.name);
    ASSERT_TRUE(service) << format(key);
    EXPECT_EQ(service->cluster_ips, expected->cluster_ips) << format(key);
    EXPECT_EQ(service->ports, expected->ports) << format(key);
    std::size_t slices = 0;
    for (const Json& slice : final_items("endpointslices")) {
      const auto read = kubernetes::read_endpoint_slice(slice);
      if (read && read->ns == key.ns && read->service == key.name) ++slices;
    }
    EXPECT_EQ(cluster->endpoints_of(key.ns, key.name).size(), slices) << format(key);
  }
}

TEST_F(KubernetesStoreTest, SaysNothingBeforeAllIsKnown) {
  std::atomic<bool> knows_nodes = false;
  const test::ApiServer server([&](const std::string& target) {
    if (resource_of(target) == "nodes" && !knows_nodes) {
      return answer_with(Recording("outage/startup-list-403").wire());
    }
    return replay_streaming(target);
  });

  const auto store = open(server.url());

  EXPECT_EQ(store->wait(0, std::chrono::steady_clock::now() + std::chrono::milliseconds(300)),
            nullptr);
  EXPECT_FALSE(store->health().is_connected);
  knows_nodes = true;
  EXPECT_TRUE(wait(*store, is_final));
}

TEST_F(KubernetesStoreTest, GoesOnStaleWithoutTheServerAndAcrossARestart) {
  auto server = std::make_unique<test::ApiServer>(replay_streaming);
  auto store = open(server->url());
  const auto url = server->url();
  const auto known = wait(*store, is_final);
  ASSERT_TRUE(known);

  server.reset();

  EXPECT_NE(wait(*store, [](const Cluster& now) { return now.stale_since() != 0; })->stale_since(),
            0);
  EXPECT_EQ(names_of(store->cluster()->services()), names_of(known->services()));
  store.reset();
  store = open(url);
  ASSERT_TRUE(store->cluster());
  EXPECT_NE(store->cluster()->stale_since(), 0);
  EXPECT_EQ(names_of(store->cluster()->services()), names_of(known->services()));
  EXPECT_EQ(names_of(store->cluster()->pods()), names_of(known->pods()));
}

TEST_F(KubernetesStoreTest, TellsChangesByRevision) {
  const test::ApiServer server(replay_streaming);
  const auto store = open(server.url());
  const auto first = store->wait(0, std::chrono::steady_clock::now() + std::chrono::seconds(60));
  ASSERT_TRUE(first);
  const auto last = wait(*store, is_final);

  const auto changes = store->changes_since(first->revision());

  ASSERT_TRUE(changes);
  std::map<Key, std::uint64_t> told;
  for (const Change& change : *changes) told[change.key] = change.revision;
  diff(*first, *last, [&](const Difference& difference) {
    EXPECT_TRUE(told.contains(difference.either().key())) << format(difference.either().key());
    return true;
  });
}

TEST_F(KubernetesStoreTest, RefusesWritesAndSaysWhereTheyBelong) {
  const test::ApiServer server(replay_streaming);
  const auto store = open(server.url());

  const auto result = store->write({.key = {Kind::service, "shop", "web"}});

  EXPECT_EQ(result.status, WriteResult::Status::read_only);
  EXPECT_NE(result.text.find("kubectl"), std::string::npos);
}

TEST_F(KubernetesStoreTest, AsksForThePodsOfItsNodeOnly) {
  const test::ApiServer server(replay_streaming);
  KubernetesStoreOptions options;
  options.server.url = server.url();
  options.node = "node-1";

  const auto store = open_kubernetes_store(std::move(options));

  EXPECT_TRUE(wait(*store, is_final));
  for (const auto& target : server.asked()) {
    EXPECT_EQ(target.find("fieldSelector=spec.nodeName%3Dnode-1") != std::string::npos,
              resource_of(target) == "pods")
        << target;
  }
}

// As where Rancher is in between.
TEST_F(KubernetesStoreTest, AsksBehindThePathOfItsServer) {
  const test::ApiServer server(replay_streaming);
  KubernetesStoreOptions options;
  options.server = {.url = server.url(), .base = "/k8s/clusters/local", .access = {}, .files = {}};

  const auto store = open_kubernetes_store(std::move(options));

  EXPECT_TRUE(wait(*store, is_final));
  EXPECT_EQ(store->source(), "kubernetes:" + server.url() + "/k8s/clusters/local");
  for (const auto& target : server.asked()) {
    EXPECT_TRUE(target.starts_with("/k8s/clusters/local/api")) << target;
  }
}

TEST_F(KubernetesStoreTest, LosesWhatAnotherStoreLeftInItsFolder) {
  {
    auto draft = Draft();
    auto network = std::make_shared<Network>();
    network->name = Text("old");
    draft.put(network);
    auto service = std::make_shared<Service>();
    service->ns = Text("shop");
    service->name = Text("old");
    draft.put(service);
    ASSERT_TRUE(client::write_snapshot(folder_.path() / "cluster.snapshot",
                                       *draft.build({.store = "etcd", .revision = 7})));
  }
  const test::ApiServer server(replay_streaming);

  const auto store = open(server.url());

  const auto cluster = wait(*store, [](const Cluster& now) {
    return is_final(now) && now.networks().empty() && names_of(now.hosts()).size() > 1;
  });
  EXPECT_FALSE(cluster->find<Network>("old"));
  EXPECT_FALSE(cluster->find<Service>("shop", "old"));
}

TEST_F(KubernetesStoreTest, HasIngressesAsLoadBalancersWhereAskedForAndLosesThemWhereNot) {
  const test::ApiServer server(replay_streaming);
  KubernetesStoreOptions options;
  options.server.url = server.url();
  options.directory = folder_.path();
  options.save_after = std::chrono::milliseconds(10);
  options.ingresses = true;
  const auto has_web = [](const Cluster& now) {
    return now.find<Service>("shop", "shop-rancherlb-web") != nullptr;
  };
  {
    const auto store = open_kubernetes_store(options);
    const auto cluster = wait(*store, has_web);
    ASSERT_TRUE(has_web(*cluster));
    EXPECT_TRUE(cluster->find<Service>("shop", "web")) << "the Service of the same name";
  }

  ASSERT_TRUE(has_web(**client::read_snapshot(folder_.path() / "cluster.snapshot")));

  options.ingresses = false;
  const auto store = open_kubernetes_store(options);

  EXPECT_FALSE(has_web(*wait(*store, [&](const Cluster& now) { return !has_web(now); })));
}

// What other clusters export has names although no service of ours does.
TEST_F(KubernetesStoreTest, JoinsImportsWithServices) {
  const std::string imports =
      R"({"type":"ADDED","object":{"metadata":{"name":"web","namespace":"shop"},)"
      R"("spec":{"type":"ClusterSetIP","ips":["10.96.9.9"]}}})"
      "\n"
      R"({"type":"ADDED","object":{"metadata":{"name":"far","namespace":"shop"},)"
      R"("spec":{"type":"ClusterSetIP","ips":["10.96.9.8"],"ports":[{"port":80}]}}})"
      "\n"
      R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"5","annotations":)"
      R"({"k8s.io/initial-events-end":"true"}}}})"
      "\n";
  const test::ApiServer server([&](const std::string& target) {
    if (resource_of(target) != "serviceimports") return replay_streaming(target);
    if (target.find("sendInitialEvents") == std::string::npos) return silent_watch();
    return answer_with("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(imports.size()) +
                       "\r\n\r\n" + imports);
  });
  KubernetesStoreOptions options;
  options.server.url = server.url();
  options.imports = true;

  const auto store = open_kubernetes_store(std::move(options));

  const auto cluster = wait(*store, [](const Cluster& now) {
    const auto web = now.find<Service>("shop", "web");
    return web && !web->clusterset_ips.empty() && now.find<Service>("shop", "far") != nullptr;
  });
  ASSERT_TRUE(cluster->find<Service>("shop", "far"));
  EXPECT_EQ(cluster->find<Service>("shop", "far")->clusterset_ips.size(), 1U);
  EXPECT_FALSE(cluster->find<Service>("shop", "web")->cluster_ips.empty());
}

}  // namespace
}  // namespace paddock::metadata
