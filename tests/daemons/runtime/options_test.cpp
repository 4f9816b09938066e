// SPDX-License-Identifier: Apache-2.0
#include "runtime/options.hpp"

#include <gtest/gtest.h>

namespace paddock::runtime {
namespace {

TEST(Nearest, FindsTheWordMeant) { EXPECT_EQ(nearest("lisen", {"workers", "listen"}), "listen"); }

TEST(Nearest, TakesTwoSwappedLettersForOneMistake) {
  EXPECT_EQ(nearest("pdo", {"node", "pod"}), "pod");
}

TEST(Nearest, SaysNothingWhenNoWordIsNear) {
  EXPECT_EQ(nearest("zebra", {"workers", "listen"}), "");
}

TEST(KeyOf, ReplacesDashes) { EXPECT_EQ(key_of("admin-listen"), "admin_listen"); }

struct Text {
  const char* text;
  bool is_good;
};

class Endpoint : public ::testing::TestWithParam<Text> {};

TEST_P(Endpoint, IsAnAddressAndAPort) {
  EXPECT_EQ(checks::endpoint()(GetParam().text).empty(), GetParam().is_good);
}

INSTANTIATE_TEST_SUITE_P(Table, Endpoint,
                         ::testing::Values(Text{"127.0.0.1:53", true}, Text{"[::1]:0", true},
                                           Text{"::1:53", false}, Text{"127.0.0.1", false},
                                           Text{"[127.0.0.1]:53", false},
                                           Text{"localhost:53", false},
                                           Text{"127.0.0.1:65536", false},
                                           Text{"127.0.0.1:", false}, Text{"none", false}));

TEST(Checks, SubnetTakesBothFamilies) {
  EXPECT_EQ(checks::subnet()("10.42.0.0/16"), "");
  EXPECT_EQ(checks::subnet()("fd00::/64"), "");
  EXPECT_NE(checks::subnet()("10.42.0.0"), "");
}

TEST(Checks, OneOfNamesWhatIsAllowed) {
  EXPECT_EQ(checks::one_of({"info", "debug"})("inf"), "allowed: info, debug; did you mean info?");
}

TEST(OptionTable, IntegerRefusesWhatItsTypeCannotHold) {
  std::uint16_t port = 53;
  OptionTable table("kennel", "Keeps dogs.");
  table.integer({.name = "port", .value = "N", .help = "Which."}, port);

  EXPECT_EQ(table.options().front().set("70000"), "allowed: a whole number from 0 to 65535");
  EXPECT_EQ(port, 53);
}

}  // namespace
}  // namespace paddock::runtime
