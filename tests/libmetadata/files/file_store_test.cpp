// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/metadata/store.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace paddock::metadata {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr const char* shop = R"(kind: Service
namespace: shop
name: web
selector: {app: web}
---
kind: Pod
namespace: shop
name: web-1
labels: {app: web}
addresses: [10.42.0.2]
)";

class FileStoreTest : public ::testing::Test {
 protected:
  void open(std::vector<std::string> names) {
    store_.reset();
    FileStoreOptions options;
    options.directory = directory_;
    for (const auto& name : names) options.paths.emplace_back(folder_.file(name));
    store_ = open_file_store(std::move(options));
  }
  // The snapshot after the present one; null when none comes.
  [[nodiscard]] std::shared_ptr<const Cluster> next() const {
    return store_->wait(seen_, Clock::now() + seconds(60));
  }
  void see() { seen_ = store_->cluster() ? store_->cluster()->revision() : 0; }
  [[nodiscard]] std::string problems() const {
    std::string all;
    for (const Problem& problem : store_->health().problems) {
      std::string text = format(problem);
      for (auto at = text.find(folder_.file("")); at != std::string::npos;
           at = text.find(folder_.file(""))) {
        text.erase(at, folder_.file("").size());
      }
      all += text + "\n";
    }
    return all;
  }
  [[nodiscard]] bool has(std::string_view key) const {
    return store_->cluster() && store_->cluster()->find(*parse_key(key));
  }

  test::TempFolder folder_;
  std::filesystem::path directory_;  // empty: no snapshot
  std::unique_ptr<Store> store_;
  std::uint64_t seen_ = 0;
};

TEST_F(FileStoreTest, ReadsAFileWithWhatFollowsFromIt) {
  folder_.write("shop.yaml", shop);

  open({"shop.yaml"});

  EXPECT_EQ(store_->source(), "file:" + folder_.file("shop.yaml"));
  EXPECT_FALSE(store_->is_writable());
  EXPECT_TRUE(has("pods/shop/web-1"));
  const auto endpoints = store_->cluster()->find<Endpoints>("shop", "web");
  ASSERT_TRUE(endpoints);
  EXPECT_TRUE(endpoints->derived);
  EXPECT_EQ(endpoints->endpoints.size(), 1U);
  EXPECT_EQ(problems(), "");
}

TEST_F(FileStoreTest, ChangesAreReadAtOnceAndTouchOnlyWhatDiffers) {
  folder_.write("shop.yaml", shop);
  open({"shop.yaml"});
  const auto before = store_->cluster();
  see();

  folder_.write("shop.yaml", std::string(shop) + "---\nkind: Host\nname: one\n");
  const auto after = next();

  ASSERT_TRUE(after);
  EXPECT_TRUE(after->find<Host>("one"));
  EXPECT_EQ(after->find<Pod>("shop", "web-1"), before->find<Pod>("shop", "web-1"));
  const auto changes = store_->changes_since(before->revision());
  ASSERT_TRUE(changes);
  EXPECT_EQ(changes->size(), 1U);
}

TEST_F(FileStoreTest, AFolderIsAllItsFiles) {
  std::filesystem::create_directory(folder_.file("d"));
  folder_.write("d/a.yaml", shop);
  folder_.write("d/notes.txt", "nothing");
  open({"d"});
  see();

  folder_.write("d/b.json", R"({"kind":"Host","name":"one"})");
  ASSERT_TRUE(next());
  EXPECT_TRUE(has("hosts/one"));
  see();
  std::filesystem::remove(folder_.file("d/a.yaml"));
  ASSERT_TRUE(next());

  EXPECT_FALSE(has("services/shop/web"));
  EXPECT_FALSE(has("endpoints/shop/web"));
  EXPECT_TRUE(has("hosts/one"));
}

TEST_F(FileStoreTest, AnEmptyFolderIsAnEmptyCluster) {
  std::filesystem::create_directory(folder_.file("d"));

  open({"d"});

  ASSERT_TRUE(store_->cluster());
  EXPECT_EQ(store_->cluster()->size(), 0U);
}

TEST_F(FileStoreTest, NothingIsKnownUntilThereIsAFile) {
  open({"later.yaml"});
  EXPECT_FALSE(store_->cluster());
  EXPECT_EQ(problems(), "later.yaml: No such file or directory; what was read from there stays\n");

  folder_.write("later.yaml", shop);

  EXPECT_TRUE(next());
  EXPECT_EQ(problems(), "");
}

