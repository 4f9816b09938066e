// SPDX-License-Identifier: Apache-2.0
//
// The tables of a Cluster against std::map, over random sequences of changes.
#include <paddock/metadata/cluster.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>

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

}  // namespace
}  // namespace paddock::metadata
