// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/objects.hpp"

#include <paddock/metadata/codec.hpp>

#include <gtest/gtest.h>

namespace paddock::metadata::kubernetes {
namespace {

boost::asio::ip::address ip(const char* text) { return boost::asio::ip::make_address(text); }

Json json(const char* text) { return Json::parse(text); }

TEST(ReadNamespace, IsTheStackItWasInRancher) {
  const auto plain = Json::parse(R"({"metadata": {"name": "shop", "uid": "u-1"}})");
  const auto moved = Json::parse(
      R"({"metadata": {"name": "shop", "uid": "u-1", "labels": {"io.rancher.uuid": "r-7"}}})");

  EXPECT_EQ(read_namespace(plain)->uid, "u-1");
  EXPECT_EQ(read_namespace(moved)->uid, "r-7");
}

TEST(KubernetesService, KeepsWhatNamesAreMadeOf) {
  const auto service = read_service(json(R"({
    "metadata": {"name": "web", "namespace": "shop", "uid": "u1", "labels": {"app": "web"},
                 "creationTimestamp": "2026-11-22T11:36:35Z",
                 "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}},
    "spec": {"clusterIPs": ["10.96.0.7", "fd00::7"], "clusterIP": "10.96.0.7",
             "selector": {"app": "web"}, "externalIPs": ["192.0.2.1"],
             "ports": [{"name": "http", "protocol": "TCP", "port": 80, "targetPort": 8080},
                       {"name": "dns", "protocol": "UDP", "port": 53, "targetPort": "dns"}]},
    "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}, {"hostname": "lb.example"}]}}})"));

  EXPECT_EQ(service->key(), (Key{Kind::service, "shop", "web"}));
  EXPECT_EQ(service->uid, "u1");
  EXPECT_EQ(service->created, 1795347395000);
  EXPECT_EQ(service->cluster_ips, (Addresses{ip("10.96.0.7"), ip("fd00::7")}));
  EXPECT_EQ(service->external_ips, (Addresses{ip("192.0.2.1")}));
  EXPECT_EQ(service->load_balancer_ips, (Addresses{ip("192.0.2.2")}));
  EXPECT_EQ(service->fqdn, "lb.example");
  EXPECT_EQ(*service->labels.find("app"), "web");
  EXPECT_EQ(*service->selector.find("app"), "web");
  ASSERT_EQ(service->ports.size(), 2U);
  EXPECT_EQ(service->ports[0], (Port{.name = "http", .port = 80, .target_port = 8080}));
  EXPECT_EQ(service->ports[1], (Port{.name = "dns", .protocol = Protocol::udp, .port = 53}));
  EXPECT_EQ(effective_kind(*service), "kubernetesService");
}

TEST(KubernetesService, IsTheOneItWasInRancher) {
  const auto service = read_service(json(R"({"metadata": {"name": "web", "namespace": "shop",
    "uid": "u1", "labels": {"io.rancher.uuid": "r-8"}}, "spec": {}})"));

  EXPECT_EQ(service->uid, "r-8");
}

TEST(KubernetesService, IsHeadlessWithoutAddress) {
  const auto service = read_service(json(R"({"metadata": {"name": "db", "namespace": "shop"},
    "spec": {"clusterIP": "None", "clusterIPs": ["None"], "publishNotReadyAddresses": true}})"));

  EXPECT_TRUE(service->cluster_ips.empty());
  EXPECT_TRUE(service->publish_not_ready);
}

TEST(KubernetesService, HasTheAddressOfServersThatKnowOnlyOne) {
  const auto service = read_service(json(R"({"metadata": {"name": "old", "namespace": "shop"},
    "spec": {"clusterIP": "10.96.0.9"}})"));

  EXPECT_EQ(service->cluster_ips, (Addresses{ip("10.96.0.9")}));
}

TEST(KubernetesService, OfTypeExternalNameHasNothingButTheName) {
  const auto service = read_service(json(R"({"metadata": {"name": "out", "namespace": "shop"},
    "spec": {"type": "ExternalName", "externalName": "supplier.example", "clusterIP": ""}})"));

  EXPECT_EQ(service->external_name, "supplier.example");
  EXPECT_TRUE(service->cluster_ips.empty());
}

TEST(KubernetesSlice, HoldsEndpointsAsASet) {
  const auto slice = read_endpoint_slice(json(R"({
    "metadata": {"name": "web-x1", "namespace": "shop",
                 "labels": {"kubernetes.io/service-name": "web"},
                 "annotations": {"endpoints.kubernetes.io/last-change-trigger-time":
                                 "2026-11-22T11:36:35Z", "other": "left out"}},
    "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    "endpoints": [
      {"addresses": ["10.42.0.9"], "conditions": {"ready": false, "serving": true,
       "terminating": true}},
      {"addresses": ["10.42.0.5"], "conditions": {}, "hostname": "web-0", "nodeName": "one",
       "zone": "a", "targetRef": {"kind": "Pod", "name": "web-0", "namespace": "shop"}}]})"));