TEST_F(FileStoreTest, ABrokenFileKeepsItsLastGoodState) {
  folder_.write("a.yaml", shop);
  folder_.write("b.yaml", "kind: Host\nname: one\n");
  open({"a.yaml", "b.yaml"});
  see();

  folder_.write("a.yaml", "kind: Host\nname: [two\n");
  folder_.write("b.yaml", "kind: Host\nname: three\n");
  ASSERT_TRUE(next());

  EXPECT_TRUE(has("pods/shop/web-1"));
  EXPECT_TRUE(has("hosts/three"));
  EXPECT_FALSE(has("hosts/one"));
  EXPECT_EQ(problems().find("a.yaml:3: not YAML"), 0U) << problems();
  EXPECT_NE(store_->reload().error().text.find("a.yaml:3: not YAML"), std::string::npos);
}

TEST_F(FileStoreTest, NothingNewIsTakenFromABrokenFile) {
  folder_.write("a.yaml", "kind: Host\nname: one\nzone: a\n---\nkind: Host\nname: two\n");
  folder_.write("b.yaml", "kind: Host\nname: three\n");
  open({"a.yaml", "b.yaml"});
  see();

  folder_.write("a.yaml",
                "kind: Host\nname: one\nzone: b\n---\nkind: Host\nname: new\n---\nname: [\n");
  folder_.write("b.yaml", "kind: Host\nname: four\n");
  ASSERT_TRUE(next());
  ASSERT_FALSE(store_->reload());

  EXPECT_EQ(store_->cluster()->find<Host>("one")->zone, "a");
  EXPECT_TRUE(has("hosts/two"));
  EXPECT_FALSE(has("hosts/new"));
  EXPECT_TRUE(has("hosts/four"));
}

TEST_F(FileStoreTest, AnObjectThatIsWrongNowStaysAsItWas) {
  folder_.write("a.yaml", "kind: Host\nname: one\nzone: a\n---\nkind: Host\nname: two\n");
  open({"a.yaml"});
  see();

  folder_.write("a.yaml", "kind: Host\nname: one\nzones: b\n---\nkind: Host\nname: two\nzone: c\n");
  ASSERT_TRUE(next());

  EXPECT_EQ(store_->cluster()->find<Host>("one")->zone, "a");
  EXPECT_EQ(store_->cluster()->find<Host>("two")->zone, "c");
  EXPECT_EQ(problems(), "a.yaml:3: hosts/one: zones: is no field here; did you mean zone?\n");
}

TEST_F(FileStoreTest, AFileThatIsGoneKeepsWhatItSaid) {
  folder_.write("a.yaml", shop);
  open({"a.yaml"});

  std::filesystem::remove(folder_.file("a.yaml"));

  EXPECT_FALSE(store_->reload());
  EXPECT_TRUE(has("pods/shop/web-1"));
  EXPECT_NE(problems().find("a.yaml: No such file"), std::string::npos);
}

TEST_F(FileStoreTest, AnObjectDefinedTwiceIsToldOf) {
  folder_.write("a.yaml", "kind: Host\nname: one\nzone: a\n");
  folder_.write("b.yaml", "---\nkind: Host\nname: one\nzone: b\n");

  open({"a.yaml", "b.yaml"});

  EXPECT_EQ(store_->cluster()->find<Host>("one")->zone, "a");
  EXPECT_EQ(problems(), "b.yaml:2: hosts/one: is there already, in a.yaml line 1\n");
}

TEST_F(FileStoreTest, FollowsALinkThatIsTurned) {
  // As Kubernetes mounts a ConfigMap: file → ..data/file, and ..data is turned to a new folder.
  std::filesystem::create_directory(folder_.file("v1"));
  std::filesystem::create_directory(folder_.file("v2"));
  folder_.write("v1/c.yaml", "kind: Host\nname: one\n");
  folder_.write("v2/c.yaml", "kind: Host\nname: two\n");
  std::filesystem::create_directory(folder_.file("d"));
  std::filesystem::create_symlink("../v1", folder_.file("d/..data"));
  std::filesystem::create_symlink("..data/c.yaml", folder_.file("d/c.yaml"));
  open({"d"});
  ASSERT_TRUE(has("hosts/one"));
  see();

  std::filesystem::create_symlink("../v2", folder_.file("d/..tmp"));
  std::filesystem::rename(folder_.file("d/..tmp"), folder_.file("d/..data"));

  ASSERT_TRUE(next());
  EXPECT_TRUE(has("hosts/two"));
}

