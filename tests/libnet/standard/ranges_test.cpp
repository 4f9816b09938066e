// SPDX-License-Identifier: Apache-2.0
#include "standard/ranges.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <set>

namespace paddock::net::standard {
namespace {

IpAddress ip(const std::string& text) { return boost::asio::ip::make_address(text); }

std::vector<RangeSet> sets(const std::string& text) {
  auto read = cni::ip_range_sets_of(cni::Json::parse(text), "ranges");
  check_overlaps(read);
  return read;
}

std::string first_and_last(const std::string& subnet) {
  const auto range = cni::ip_range_of({{"subnet", subnet}}, "ipam");
  return range.first.to_string() + "-" + range.last.to_string() + " " + range.gateway.to_string();
}

TEST(Ranges, OfASubnetLeaveOutItsEndsAndItsGateway) {
  EXPECT_EQ(first_and_last("10.1.2.0/24"), "10.1.2.1-10.1.2.254 10.1.2.1");
  EXPECT_EQ(first_and_last("10.1.2.128/30"), "10.1.2.129-10.1.2.130 10.1.2.129");
  EXPECT_EQ(first_and_last("fd01::/126"), "fd01::1-fd01::3 fd01::1");
}

struct Wrong {
  const char* name;
  const char* text;
  const char* says;
};
class WrongRanges : public testing::TestWithParam<Wrong> {};

TEST_P(WrongRanges, AreRefusedByName) {
  try {
    (void)sets(GetParam().text);
    FAIL() << GetParam().text;
  } catch (const cni::Refusal& refusal) {
    EXPECT_EQ(refusal.code, cni::Code::bad_config);
    EXPECT_NE(refusal.msg.find(GetParam().says), std::string::npos) << refusal.msg;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ranges, WrongRanges,
    testing::Values(
        Wrong{"HostBits", R"([[{"subnet":"10.1.2.3/24"}]])", "10.1.2.0/24"},
        Wrong{"TooSmall", R"([[{"subnet":"10.1.2.0/31"}]])", "too small"},
        Wrong{"TooSmallV6", R"([[{"subnet":"fd01::/127"}]])", "too small"},
        Wrong{"NoSubnet", R"([[{"rangeStart":"10.1.2.3"}]])", "subnet is missing"},
        Wrong{"Start", R"([[{"subnet":"10.1.2.0/24","rangeStart":"10.1.3.1"}]])", "rangeStart"},
        Wrong{"End", R"([[{"subnet":"10.1.2.0/24","rangeEnd":"fd01::1"}]])", "rangeEnd"},
        Wrong{"Order",
              R"([[{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.9","rangeEnd":"10.1.2.8"}]])",
              "before rangeStart"},
        Wrong{"Network",
              R"([[{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.0","rangeEnd":"10.1.2.0"}]])",
              "no address to give"},
        Wrong{"Broadcast", R"([[{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.255"}]])",
              "before rangeStart"},
        Wrong{"BroadcastAlone",
              R"([[{"subnet":"10.1.2.0/24","rangeStart":"10.1.2.255","rangeEnd":"10.1.2.255"}]])",
              "no address to give"},
        Wrong{"Empty", R"([[]])", "without a range"},
        Wrong{"Families", R"([[{"subnet":"10.1.2.0/24"},{"subnet":"fd01::/64"}]])", "mixes"},
        Wrong{"OverlapWithin", R"([[{"subnet":"10.1.2.0/24"},{"subnet":"10.1.2.0/25"}]])",
              "overlap"},
        Wrong{"OverlapBetween", R"([[{"subnet":"10.1.0.0/16"}],[{"subnet":"10.1.2.0/24"}]])",
              "overlap"}),
    [](const auto& wrong) { return wrong.param.name; });

TEST(Choose, GoesRoundTheRangesAfterTheLastOne) {
  const auto set = sets(R"([[{"subnet":"10.1.2.0/30"},{"subnet":"10.1.3.0/29"}]])").front();
  std::set<IpAddress> taken;
  std::optional<IpAddress> last;
  std::string order;

  while (const auto choice = choose(set, last, [&](const auto& a) { return taken.contains(a); })) {
    taken.insert(choice->address);
    last = choice->address;
    order += choice->address.to_string() + " ";
  }

  EXPECT_EQ(order, "10.1.2.2 10.1.3.2 10.1.3.3 10.1.3.4 10.1.3.5 10.1.3.6 ");
}

TEST(Choose, BeginsAnewWithoutALastOneAndTakesItAgainWhenItAloneIsFree) {
  const auto set = sets(R"([[{"subnet":"10.1.2.0/29"}]])").front();
  const auto nothing = [](const IpAddress&) { return false; };
  const auto all_but = [](const IpAddress& address) { return address != ip("10.1.2.4"); };

  EXPECT_EQ(choose(set, {}, nothing)->address, ip("10.1.2.2"));
  EXPECT_EQ(choose(set, ip("192.0.2.1"), nothing)->address, ip("10.1.2.2"));
  EXPECT_EQ(choose(set, ip("10.1.2.6"), nothing)->address, ip("10.1.2.2")) << "wraps";
  EXPECT_EQ(choose(set, ip("10.1.2.4"), all_but)->address, ip("10.1.2.4"));
  EXPECT_FALSE(choose(set, {}, [](const IpAddress&) { return true; }));
}

}  // namespace
}  // namespace paddock::net::standard