  EXPECT_EQ(slice->service, "web");
  ASSERT_EQ(slice->annotations.size(), 1U);
  EXPECT_EQ(slice->annotations.begin()->value, "2026-11-22T11:36:35Z");
  ASSERT_EQ(slice->endpoints.size(), 2U);
  EXPECT_EQ(slice->endpoints[0], (Endpoint{.addresses = {ip("10.42.0.5")},
                                           .hostname = "web-0",
                                           .pod = "web-0",
                                           .host = "one",
                                           .zone = "a"}));
  Endpoint leaving;
  leaving.addresses = {ip("10.42.0.9")};
  leaving.ready = false;
  leaving.terminating = true;
  EXPECT_EQ(slice->endpoints[1], leaving);
}

TEST(KubernetesSlice, LeavesOutWhatNoCallerCanReach) {
  const auto slice = read_endpoint_slice(json(R"({"metadata": {"name": "e", "namespace": "shop",
    "labels": {"kubernetes.io/service-name": "e"}}, "addressType": "IPv6",
    "endpoints": [{"addresses": ["fd00::1", "fe80::1%eth0", "fd00::2\u0000", "10.0.0"]}]})"));

  ASSERT_EQ(slice->endpoints.size(), 1U);
  EXPECT_EQ(slice->endpoints[0].addresses, (Addresses{ip("fd00::1")}));
}

TEST(KubernetesSlice, MayHoldNothing) {
  const auto slice = read_endpoint_slice(json(R"({"metadata": {"name": "e", "namespace": "shop",
    "labels": {"kubernetes.io/service-name": "e"}}, "addressType": "IPv6",
    "endpoints": null, "ports": null})"));

  EXPECT_TRUE(slice->endpoints.empty());
  EXPECT_TRUE(slice->ports.empty());
}

TEST(KubernetesSlice, IsNoneWithoutServiceOrWithNames) {
  EXPECT_EQ(read_endpoint_slice(json(R"({"metadata": {"name": "x", "namespace": "shop"}})")),
            nullptr);
  EXPECT_EQ(read_endpoint_slice(json(R"({"metadata": {"name": "x", "namespace": "shop", "labels":
    {"kubernetes.io/service-name": "x"}}, "addressType": "FQDN"})")),
            nullptr);
  EXPECT_EQ(read_endpoint_slice(json(R"({"metadata": {"name": "x", "namespace": "shop", "labels":
    {"kubernetes.io/service-name": "No_Service"}}, "addressType": "IPv4"})")),
            nullptr);
}

TEST(KubernetesSlice, OfAnotherClusterSaysSo) {
  const auto slice = read_endpoint_slice(json(R"({"metadata": {"name": "x", "namespace": "shop",
    "labels": {"kubernetes.io/service-name": "derived-web", "multicluster.kubernetes.io/service-name":
    "web", "multicluster.kubernetes.io/source-cluster": "east"}}, "addressType": "IPv4"})"));

  EXPECT_EQ(slice->service, "web");
  EXPECT_EQ(slice->cluster, "east");
}

TEST(KubernetesPod, KeepsWhatItsDocumentsShow) {
  const auto pod = read_pod(json(R"({
    "metadata": {"name": "web-0", "namespace": "shop", "uid": "u2", "labels": {"app": "web"},
                 "annotations": {"team": "a",
                                 "kubectl.kubernetes.io/last-applied-configuration": "{}"}},
    "spec": {"nodeName": "one", "serviceAccountName": "web", "hostname": "web-0",
             "subdomain": "db", "containers": [{"name": "web", "ports":
             [{"containerPort": 8080, "hostPort": 80, "hostIP": "::1"}, {"containerPort": 9}]}],
             "initContainers": [
               {"name": "mesh", "restartPolicy": "Always",
                "ports": [{"containerPort": 15, "hostPort": 15, "protocol": "UDP"}]},
               {"name": "once", "ports": [{"containerPort": 7, "hostPort": 7}]}]},
    "status": {"phase": "Running", "podIP": "10.42.0.5",
               "podIPs": [{"ip": "10.42.0.5"}, {"ip": "fd42::5"}],
               "conditions": [{"type": "Ready", "status": "True"}],
               "containerStatuses": [{"containerID": "containerd://abc", "restartCount": 2}]}})"));

  EXPECT_EQ(pod->host, "one");
  EXPECT_EQ(pod->addresses, (Addresses{ip("10.42.0.5"), ip("fd42::5")}));
  EXPECT_EQ(pod->annotations, (TextMap{{"team", "a"}}));
  EXPECT_EQ(pod->service_account, "web");
  EXPECT_EQ(pod->subdomain, "db");
  EXPECT_EQ(pod->ports, (Texts{"15:15/udp", "[::1]:80:8080/tcp"}));
  EXPECT_EQ(pod->hostname, "web-0");
  EXPECT_EQ(pod->external_id, "abc");
  EXPECT_EQ(pod->start_count, 3);
  EXPECT_TRUE(pod->ready);
  EXPECT_TRUE(is_running(*pod));
}

