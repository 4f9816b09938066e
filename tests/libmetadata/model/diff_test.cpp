// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/cluster.hpp>

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace paddock::metadata {
namespace {

ObjectPtr object(Kind kind, const std::string& ns, const std::string& name) {
  const auto fill = [&](auto made) -> ObjectPtr {
    if (has_namespace(kind)) made->ns = ns;
    made->name = name;
    return made;
  };
  switch (kind) {
    case Kind::host:
      return fill(std::make_shared<Host>());
    case Kind::service:
      return fill(std::make_shared<Service>());
    default:
      return fill(std::make_shared<Pod>());
  }
}

void change_at_random(std::mt19937& random, Draft& draft) {
  constexpr Kind kinds[] = {Kind::host, Kind::service, Kind::pod};
  const ObjectPtr fresh = object(kinds[random() % 3], "n" + std::to_string(random() % 3),
                                 "o" + std::to_string(random() % 40));
  if (random() % 3 == 0) {
    draft.erase(fresh->key());
  } else {
    draft.put(fresh);
  }
}

std::map<Key, ObjectPtr> content(const Cluster& cluster) {
  std::map<Key, ObjectPtr> all;
  diff(Cluster(), cluster, [&all](const Difference& added) {
    EXPECT_EQ(added.before, nullptr);
    all.emplace(added.after->key(), added.after);
    return true;
  });
  EXPECT_EQ(all.size(), cluster.size());
  return all;
}

using Changes = std::vector<std::pair<ObjectPtr, ObjectPtr>>;

Changes expected_changes(const Cluster& before, const Cluster& after) {
  std::map<Key, std::pair<ObjectPtr, ObjectPtr>> merged;
  for (const auto& [key, value] : content(before)) merged[key].first = value;
  for (const auto& [key, value] : content(after)) merged[key].second = value;
  Changes changes;
  for (const auto& [key, pair] : merged) {
    if (pair.first != pair.second) changes.push_back(pair);
  }
  return changes;
}

TEST(Diff, FindsExactlyWhatDiffersInOrder) {
  std::mt19937 random(3);
  Draft draft;
  auto before = draft.build({});
  for (int round = 0; round < 300; ++round) {
    for (auto i = random() % 20; i > 0; --i) change_at_random(random, draft);
    const auto after = draft.build({});
    Changes found;
    EXPECT_TRUE(diff(*before, *after, [&found](const Difference& difference) {
      found.emplace_back(difference.before, difference.after);
      return true;
    }));
    ASSERT_EQ(found, expected_changes(*before, *after));
    if (random() % 2 == 0) before = after;
  }
}

TEST(Diff, GoesOnBehindTheKeyWhereItStopped) {
  std::mt19937 random(4);
  Draft draft;
  for (int i = 0; i < 100; ++i) change_at_random(random, draft);
  const auto before = draft.build({});
  for (int i = 0; i < 100; ++i) change_at_random(random, draft);
  const auto after = draft.build({});

  Changes found;
  std::optional<Key> last;
  while (!diff(
      *before, *after,
      [&](const Difference& difference) {
        found.emplace_back(difference.before, difference.after);
        last = difference.either().key();
        return false;
      },
      last)) {
  }
  EXPECT_EQ(found, expected_changes(*before, *after));
  EXPECT_FALSE(found.empty());
}

TEST(Diff, OfClustersMadeApartIsByContentOfTheTables) {
  Draft one;
  Draft two;
  std::vector<ObjectPtr> objects;
  for (int i = 0; i < 50; ++i) objects.push_back(object(Kind::pod, "n", "p" + std::to_string(i)));
  for (const auto& item : objects) one.put(item);
  for (auto item = objects.rbegin(); item != objects.rend(); ++item) two.put(*item);

  const auto differs = [](const Difference&) { return false; };
  EXPECT_TRUE(diff(*one.build({}), *two.build({}), differs)) << "the same objects in other order";
}

}  // namespace
}  // namespace paddock::metadata
