// SPDX-License-Identifier: Apache-2.0
#include "netd/wireguard_keys.hpp"

#include "netd/whole_file.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <stdexcept>

namespace paddock::netd {
namespace {

TEST(WireguardKeys, AreMadeOnceForRootAlone) {
  const test::TempFolder folder;
  const auto made = load_wireguard_keys(folder.file("wireguard.key"));

  const auto again = load_wireguard_keys(folder.file("wireguard.key"));
  struct stat found {};
  ::stat(folder.file("wireguard.key").c_str(), &found);

  EXPECT_TRUE(made.private_key.is_set());
  EXPECT_EQ(again.private_key, made.private_key);
  EXPECT_EQ(again.public_key, made.public_key);
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
}

// Both of RFC 7748, section 6.1.
TEST(WireguardKeys, AreAPair) {
  const test::TempFolder folder;
  const auto file = folder.write("wireguard.key", "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=\n");

  EXPECT_EQ(load_wireguard_keys(file).public_key.to_string(),
            "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo=");
}

TEST(WireguardKeys, ThatAreNoneAreNotWrittenOver) {
  const test::TempFolder folder;
  const auto file = folder.write("wireguard.key", "half a k");

  EXPECT_THROW((void)load_wireguard_keys(file), std::runtime_error);
  EXPECT_THROW((void)load_wireguard_keys(file), std::runtime_error);
}

TEST(WireguardKeys, ThatCannotBeReadAreNotWrittenOver) {
  const test::TempFolder folder;
  const auto file = folder.write("wireguard.key", "");

  EXPECT_THROW((void)load_wireguard_keys(file), std::runtime_error);
  EXPECT_TRUE(read_whole(file).empty());
}

}  // namespace
}  // namespace paddock::netd
