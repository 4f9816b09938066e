// SPDX-License-Identifier: Apache-2.0
#include "dnsd/skydns_folder.hpp"

#include "dnsd/options.hpp"
#include "dnsd/other_names.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

namespace paddock::dnsd {
namespace {

namespace fs = std::filesystem;

using Keys = std::vector<std::string>;

class SkyDnsFolderTest : public ::testing::Test {
 protected:
  SkyDnsFolderTest() { fs::create_directories(folder.path() / "local/skydns"); }

  std::string write(const std::string& name, const std::string& host) const {
    return folder.write("local/skydns/" + name, R"({"host":")" + host + "\"}");
  }
  Keys keys_now() {
    (void)source.refresh(names, problems);
    auto keys = names.keys();
    std::ranges::sort(keys);
    return keys;
  }

  test::TempFolder folder;
  SkyDnsFolder source{folder.path(), "/skydns"};
  dns::SkyDnsNames names{{}};
  std::vector<dns::Problem> problems;
};

TEST_F(SkyDnsFolderTest, FilesAreKeysWithOrWithoutTheirEnd) {
  write("web", "10.0.0.1");
  write("db.json", "10.0.0.2");

  EXPECT_EQ(keys_now(), (Keys{"/skydns/local/skydns/db", "/skydns/local/skydns/web"}));
}

TEST_F(SkyDnsFolderTest, KeyStaysWhenItsFileGetsAnotherEnd) {
  const auto file = write("web.json", "10.0.0.1");
  ASSERT_EQ(keys_now(), Keys{"/skydns/local/skydns/web"});

  fs::rename(file, folder.file("local/skydns/web"));

  EXPECT_EQ(keys_now(), Keys{"/skydns/local/skydns/web"});
}

TEST_F(SkyDnsFolderTest, KeyOfTwoFilesGoesWithTheSecond) {
  const auto first = write("web", "10.0.0.1");
  const auto second = write("web.json", "10.0.0.2");
  ASSERT_EQ(keys_now(), Keys{"/skydns/local/skydns/web"});

  fs::remove(second);
  EXPECT_EQ(keys_now(), Keys{"/skydns/local/skydns/web"});
  fs::remove(first);
  EXPECT_EQ(keys_now(), Keys{});
}

// Whoever is called at night reads there what is in the way.
TEST(OtherNames, LossSaysWhyAsSoonAsItIsKnown) {
  const test::TempFolder folder;
  Options options;
  options.sources = {"skydns:" + folder.file("tree")};
  OtherNames others(options, [] {});

  EXPECT_TRUE(others.refresh());
  ASSERT_EQ(others.losses().size(), 1U);
  EXPECT_EQ(others.losses()[0], "skydns:" + folder.file("tree") + ": nothing is known of it yet: " +
                                    folder.file("tree") + ": No such file or directory");
  fs::create_directory(folder.file("tree"));
  EXPECT_TRUE(others.refresh());
  EXPECT_TRUE(others.losses().empty());
}

}  // namespace
}  // namespace paddock::dnsd
