// SPDX-License-Identifier: Apache-2.0
#include "paddock/complete.hpp"

#include <gtest/gtest.h>

namespace paddock::cli {
namespace {

using Words = std::vector<std::string>;

TEST(Complete, OffersCommands) { EXPECT_EQ(complete({"po"}), Words{"pods"}); }

TEST(Complete, OffersKindsInTheirPlace) {
  EXPECT_EQ(complete({"get", "s"}), (Words{"services", "subnets"}));
}

TEST(Complete, OffersFlagsOfTheCommand) {
  EXPECT_EQ(complete({"apply", "--d"}), Words{"--dry-run"});
}

TEST(Complete, OffersFormatsAfterTheFlag) {
  EXPECT_EQ(complete({"pods", "-o", "j"}), Words{"json"});
}

TEST(Complete, AsksTheShellForFiles) { EXPECT_EQ(complete({"apply", "-f", "sh"}), Words{":file"}); }

TEST(Complete, OffersRecordTypesAfterAName) {
  EXPECT_EQ(complete({"lookup", "web.shop", "S"}), (Words{"SOA", "SRV"}));
}

TEST(Complete, OffersNoNamesWithoutMetadatad) {
  EXPECT_EQ(complete({"get", "pod", "--socket", "/nonexistent", ""}), Words{});
}

TEST(Complete, OffersNothingForWhatItDoesNotKnow) { EXPECT_EQ(complete({"dance", ""}), Words{}); }

}  // namespace
}  // namespace paddock::cli
