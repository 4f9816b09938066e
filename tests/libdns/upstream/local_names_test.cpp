// SPDX-License-Identifier: Apache-2.0
#include "upstream/local_names.hpp"

#include "support/dns_message.hpp"

#include <gtest/gtest.h>

namespace paddock::dns::upstream {
namespace {

std::optional<KnownAnswer> answer_for(std::string_view name) {
  return answer_private_reverse({testing::name(name).wire(), 12, 1, {}});
}

std::optional<KnownAnswer> answer_for_address(const char* text) {
  return answer_private_reverse(
      {reverse_name(boost::asio::ip::make_address(text)).wire(), 12, 1, {}});
}

TEST(PrivateReverse, AnswersForAddressesTheWorldCannotKnow) {
  for (const char* address :
       {"10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.1.1", "127.0.0.1",
        "100.64.0.1", "0.0.0.0", "192.0.2.1", "255.255.255.255", "fd00::1", "fe80::1", "feb0::1",
        "2001:db8::1", "::1", "::"}) {
    const auto answer = answer_for_address(address);
    ASSERT_TRUE(answer.has_value()) << address;
    const auto seen = testing::take_apart(answer->message);
    ASSERT_EQ(seen.authority.size(), 1U);
    EXPECT_EQ(seen.authority[0].type, Type::soa);
  }
  EXPECT_EQ(answer_for_address("10.1.2.3")->rcode, 3);
}

TEST(PrivateReverse, LeavesOtherNamesAlone) {
  for (const char* address :
       {"9.255.255.255", "11.0.0.0", "172.15.0.1", "172.32.0.1", "192.167.1.1", "100.63.0.1",
        "100.128.0.1", "8.8.8.8", "2001:db9::1", "fc00::1", "fec0::1", "::2"}) {
    EXPECT_FALSE(answer_for_address(address)) << address;
  }
  for (const char* name :
       {"10.in-addr.arpa.example.net", "10.example.net", "arpa", "in-addr.arpa", "x.in-addr.arpa",
        "e164.arpa", "172.in-addr.arpa", "10.in-addr.x\\004arpa", "."}) {
    EXPECT_FALSE(answer_for(name)) << name;
  }
}

TEST(MulticastNames, AreNotInTheDnsOfOthers) {
  const auto answer_to = [](std::string_view name) {
    return answer_multicast_name({testing::name(name).wire(), 1, 1, {}});
  };

  ASSERT_TRUE(answer_to("printer.local"));
  EXPECT_EQ(answer_to("printer.local")->rcode, 3);
  EXPECT_EQ(testing::take_apart(answer_to("a.b.local")->message).authority.at(0).owner, "local.");
  EXPECT_EQ(answer_to("local")->rcode, 0);
  for (const char* name : {"local.example", "x\\005local", "notlocal", "."}) {
    EXPECT_FALSE(answer_to(name)) << name;
  }
}

TEST(PrivateReverse, TheZoneItselfExists) {
  const auto answer = answer_for("168.192.in-addr.arpa");

  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->rcode, 0);
  EXPECT_EQ(testing::take_apart(answer->message).authority.at(0).owner, "168.192.in-addr.arpa.");
}

TEST(PrivateReverse, TheZoneTellsItsSoaToWhoAsks) {
  const auto soa = static_cast<std::uint16_t>(Type::soa);
  const auto answer = answer_private_reverse({testing::name("10.in-addr.arpa").wire(), soa, 1, {}});

  ASSERT_TRUE(answer.has_value());
  EXPECT_FALSE(answer->is_negative);
  const auto seen = testing::take_apart(answer->message);
  ASSERT_EQ(seen.answers.size(), 1U);
  EXPECT_EQ(seen.answers[0].owner, "10.in-addr.arpa.");
  EXPECT_TRUE(seen.authority.empty());
}

}  // namespace
}  // namespace paddock::dns::upstream