TEST_F(FileStoreTest, AFileThatIsBeingWrittenIsReadWhenItIsWhole) {
  folder_.write("a.yaml", shop);
  folder_.write("b.yaml", "kind: Host\nname: old\n");
  open({"a.yaml", "b.yaml"});
  see();

  {
    std::ofstream writer(folder_.file("a.yaml"));
    writer << "kind: Host\nname: one\n" << std::flush;
    // Written to a moment ago, however long this test takes.
    const auto later = std::filesystem::file_time_type::clock::now() + std::chrono::hours(1);
    std::filesystem::last_write_time(folder_.file("a.yaml"), later);
    folder_.write("b.yaml", "kind: Host\nname: new\n");
    ASSERT_TRUE(next());
    EXPECT_TRUE(has("hosts/new"));
    EXPECT_TRUE(has("pods/shop/web-1")) << "the half of the other was read";
    see();
    writer << "---\nkind: Host\nname: two\n";
  }
  ASSERT_TRUE(next());

  EXPECT_TRUE(has("hosts/one"));
  EXPECT_TRUE(has("hosts/two"));
  EXPECT_FALSE(has("pods/shop/web-1"));
}

TEST_F(FileStoreTest, RefusesWritesAndSaysWhatToDo) {
  folder_.write("a.yaml", shop);
  open({"a.yaml"});
  auto host = std::make_shared<Host>();
  host->name = "one";

  const WriteResult refused = store_->write({.object = host});

  EXPECT_EQ(refused.status, WriteResult::Status::read_only);
  EXPECT_NE(refused.text.find("a.yaml: change the file"), std::string::npos);
}

TEST_F(FileStoreTest, KeepsIdentitiesFromLifeToLife) {
  folder_.write("a.yaml", shop);
  open({"a.yaml"});
  const auto first = store_->cluster();

  open({"a.yaml"});

  EXPECT_EQ(store_->cluster()->store(), first->store());
  EXPECT_GE(store_->cluster()->revision(), first->revision());
  EXPECT_EQ(store_->cluster()->find<Pod>("shop", "web-1")->uid,
            first->find<Pod>("shop", "web-1")->uid);
}

TEST_F(FileStoreTest, AFileThatIsBrokenAtTheStartIsAsItWasInTheLastLife) {
  directory_ = folder_.file("state");
  folder_.write("a.yaml", shop);
  folder_.write("b.yaml", "kind: Host\nname: one\n---\nkind: Host\nname: two\n");
  open({"a.yaml", "b.yaml"});
  const auto first = store_->cluster();
  store_.reset();
  folder_.write("a.yaml", "kind: Host\nname: [two\n");
  folder_.write("b.yaml", "kind: Host\nname: one\n");

  open({"a.yaml", "b.yaml"});
  EXPECT_TRUE(has("endpoints/shop/web"));
  EXPECT_EQ(store_->cluster()->find<Pod>("shop", "web-1")->revision,
            first->find<Pod>("shop", "web-1")->revision);
  EXPECT_NE(store_->cluster()->stale_since(), 0);
  EXPECT_EQ(problems().find("a.yaml:3: not YAML"), 0U) << problems();

  folder_.write("a.yaml", shop);
  ASSERT_TRUE(store_->reload());
  EXPECT_EQ(store_->cluster()->stale_since(), 0);
  EXPECT_TRUE(has("pods/shop/web-1"));
  EXPECT_FALSE(has("hosts/two"));
}

TEST_F(FileStoreTest, WhatIsReadAgainAsItWasInTheLastLifeIsNoChange) {
  directory_ = folder_.file("state");
  folder_.write("a.yaml", shop);
  open({"a.yaml"});
  const auto first = store_->cluster();

  open({"a.yaml"});

  EXPECT_EQ(store_->cluster()->revision(), first->revision());
  EXPECT_EQ(store_->cluster()->stale_since(), 0);
}

TEST_F(FileStoreTest, AnObjectThatIsWrongAtTheStartIsAsItWasInTheLastLife) {
  directory_ = folder_.file("state");
  folder_.write("a.yaml", "kind: Host\nname: one\nzone: a\n---\nkind: Host\nname: two\n");
  open({"a.yaml"});
  store_.reset();
  folder_.write("a.yaml", "kind: Host\nname: one\nzones: b\n");

  open({"a.yaml"});

  EXPECT_EQ(store_->cluster()->find<Host>("one")->zone, "a");
  EXPECT_FALSE(has("hosts/two"));
  EXPECT_EQ(store_->cluster()->stale_since(), 0);
}

TEST_F(FileStoreTest, AnyNumberMayAskToReload) {
  folder_.write("a.yaml", shop);
  open({"a.yaml"});

  for (int i = 0; i < 20; ++i) EXPECT_TRUE(store_->reload());
}

}  // namespace
}  // namespace paddock::metadata
