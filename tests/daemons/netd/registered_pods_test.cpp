// SPDX-License-Identifier: Apache-2.0
#include "netd/registered_pods.hpp"

#include <gtest/gtest.h>

namespace paddock::netd {
namespace {

net::Lease lease(const char* ifname, const char* address) {
  net::Lease lease;
  lease.attachment.id = {"paddock", "c1", ifname};
  lease.attachment.addresses = {boost::asio::ip::make_address(address)};
  lease.attachment.pod_mac = *net::MacAddress::parse("02:00:00:00:00:01");
  lease.pod = {"shop", "web-0", "uid-1", {{"app", "web"}}, {"www", "web"}};
  return lease;
}

TEST(RegisteredPods, APodIsAllThatNetdKnowsOfIt) {
  const auto pod = updated_pod(nullptr, {lease("eth0", "10.0.0.2")}, "node-1");

  ASSERT_TRUE(pod);
  EXPECT_EQ(metadata::format(pod->key()), "pods/shop/web-0");
  EXPECT_EQ(pod->host, "node-1");
  EXPECT_EQ(pod->uid, "uid-1");
  EXPECT_EQ(pod->external_id, "c1");
  EXPECT_EQ(pod->mac, "02:00:00:00:00:01");
  EXPECT_EQ(pod->interface, "eth0");
  EXPECT_EQ(pod->network, "paddock");
  EXPECT_EQ(*pod->labels.find("app"), "web");
  EXPECT_EQ(*pod->annotations.find("paddock.io/aliases"), "www,web");
  EXPECT_TRUE(is_ours(*pod));
}

TEST(RegisteredPods, TheFirstInterfaceIsThePrimaryOne) {
  const auto pod =
      updated_pod(nullptr, {lease("eth0", "10.0.0.2"), lease("net1", "10.0.0.3")}, "node-1");

  ASSERT_EQ(pod->addresses.size(), 2U);
  EXPECT_EQ(pod->addresses.front().to_string(), "10.0.0.2");
  EXPECT_EQ(pod->interface, "eth0");
}

TEST(RegisteredPods, WhatOthersWroteStays) {
  metadata::Pod base;
  base.ns = "shop";
  base.name = "web-0";
  base.service = "web";
  base.labels = {{"app", "old"}, {"added", "by-hand"}};

  const auto pod = updated_pod(&base, {lease("eth0", "10.0.0.2")}, "node-1");

  EXPECT_EQ(pod->service, "web");
  EXPECT_EQ(*pod->labels.find("added"), "by-hand");
  EXPECT_EQ(*pod->labels.find("app"), "web");
  EXPECT_FALSE(is_ours(base));
}

TEST(RegisteredPods, NothingIsWrittenWhenAllIsSaid) {
  const auto pod = updated_pod(nullptr, {lease("eth0", "10.0.0.2")}, "node-1");

  EXPECT_FALSE(updated_pod(pod.get(), {lease("eth0", "10.0.0.2")}, "node-1"));
  EXPECT_TRUE(updated_pod(pod.get(), {lease("eth0", "10.0.0.9")}, "node-1"));
}

TEST(RegisteredPods, AHostHasItsAddressesAndSubnets) {
  const HostFacts facts{"node-1",
                        {boost::asio::ip::make_address("192.0.2.1")},
                        {*net::Prefix::parse("10.42.0.0/24")}};

  const auto host = updated_host(nullptr, facts);

  ASSERT_TRUE(host);
  EXPECT_EQ(host->addresses.front().to_string(), "192.0.2.1");
  EXPECT_EQ(metadata::format(host->subnets.front()), "10.42.0.0/24");
  EXPECT_FALSE(updated_host(host.get(), facts));
}

TEST(RegisteredPods, AnAssignedHostGetsNothingButItsAnnotations) {
  const HostFacts facts{.name = "node-1",
                        .addresses = {boost::asio::ip::make_address("192.0.2.1")},
                        .subnets = {},
                        .annotations = {{"paddock.io/backend-type", "host-gw"}},
                        .is_assigned = true};
  EXPECT_FALSE(updated_host(nullptr, facts)) << "it is not for us to make";
  metadata::Host node;
  node.name = "node-1";
  node.addresses = {boost::asio::ip::make_address("198.51.100.1")};
  node.annotations = {{"paddock.io/backend-v6-data", "null"}, {"paddock.io/hop-limit", "1"}};

  const auto host = updated_host(&node, facts);

  EXPECT_EQ(host->addresses, node.addresses);
  EXPECT_EQ(host->annotations, (metadata::TextMap{{"paddock.io/backend-type", "host-gw"},
                                                  {"paddock.io/hop-limit", "1"}}));
}

}  // namespace
}  // namespace paddock::netd
