// SPDX-License-Identifier: Apache-2.0
#include "netd/whole_file.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace paddock::netd {
namespace {

TEST(KeptFile, ThatCannotBeWrittenIsTriedAgainAndComplainedOfOnce) {
  const test::TempFolder folder;
  const auto in_the_way = folder.write("run", "");
  const auto path = folder.file("run/reach");
  KeptFile file;

  const auto first = file.put(path, "reached 10.42.1.0/24\n");
  const auto second = file.put(path, "reached 10.42.1.0/24\n");
  std::filesystem::remove(in_the_way);
  const auto third = file.put(path, "reached 10.42.1.0/24\n");

  ASSERT_TRUE(first);
  EXPECT_NE(first->find(in_the_way), std::string::npos) << *first;
  EXPECT_FALSE(second || third);
  EXPECT_EQ(read_whole(path), "reached 10.42.1.0/24\n");
}

TEST(KeptFile, IsLeftAloneWhileItsTextStays) {
  const test::TempFolder folder;
  const auto path = folder.file("reach");
  KeptFile file;
  EXPECT_FALSE(file.put(path, "one\n"));
  folder.write("reach", "of others\n");

  EXPECT_FALSE(file.put(path, "one\n"));
  EXPECT_EQ(read_whole(path), "of others\n");
  EXPECT_FALSE(file.put(path, "two\n"));

  EXPECT_EQ(read_whole(path), "two\n");
}

}  // namespace
}  // namespace paddock::netd
