// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/net/plugin_server.hpp>

#include <gtest/gtest.h>

#include <filesystem>

namespace paddock::net {
namespace {

namespace fs = std::filesystem;

class Spool : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) const {
    folder_.write(name, bytes);
  }

  // A call as the plugin writes it: two lengths of four bytes, most significant first.
  static std::string call(const std::string& container) {
    const std::string environment = "CNI_COMMAND=DEL" + std::string(1, '\0') +
                                    "CNI_CONTAINERID=" + container + std::string(1, '\0');
    const std::string input = R"({"name":"net"})";
    const std::string lengths{0, 0, 0, static_cast<char>(environment.size()),
                              0, 0, 0, static_cast<char>(input.size())};
    return "PADDOCK1" + lengths + environment + input;
  }

  std::vector<std::string> replay(int status = 0) {
    return replay_spool(folder_.path(), [&](const PluginCall& done) {
      seen_.push_back(done.environment.at("CNI_CONTAINERID"));
      EXPECT_EQ(done.input, R"({"name":"net"})");
      return PluginAnswer{status, "because"};
    });
  }

  test::TempFolder folder_;
  std::vector<std::string> seen_;
};

TEST_F(Spool, CallsAreAnsweredOldestFirstAndRemoved) {
  write("00000000000000000002-9.del", call("second"));
  write("00000000000000000001-9.del", call("first"));

  EXPECT_TRUE(replay().empty());

  EXPECT_EQ(seen_, (std::vector<std::string>{"first", "second"}));
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Spool, UnfinishedFilesAreLeftAlone) {
  write("1.del.new", call("half").substr(0, 20));

  EXPECT_TRUE(replay().empty());

  EXPECT_TRUE(seen_.empty());
  EXPECT_TRUE(fs::exists(folder_.path() / "1.del.new"));
}

TEST_F(Spool, WhatIsNoCallIsRemovedAndReported) {
  write("1.del", "");
  write("2.del", "PADDOCK1");
  write("3.del", call("x") + "more");
  write("4.del", call("good"));

  EXPECT_EQ(replay().size(), 3U);

  EXPECT_EQ(seen_, std::vector<std::string>{"good"});
  EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(Spool, AFailedCallIsKept) {
  write("1.del", call("stuck"));

  const auto problems = replay(1);

  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems.front().find("because"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder_.path() / "1.del"));
}

TEST_F(Spool, NoDirectoryIsAnEmptyOne) {
  fs::remove_all(folder_.path());

  EXPECT_TRUE(replay().empty());
}

}  // namespace
}  // namespace paddock::net
