// SPDX-License-Identifier: Apache-2.0
#include "client/snapshot_file.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <thread>

namespace paddock::metadata::client {
namespace {

std::shared_ptr<const Cluster> cluster_of(int hosts, const std::string& store) {
  Draft draft;
  for (int i = 0; i < hosts; ++i) {
    auto host = std::make_shared<Host>();
    host->name = "node-" + std::to_string(i);
    draft.put(std::move(host));
  }
  return draft.build({.store = store, .revision = 1});
}

TEST(SnapshotFile, HasWhatWasWritten) {
  const test::TempFolder folder;
  const std::string path = folder.path() / "cluster.snapshot";

  ASSERT_TRUE(write_snapshot(path, *cluster_of(3, "one")));

  const auto read = read_snapshot(path);
  ASSERT_TRUE(read) << read.error().text;
  EXPECT_EQ((*read)->store(), "one");
  EXPECT_EQ((*read)->size(), 3U);
}

TEST(SnapshotFile, ThatCannotBeLookedAtIsNotTakenForNone) {
  const test::TempFolder folder;
  const std::string loop = folder.path() / "loop";
  std::filesystem::create_symlink(loop, loop);

  const auto none = read_snapshot(folder.path() / "cluster.snapshot");
  const auto unknown = read_snapshot(loop);

  ASSERT_TRUE(none);
  EXPECT_EQ(*none, nullptr);
  ASSERT_FALSE(unknown);
  EXPECT_NE(unknown.error().text.find(loop), std::string::npos);
}

// As two daemons do while one takes the place of the other.
TEST(SnapshotFile, IsWholeWhoeverElseWritesIt) {
  const test::TempFolder folder;
  const std::string path = folder.path() / "cluster.snapshot";
  const auto write_often = [&](int hosts, const std::string& store) {
    const auto cluster = cluster_of(hosts, store);
    for (int i = 0; i < 50; ++i) {
      const auto written = write_snapshot(path, *cluster);
      EXPECT_TRUE(written) << written.error().text;
      const auto read = read_snapshot(path);
      ASSERT_TRUE(read) << read.error().text;
      EXPECT_EQ((*read)->size(), (*read)->store() == "large" ? 2'000U : 1U);
    }
  };

  std::thread other([&] { write_often(1, "small"); });
  write_often(2'000, "large");
  other.join();

  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
}

TEST(SnapshotFile, TakesThePlaceOfOneThatWasLeftUnfinished) {
  const test::TempFolder folder;
  folder.write("cluster.snapshot.new", std::string(1'000'000, '-'));
  const std::string path = folder.path() / "cluster.snapshot";

  ASSERT_TRUE(write_snapshot(path, *cluster_of(1, "one")));

  EXPECT_TRUE(read_snapshot(path));
}

}  // namespace
}  // namespace paddock::metadata::client
