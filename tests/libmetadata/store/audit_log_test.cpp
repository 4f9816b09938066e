// SPDX-License-Identifier: Apache-2.0
#include "store/audit_log.hpp"

#include "support/temp_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>

namespace paddock::metadata {
namespace {

std::string line(std::uint64_t revision) {
  return "{\"revision\":" + std::to_string(revision) + ",\"who\":\"test\"}";
}

TEST(AuditLog, KeepsLinesInOrderAcrossReopening) {
  const test::TempFolder directory;
  const AuditLog::Options options{directory.path(), 1U << 20U, 3};
  {
    AuditLog log(options);
    EXPECT_EQ(log.last_revision(), 0U);
    ASSERT_TRUE(log.append(line(1) + "\n" + line(2) + "\n", 2));
  }
  AuditLog log(options);
  EXPECT_EQ(log.last_revision(), 2U);
  ASSERT_TRUE(log.append(line(3) + "\n", 3));
  EXPECT_EQ(log.tail(2), (std::vector{line(2), line(3)}));
  EXPECT_EQ(log.tail(100).size(), 3U);
  EXPECT_TRUE(log.tail(0).empty());
}

TEST(AuditLog, RotatesBySizeAndKeepsSoManyFiles) {
  const test::TempFolder directory;
  AuditLog log({directory.path(), 100, 3});
  for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(log.append(line(i) + "\n", i));

  const auto kept = log.tail(1000);
  EXPECT_LT(kept.size(), 100U);
  EXPECT_GE(kept.size(), 7U) << "two full files and one begun";
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i], line(101 - kept.size() + i));
  EXPECT_TRUE(std::filesystem::exists(directory.path() / "audit.log.2"));
  EXPECT_FALSE(std::filesystem::exists(directory.path() / "audit.log.3"));
  EXPECT_EQ(AuditLog({directory.path(), 100, 3}).last_revision(), 100U);
}

// A process that has no descriptor left makes no new file: what there is stays, and is added to.
TEST(AuditLog, LosesNothingWhileItCannotRotate) {
  const test::TempFolder directory;
  AuditLog log({directory.path(), 100, 3});
  for (std::uint64_t i = 1; i <= 9; ++i) ASSERT_TRUE(log.append(line(i) + "\n", i));
  const auto before = log.tail(1000);
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int next = ::open("/dev/null", O_RDONLY);
  ::close(next);
  const rlimit none{.rlim_cur = static_cast<rlim_t>(next), .rlim_max = usual.rlim_max};

  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::size_t refused = 0;
  for (std::uint64_t i = 10; i <= 19; ++i) refused += log.append(line(i) + "\n", i) ? 0 : 1;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);

  EXPECT_GT(refused, 5U);
  const auto after = log.tail(1000);
  ASSERT_EQ(after.size(), before.size() + 10 - refused);
  EXPECT_EQ(after.front(), before.front());
  EXPECT_TRUE(log.append(line(20) + "\n", 20));
  EXPECT_EQ(log.tail(1).front(), line(20));
}

TEST(AuditLog, CutsATornLineOff) {
  const test::TempFolder directory;
  std::ofstream(directory.path() / "audit.log") << line(1) << "\n"
                                                << "{\"revision\":2,\"wh";

  AuditLog log({directory.path(), 1U << 20U, 2});
  EXPECT_EQ(log.last_revision(), 1U);
  ASSERT_TRUE(log.append(line(2) + "\n", 2));
  EXPECT_EQ(log.tail(9), (std::vector{line(1), line(2)}));
}

TEST(AuditLog, TailReadsBeyondOneBlock) {
  const test::TempFolder directory;
  AuditLog log({directory.path(), 64U << 20U, 2});
  const std::string long_line = "{\"revision\":5,\"x\":\"" + std::string(150'000, 'x') + "\"}";
  ASSERT_TRUE(log.append(line(4) + "\n" + long_line + "\n" + long_line + "\n", 5));

  EXPECT_EQ(log.tail(1), std::vector{long_line});
  EXPECT_EQ(log.tail(3).size(), 3U);
  EXPECT_EQ(log.tail(3).front(), line(4));
}

}  // namespace
}  // namespace paddock::metadata
