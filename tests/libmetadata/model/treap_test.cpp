// SPDX-License-Identifier: Apache-2.0
//
// The tables of a Cluster against std::map, over random sequences of changes.
#include <paddock/metadata/cluster.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

namespace paddock::metadata {
namespace {

using Model = std::map<std::pair<std::string, std::string>, std::shared_ptr<const Service>>;

std::shared_ptr<const Service> service(const std::string& ns, const std::string& name) {
  auto made = std::make_shared<Service>();
  made->ns = Text::shared(ns);
  made->name = name;
  return made;
}

std::string pick(std::mt19937& random, const char* prefix, unsigned choices) {
  return prefix + std::to_string(random() % choices);
}

void expect_same(const Cluster& cluster, const Model& model) {
  ASSERT_EQ(cluster.services().size(), model.size());
  auto expected = model.begin();
  std::size_t n = 0;
  for (auto it = cluster.services().begin(); it != cluster.services().end(); ++it, ++expected) {
    ASSERT_EQ(it.share(), expected->second);
    ASSERT_EQ(&cluster.services()[n++], expected->second.get());
  }
}

void change_at_random(std::mt19937& random, Draft& draft, Model& model) {
  const std::string ns = pick(random, "n", 5);
  const std::string name = pick(random, "s", 60);
  if (random() % 3 == 0) {
    EXPECT_EQ(draft.erase({Kind::service, ns, name}), model.erase({ns, name}) == 1);
  } else {
    const auto fresh = service(ns, name);
    draft.put(fresh);
    model[{ns, name}] = fresh;
  }
}

TEST(Table, HoldsWhatAMapWouldAfterAnyChanges) {
  std::mt19937 random(1);
  Draft draft;
  Model model;
  for (int round = 0; round < 3000; ++round) {
    change_at_random(random, draft, model);
    if (round % 100 == 0) expect_same(*draft.build({}), model);
  }
  expect_same(*draft.build({}), model);
}

TEST(Table, SnapshotsNeverChange) {
  std::mt19937 random(2);
  Draft draft;
  Model model;
  std::vector<std::pair<std::shared_ptr<const Cluster>, Model>> kept;
  for (int round = 0; round < 400; ++round) {
    change_at_random(random, draft, model);
    kept.emplace_back(draft.build({}), model);
  }
  for (const auto& [cluster, expected] : kept) expect_same(*cluster, expected);
}

TEST(Table, RangesHoldOneNamespace) {
  Draft draft;
  for (const char* ns : {"a", "ab", "b"}) {
    for (const char* name : {"x", "y"}) draft.put(service(ns, name));
  }
  const auto cluster = draft.build({});

  std::string names;
  for (const Service& found : cluster->all_in<Service>("a")) {
    names += found.ns.str() + "/" + found.name.str() + " ";
  }
  EXPECT_EQ(names, "a/x a/y ");
  EXPECT_EQ(cluster->all_in<Service>("ab").size(), 2U);
  EXPECT_TRUE(cluster->all_in<Service>("aa").empty());
  EXPECT_EQ(cluster->find<Service>("b", "y")->ns, "b");
  EXPECT_EQ(cluster->find<Service>("b", "z"), nullptr);
}

TEST(Table, NamesThatBeginAlikeAreInTheOrderOfTheirBytes) {
  const std::vector<std::string> names = {
      "a",         "a-name-of-n", "a-name-of-node", "a-name-of-node-1", "a-name-of-node-2",
      "a-name-oz", "ab",          "\x7f",           "\xc3\xa9"};
  Draft draft;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    auto host = std::make_shared<Host>();
    host->name = *name;
    draft.put(host);
    draft.put(service(*name, "s"));
  }
  const auto cluster = draft.build({});

  ASSERT_EQ(cluster->hosts().size(), names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(cluster->hosts()[i].name, names[i]);
    EXPECT_EQ(cluster->services()[i].ns, names[i]);
    EXPECT_NE(cluster->find<Host>(names[i]), nullptr);
    EXPECT_EQ(cluster->all_in<Service>(names[i]).size(), 1U);
  }
}

TEST(Table, PodsAreFoundByAddressesOfBothFamilies) {
  const std::vector<std::string> addresses = {
      "0.0.0.1", "10.42.0.1",     "10.42.0.2",     "255.255.255.255", "::1",       "fd00::1",
      "fd00::2", "fd00:0:0:1::1", "fd00:0:0:2::1", "fe80::1",         "ffff::ffff"};
  Draft draft;
  for (const std::string& address : addresses) {
    auto pod = std::make_shared<Pod>();
    pod->ns = "n";
    pod->name = address;
    pod->addresses = {boost::asio::ip::make_address(address)};
    draft.put(pod);
  }
  const auto cluster = draft.build({});

  for (const std::string& address : addresses) {
    const auto pod = cluster->pod_at(boost::asio::ip::make_address(address));
    ASSERT_NE(pod, nullptr) << address;
    EXPECT_EQ(pod->name, address);
  }
  EXPECT_EQ(cluster->pod_at(boost::asio::ip::make_address("fd00:0:0:3::1")), nullptr);
}

}  // namespace
}  // namespace paddock::metadata
