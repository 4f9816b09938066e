// SPDX-License-Identifier: Apache-2.0
#include "standard/former_reservations.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace paddock::net::standard {
namespace {

IpAddress ip(const char* text) { return boost::asio::ip::make_address(text); }

TEST(FormerReservations, AFileOfAnyNetworkReservesItsAddress) {
  const test::TempFolder root;
  for (const char* network : {"one", "two"})
    std::filesystem::create_directory(root.path() / network);
  std::ofstream(root.path() / "two" / "10.42.0.2") << "c1\r\neth0";
  std::ofstream(root.path() / "two" / "fd42::2") << "c1\r\neth0";

  EXPECT_TRUE(is_reserved(ip("10.42.0.2"), root.path()).value());
  EXPECT_TRUE(is_reserved(ip("fd42::2"), root.path()).value());
  EXPECT_FALSE(is_reserved(ip("10.42.0.3"), root.path()).value());
  EXPECT_FALSE(is_reserved(ip("10.42.0.2"), root.path() / "nowhere").value());
}

TEST(FormerReservations, AFileFromBeforeThisBootReservesNothing) {
  const test::TempFolder root;
  std::filesystem::create_directory(root.path() / "one");
  const auto file = root.path() / "one" / "10.42.0.2";
  std::ofstream(file) << "c1\r\neth0";

  std::filesystem::last_write_time(
      file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * 365 * 20));

  EXPECT_FALSE(is_reserved(ip("10.42.0.2"), root.path()).value());
}

TEST(FormerReservations, FoldersThatCannotBeReadReserveNobodyKnowsWhat) {
  const test::TempFolder folder;
  const auto root = folder.path() / "networks";
  std::ofstream(root) << "no folder";

  const auto reserved = is_reserved(ip("10.42.0.2"), root);

  ASSERT_FALSE(reserved);
  EXPECT_NE(reserved.error().text.find(root.string()), std::string::npos);
}

}  // namespace
}  // namespace paddock::net::standard
