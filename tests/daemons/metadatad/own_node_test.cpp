// SPDX-License-Identifier: Apache-2.0
#include "metadatad/own_node.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

namespace paddock::metadatad {
namespace {

metadata::Host node(const std::string& name, const std::string& host_name) {
  metadata::Host host;
  host.name = name;
  host.labels = {{"kubernetes.io/hostname", host_name}};
  return host;
}

template <class... Hosts>
std::shared_ptr<const metadata::Cluster> cluster_of(const Hosts&... hosts) {
  metadata::Draft draft;
  (draft.put(metadata::clone(hosts)), ...);
  return draft.build({.store = "test", .revision = 1});
}

TEST(OwnNode, IsTheOneOfThatName) {
  EXPECT_FALSE(own_node_problem(*cluster_of(node("node-1", "node-1")), "node-1"));
}

TEST(OwnNode, IsNamedWhereTheHostIsCalledOtherwise) {
  const auto cluster = cluster_of(node("i-0abc", "ip-10-0-0-1"), node("i-0def", "ip-10-0-0-2"));

  const auto problem = own_node_problem(*cluster, "ip-10-0-0-2");

  ASSERT_TRUE(problem);
  EXPECT_NE(problem->remedy.find("--host-name i-0def,"), std::string::npos) << problem->remedy;
}

TEST(OwnNode, IsNotGuessedAt) {
  const auto cluster = cluster_of(node("i-0abc", "twin"), node("i-0def", "twin"));

  EXPECT_EQ(own_node_problem(*cluster, "twin")->remedy.find("i-0"), std::string::npos);
  EXPECT_TRUE(own_node_problem(*cluster, "elsewhere"));
}

}  // namespace
}  // namespace paddock::metadatad