TEST(KubernetesPod, IsCalledInsideWhatOverridesItsHostName) {
  const auto pod = read_pod(json(R"({"metadata": {"name": "web-0", "namespace": "shop"},
    "spec": {"hostname": "web-0", "hostnameOverride": "legacy.example"}})"));

  EXPECT_EQ(pod->hostname, "legacy.example");
}

TEST(KubernetesPod, StatesAreRanchers) {
  const auto state = [](const char* metadata, const char* phase) {
    return read_pod({{"metadata", json(metadata)}, {"status", {{"phase", phase}}}})->state.str();
  };

  EXPECT_EQ(state("{}", "Pending"), "starting");
  EXPECT_EQ(state("{}", "Running"), "");
  EXPECT_EQ(state("{}", "Failed"), "stopped");
  EXPECT_EQ(state(R"({"deletionTimestamp": "2026-11-22T11:36:35Z"})", "Running"), "stopping");
}

TEST(KubernetesNode, IsAHost) {
  const auto host = read_node(json(R"({
    "metadata": {"name": "one", "labels": {"topology.kubernetes.io/zone": "a"}},
    "spec": {"podCIDR": "10.42.1.0/24", "podCIDRs": ["10.42.1.0/24", "fd42:1::/64"]},
    "status": {"addresses": [{"type": "ExternalIP", "address": "192.0.2.9"},
                             {"type": "InternalIP", "address": "10.0.0.1"},
                             {"type": "ExternalIP", "address": "10.0.0.1"},
                             {"type": "Hostname", "address": "one"}],
               "capacity": {"cpu": "3920m", "memory": "16Gi", "ephemeral-storage": "100G"},
               "conditions": [{"type": "Ready", "status": "True"}]}})"));

  EXPECT_EQ(host->addresses, (Addresses{ip("10.0.0.1"), ip("192.0.2.9")}));
  EXPECT_EQ(host->zone, "a");
  EXPECT_EQ(host->subnets,
            (List<Prefix>{*parse_prefix("10.42.1.0/24"), *parse_prefix("fd42:1::/64")}));
  EXPECT_EQ(host->milli_cpu, 3920);
  EXPECT_EQ(host->memory, std::int64_t{16} << 30);
  EXPECT_EQ(host->local_storage_mb, 100'000);
  EXPECT_TRUE(host->state.empty());
}

TEST(KubernetesNode, ThatIsCordonedOrGoneSaysSo) {
  const auto ready = json(R"({"conditions": [{"type": "Ready", "status": "True"}]})");

  EXPECT_EQ(read_node({{"spec", {{"unschedulable", true}}}, {"status", ready}})->state, "inactive");
  EXPECT_EQ(
      read_node(json(R"({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}})"))
          ->state,
      "disconnected");
}

TEST(KubernetesObjects, OfWrongTypesAreEmptyRatherThanRefused) {
  const auto service = read_service(json(R"({"metadata": {"name": 5, "labels": [1]},
    "spec": {"clusterIPs": "x", "ports": {"a": 1}, "selector": null}})"));

  EXPECT_TRUE(service->name.empty());
  EXPECT_TRUE(service->ports.empty());
  EXPECT_TRUE(read_pod(Json())->name.empty());
}

// Readers of the stream and of the snapshot file are told of objects as JSON, and check them.
TEST(KubernetesObjects, AreOnesThatTheStreamCarries) {
  const auto is_carried = [](const Object& object) {
    const auto put = decode_event(encode_put(object));
    return put ? std::string() : put.error().text;
  };

  EXPECT_EQ(is_carried(*read_endpoint_slice(json(R"({
    "metadata": {"name": "web.imported-7xk", "namespace": "shop",
                 "labels": {"kubernetes.io/service-name": "web"}},
    "ports": [{"name": "http", "port": 8080}, {"name": "metrics", "port": 8080},
              {"name": "all", "port": null}],
    "endpoints": [{"addresses": ["10.42.0.2"]}]})"))),
            "");
  auto pod = json(R"({"metadata": {"name": "web-1", "namespace": "shop",
                                   "annotations": {"small": "kept"}}, "spec": {}, "status": {}})");
  pod["metadata"]["annotations"]["large"] = std::string(70'000, 'x');
  const auto read = read_pod(pod);
  EXPECT_EQ(is_carried(*read), "");
  EXPECT_TRUE(read->annotations.find("small"));
  EXPECT_FALSE(read->annotations.find("large"));
}

TEST(KubernetesQuantities, AreReadWithEverySuffix) {
  EXPECT_EQ(quantity_of("2", 1000), 2000);
  EXPECT_EQ(quantity_of("0.5", 1000), 500);
  EXPECT_EQ(quantity_of("131072Ki", 1), 134'217'728);
  EXPECT_EQ(quantity_of("1e3", 1), 1000);
  EXPECT_EQ(quantity_of("2E", 1), 2'000'000'000'000'000'000);
  EXPECT_EQ(quantity_of("lots", 1), 0);
  EXPECT_EQ(quantity_of("5Q", 1), 0);
}

}  // namespace
}  // namespace paddock::metadata::kubernetes
