// SPDX-License-Identifier: Apache-2.0
//
// A small cluster with something of everything that documents show.
#pragma once

#include <paddock/metadata/cluster.hpp>

#include <memory>
#include <string>

namespace paddock::metadata::testing {

inline boost::asio::ip::address address(const char* text) {
  return boost::asio::ip::make_address(text);
}

inline std::shared_ptr<Pod> sample_pod(const char* ns, const char* name, const char* ip) {
  auto pod = std::make_shared<Pod>();
  pod->ns = ns;
  pod->name = name;
  pod->uid = std::string("uid-") + name;
  pod->addresses = {address(ip)};
  pod->host = "node1";
  return pod;
}

inline Draft sample_draft() {
  Draft draft;
  auto host = std::make_shared<Host>();
  host->name = "node1";
  host->uid = "uid-node1";
  host->addresses = {address("192.0.2.1")};
  host->labels = {{"role", "worker"}};
  host->memory = 1024;
  draft.put(host);
  auto network = std::make_shared<Network>();
  network->name = "overlay";
  network->uid = "uid-overlay";
  network->is_default = true;
  network->host_ports = false;
  network->metadata = R"({"mtu":1450})";
  draft.put(network);
  auto web = std::make_shared<Service>();
  web->ns = "shop";
  web->name = "web";
  web->uid = "uid-web";
  web->cluster_ips = {address("10.43.0.7")};
  web->token = "secret";
  web->links = {{"shop/DB", "store"}};
  web->ports = {Port{.name = "http", .protocol = Protocol::tcp, .port = 80, .target_port = 8080}};
  web->metadata = R"({"a b":1,"list":[{"name":"x y"},{"uuid":"u"},{"z":1},"s",null],"f":1.5})";
  web->scale = 2;
  draft.put(web);
  auto api = std::make_shared<Service>();
  api->ns = "shop";
  api->name = "api";
  api->uid = "uid-api";
  api->selector = {{"app", "api"}};
  draft.put(api);
  auto first = sample_pod("shop", "web-1", "10.42.0.2");
  first->service = "web";
  first->service_index = "1";
  first->ports = {"8080:80", "0.0.0.0:443:443/tcp", "198.51.100.1:53:53/udp"};
  first->mac = "02:00:00:00:00:01";
  draft.put(first);
  auto second = sample_pod("shop", "web-2", "10.42.0.3");
  second->service = "shop/web";
  draft.put(second);
  auto third = sample_pod("shop", "api-1", "10.42.0.4");
  third->labels = {{"app", "api"}, {"x/y z", "1"}};
  draft.put(third);
  draft.put(sample_pod("other", "lone", "10.42.0.5"));
  return draft;
}

inline std::shared_ptr<const Cluster> sample_cluster(std::uint64_t revision = 1) {
  return sample_draft().build({.store = "store-1", .revision = revision, .stale_since = 0});
}

}  // namespace paddock::metadata::testing
