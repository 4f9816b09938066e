// SPDX-License-Identifier: Apache-2.0
#include "documents/edition.hpp"

#include "documents/snapshot.hpp"
#include "libmetadata/documents/sample_cluster.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace paddock::metadata::documents {
namespace {

using testing::sample_cluster;
using testing::sample_pod;

std::shared_ptr<const Edition> after(const Edition& before, const ObjectPtr& object) {
  Draft draft(*before.cluster);
  draft.put(object);
  return next_edition(&before, draft.build({"store-1", before.cluster->revision() + 1, 0}), {});
}

bool has(const Edition& edition, Mark mark) {
  return std::ranges::find(edition.changes.marks, mark) != edition.changes.marks.end();
}

TEST(Edition, MarksWhatAChangeConcerns) {
  const auto first = next_edition(nullptr, sample_cluster(), {});
  auto moved = sample_pod("shop", "web-1", "10.42.0.99");

  const auto second = after(*first, moved);

  EXPECT_TRUE(first->changes.is_everything);
  EXPECT_FALSE(second->changes.is_everything);
  EXPECT_TRUE(has(*second, mark_of_object(Kind::pod, "shop", "web-1")));
  EXPECT_TRUE(has(*second, mark_of_name(Kind::pod, "web-1")));
  EXPECT_TRUE(has(*second, mark_of_uid(Kind::pod, "uid-web-1")));
  EXPECT_TRUE(has(*second, mark_of_all_in(Kind::pod, "shop")));
  EXPECT_TRUE(has(*second, mark_of_address(testing::address("10.42.0.2"))));
  EXPECT_TRUE(has(*second, mark_of_address(testing::address("::ffff:10.42.0.99"))));
  EXPECT_TRUE(has(*second, mark_of_everything()));
  EXPECT_FALSE(has(*second, mark_of_namespaces()));
  EXPECT_FALSE(has(*second, mark_of_object(Kind::pod, "shop", "web-2")));
  EXPECT_FALSE(has(*second, mark_of_all(Kind::host)));
}

TEST(Edition, ItsVersionChangesWithWhatIsShown) {
  const auto first = next_edition(nullptr, sample_cluster(), {});
  auto endpoints = std::make_shared<Endpoints>();
  endpoints->ns = "shop";
  endpoints->name = endpoints->service = "web";

  const auto second = after(*first, endpoints);
  const auto third = after(*second, sample_pod("shop", "new", "10.42.0.50"));

  EXPECT_EQ(second->version, first->version);
  EXPECT_NE(third->version, second->version);
  const auto host = static_cast<std::size_t>(Kind::host);
  EXPECT_EQ(third->versions[host], first->versions[host]);
}

TEST(Catalog, FindsByNameInTheFirstNamespaceAndByUid) {
  auto edition = next_edition(nullptr, sample_cluster(), {});
  edition = after(*edition, sample_pod("a", "web-1", "10.42.1.1"));
  auto snapshot = std::make_shared<Snapshot>(edition);

  EXPECT_EQ(snapshot->catalog().named(Kind::pod, "web-1")->ns, "a");
  EXPECT_EQ(snapshot->catalog().with_uid(Kind::pod, "uid-web-1")->ns, "a");
  EXPECT_EQ(snapshot->catalog().with_uid(Kind::host, "uid-node1")->name, "node1");
  EXPECT_EQ(snapshot->catalog().named(Kind::service, "nothing"), nullptr);

  Draft draft(*edition->cluster);
  draft.erase({Kind::pod, "a", "web-1"});
  auto renamed = sample_pod("shop", "web-1", "10.42.0.2");
  renamed->uid = "other";
  draft.put(renamed);
  edition = next_edition(edition.get(), draft.build({"store-1", 9, 0}), {});
  snapshot = std::make_shared<Snapshot>(edition, std::move(snapshot));

  EXPECT_EQ(snapshot->catalog().named(Kind::pod, "web-1")->ns, "shop");
  EXPECT_EQ(snapshot->catalog().with_uid(Kind::pod, "uid-web-1"), nullptr);
  EXPECT_EQ(snapshot->catalog().with_uid(Kind::pod, "other")->name, "web-1");
}

TEST(Catalog, IsOfTheSnapshotHoweverManyChangesNobodyAskedIn) {
  auto edition = next_edition(nullptr, sample_cluster(), {});
  auto snapshot = std::make_shared<Snapshot>(edition);
  const auto old = std::make_shared<Snapshot>(edition);

  for (int i = 0; i < 3000; ++i) {
    const std::string name = "p" + std::to_string(i % 1500);
    edition = after(*edition, sample_pod("shop", name.c_str(), "10.43.0.1"));
    snapshot = std::make_shared<Snapshot>(edition, std::move(snapshot));
  }

  const Object* newest = snapshot->catalog().named(Kind::pod, "p1499");
  ASSERT_NE(newest, nullptr);
  EXPECT_EQ(newest, edition->cluster->find<Pod>("shop", "p1499").get());
  EXPECT_EQ(old->catalog().named(Kind::pod, "p1499"), nullptr);
}

TEST(Snapshot, KeepsWhatItWorkedOutForWhoeverStillHoldsIt) {
  const auto first = next_edition(nullptr, sample_cluster(), {});
  const auto before = std::make_shared<Snapshot>(first);
  const auto web = first->cluster->find<Service>("shop", "web");
  const auto count = before->pods_of(*web).size();
  auto more = sample_pod("shop", "more", "10.42.0.77");
  more->service = "web";

  const Snapshot now(after(*first, more), before);

  EXPECT_EQ(now.pods_of(*web).size(), count + 1);
  EXPECT_EQ(before->pods_of(*web).size(), count);
}

TEST(Reads, ManyObjectsBecomeTheirKind) {
  Reads reads;
  for (int i = 0; i < 1000; ++i) {
    reads.note(Kind::pod, mark_of_object(Kind::pod, "ns", std::to_string(i)));
    reads.note(Kind::host, mark_of_object(Kind::host, "", std::to_string(i)));
  }

  EXPECT_EQ(reads.marks().size(), 2U);
  EXPECT_EQ(reads.marks()[0], mark_of_all(Kind::host));
  EXPECT_EQ(reads.marks()[1], mark_of_all(Kind::pod));
}

}  // namespace
}  // namespace paddock::metadata::documents
