// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/address_pool.hpp>

#include <gtest/gtest.h>

#include <set>

namespace paddock::net {
namespace {

using namespace std::chrono_literals;
using boost::system::errc::address_in_use;
using boost::system::errc::address_not_available;
using boost::system::errc::no_buffer_space;

const AddressPool::Time start{1000h};

IpAddress ip(const char* text) { return boost::asio::ip::make_address(text); }

PoolSubnet subnet(const char* network) {
  return {.network = *Prefix::parse(network), .gateway = {}, .ranges = {}};
}

AddressPool pool_of(std::vector<PoolSubnet> subnets) {
  return AddressPool({.subnets = std::move(subnets), .exclusions = {}});
}

// The one address taken, or the error's text.
std::string take(AddressPool& pool, AddressPool::Time now = start,
                 std::vector<IpAddress> requested = {}) {
  const auto taken = pool.take(requested, now);
  if (!taken) return taken.error().text;
  return taken->size() == 1 ? taken->front().to_string() : "not one address";
}

TEST(AddressPool, GivesLowestFirstAndNeverNetworkGatewayOrBroadcast) {
  auto pool = pool_of({subnet("10.0.0.0/29")});

  std::vector<std::string> given;
  for (int i = 0; i < 5; ++i) given.push_back(take(pool));

  EXPECT_EQ(given,
            (std::vector<std::string>{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"}));
  EXPECT_EQ(pool.take({}, start).error().code, no_buffer_space);
}

std::string take_within(AddressPool& pool, std::vector<std::string> ranges,
                        AddressPool::Time now = start, std::vector<IpAddress> requested = {}) {
  std::vector<AddressRange> within;
  for (const auto& range : ranges) within.push_back(*AddressRange::parse(range));
  const auto taken = pool.take(requested, now, within);
  return taken ? taken->front().to_string() : taken.error().text;
}

TEST(AddressPool, GivesOnlyAddressesOfTheRangesAskedFor) {
  auto pool = pool_of({subnet("10.0.0.0/24"), subnet("10.1.0.0/24")});

  EXPECT_EQ(take_within(pool, {"10.1.0.0-10.1.0.3", "10.0.0.100"}), "10.0.0.100");
  EXPECT_EQ(take_within(pool, {"10.1.0.0-10.1.0.3", "10.0.0.100"}), "10.1.0.2");
  EXPECT_EQ(take_within(pool, {"10.1.0.0-10.1.0.3", "10.0.0.100"}), "10.1.0.3");
  EXPECT_NE(take_within(pool, {"10.1.0.0-10.1.0.3"}).find("no address is left"), std::string::npos);
  EXPECT_EQ(take(pool), "10.0.0.2");
}

TEST(AddressPool, GivesTheOneFreedLongestAgoOfTheRanges) {
  auto pool = pool_of({subnet("10.0.0.0/24")});
  for (int i = 0; i < 3; ++i) take_within(pool, {"10.0.0.10-10.0.0.12"});
  pool.free(ip("10.0.0.12"), start);
  pool.free(ip("10.0.0.10"), start + 1s);

  EXPECT_NE(take_within(pool, {"10.0.0.10-10.0.0.12"}, start + 29s).find("no address"),
            std::string::npos);
  EXPECT_EQ(take_within(pool, {"10.0.0.10-10.0.0.12"}, start + 40s), "10.0.0.12");
}

TEST(AddressPool, RefusesRangesAndAddressesThatDoNotFit) {
  auto pool = pool_of({subnet("10.0.0.0/24")});

  EXPECT_NE(take_within(pool, {"10.0.0.250-10.0.1.2"}).find("10.0.0.250-10.0.1.2"),
            std::string::npos);
  EXPECT_NE(take_within(pool, {"10.0.0.10-10.0.0.12"}, start, {ip("10.0.0.13")}).find("10.0.0.13"),
            std::string::npos);
  EXPECT_EQ(take_within(pool, {"10.0.0.10-10.0.0.12"}, start, {ip("10.0.0.11")}), "10.0.0.11");
}

TEST(AddressPool, SmallestSubnetHasOneAddress) {
  auto pool = pool_of({subnet("10.0.0.0/30")});

  EXPECT_EQ(take(pool), "10.0.0.2");
  EXPECT_FALSE(pool.take({}, start));
}

TEST(AddressPool, ExhaustionNamesPoolNumbersAndRemedy) {
  auto pool = pool_of({subnet("10.0.0.0/29")});
  for (int i = 0; i < 5; ++i) take(pool);
  pool.free(ip("10.0.0.4"), start);

  const auto text = take(pool);

  EXPECT_EQ(text,
            "pool default (10.0.0.0/29) is used up: 4 of 5 addresses taken, 1 freed less than "
            "30 s ago; remove pods or give this host another subnet");
}

TEST(AddressPool, FreedAddressRestsForTheQuarantine) {
  auto pool = pool_of({subnet("10.0.0.0/30")});
  take(pool);
  pool.free(ip("10.0.0.2"), start);

  EXPECT_FALSE(pool.take({}, start + 29s));
  EXPECT_EQ(take(pool, start + 30s), "10.0.0.2");
}

TEST(AddressPool, NeverUsedComeBeforeFreedAndThenTheLongestFreed) {
  auto pool = pool_of({subnet("10.0.0.0/29")});
  for (int i = 0; i < 3; ++i) take(pool);
  pool.free(ip("10.0.0.4"), start);
  pool.free(ip("10.0.0.2"), start + 1s);

  const auto later = start + 1h;
  EXPECT_EQ(take(pool, later), "10.0.0.5");
  EXPECT_EQ(take(pool, later), "10.0.0.6");
  EXPECT_EQ(take(pool, later), "10.0.0.4");
  EXPECT_EQ(take(pool, later), "10.0.0.2");
  EXPECT_FALSE(pool.take({}, later));
}

TEST(AddressPool, ClockSetBackLocksNothingAway) {
  auto pool = pool_of({subnet("10.0.0.0/30")});
  take(pool);
  pool.free(ip("10.0.0.2"), start + 24h);

  EXPECT_FALSE(pool.take({}, start));
  EXPECT_EQ(take(pool, start + 30s), "10.0.0.2");
}

TEST(AddressPool, RequestedAddressIsGivenEvenOutOfQuarantine) {
  auto pool = pool_of({subnet("10.0.0.0/24")});
  take(pool);
  pool.free(ip("10.0.0.2"), start);

  EXPECT_EQ(take(pool, start, {ip("10.0.0.2")}), "10.0.0.2");
  EXPECT_EQ(take(pool, start, {ip("10.0.0.77")}), "10.0.0.77");
}

TEST(AddressPool, RequestedAddressIsSkippedByTheOthers) {
  auto pool = pool_of({subnet("10.0.0.0/24")});
  take(pool, start, {ip("10.0.0.3")});

  EXPECT_EQ(take(pool), "10.0.0.2");
  EXPECT_EQ(take(pool), "10.0.0.4");
}

struct Refused {
  const char* address;
  boost::system::errc::errc_t code;
};
class RequestedAddress : public testing::TestWithParam<Refused> {};

TEST_P(RequestedAddress, IsRefused) {
  AddressPool pool({.subnets = {subnet("10.0.0.0/24"), subnet("fd00::/64")},
                    .exclusions = {*AddressRange::parse("10.0.0.50-10.0.0.60")}});
  ASSERT_TRUE(pool.restore(ip("10.0.0.9")));

  const auto taken = pool.take(std::vector{ip(GetParam().address)}, start);

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, GetParam().code);
  EXPECT_NE(taken.error().text.find(GetParam().address), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(AddressPool, RequestedAddress,
                         testing::Values(Refused{"10.0.0.0", address_not_available},    // network
                                         Refused{"10.0.0.1", address_not_available},    // gateway
                                         Refused{"10.0.0.255", address_not_available},  // broadcast
                                         Refused{"10.0.0.50", address_not_available},   // excluded
                                         Refused{"10.0.0.60", address_not_available},   // excluded
                                         Refused{"10.0.1.5", address_not_available},    // elsewhere
                                         Refused{"fd00::",
                                                 address_not_available},  // router anycast
                                         Refused{"fd00::1", address_not_available},  // gateway
                                         Refused{"fd01::9", address_not_available},  // elsewhere
                                         Refused{"10.0.0.9", address_in_use}));

TEST(AddressPool, TwoRequestedOfOneFamilyAreRefusedAndNothingIsTaken) {
  auto pool = pool_of({subnet("10.0.0.0/24")});

  EXPECT_FALSE(pool.take(std::vector{ip("10.0.0.5"), ip("10.0.0.6")}, start));
  EXPECT_EQ(pool.usage(start).front().taken, 0U);
}

TEST(AddressPool, DualStackGivesOneOfEachFamily) {
  auto pool = pool_of({subnet("10.0.0.0/24"), subnet("fd00:1::/64")});

  const auto taken = pool.take(std::vector{ip("fd00:1::42")}, start);

  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, (std::vector{ip("10.0.0.2"), ip("fd00:1::42")}));
  EXPECT_EQ(pool.gateway_of(ip("fd00:1::42")), ip("fd00:1::1"));
  EXPECT_EQ(pool.gateway_of(ip("10.0.0.2")), ip("10.0.0.1"));
}

TEST(AddressPool, OneFamilyUsedUpTakesNothingOfTheOther) {
  auto pool = pool_of({subnet("10.0.0.0/24"), subnet("fd00::/126")});
  ASSERT_TRUE(pool.take({}, start));
  ASSERT_TRUE(pool.take({}, start));

  EXPECT_FALSE(pool.take({}, start));

  EXPECT_EQ(pool.usage(start)[0].taken, 2U);
  EXPECT_EQ(pool.usage(start)[1].taken, 2U);
}

TEST(AddressPool, Ipv6HasNoBroadcast) {
  auto pool = pool_of({subnet("fd00::/126")});

  EXPECT_EQ(take(pool), "fd00::2");
  EXPECT_EQ(take(pool), "fd00::3");
  EXPECT_FALSE(pool.take({}, start));
}

TEST(AddressPool, GoesOnInTheNextSubnetOfTheFamily) {
  auto pool = pool_of({subnet("10.0.0.0/30"), subnet("10.9.0.0/30")});

  EXPECT_EQ(take(pool), "10.0.0.2");
  EXPECT_EQ(take(pool), "10.9.0.2");
  EXPECT_EQ(pool.gateway_of(ip("10.9.0.2")), ip("10.9.0.1"));
}

TEST(AddressPool, KeepsToRangesAndOutOfExclusions) {
  AddressPool pool({.subnets = {{.network = *Prefix::parse("10.0.0.0/24"),
                                 .gateway = ip("10.0.0.254"),
                                 .ranges = {*AddressRange::parse("10.0.0.10-10.0.0.13"),
                                            *AddressRange::parse("10.0.0.12-10.0.0.14"),
                                            *AddressRange::parse("10.0.0.254-10.0.0.255")}}},
                    .exclusions = {*AddressRange::parse("10.0.0.11")}});

  std::set<std::string> given;
  while (const auto taken = pool.take({}, start)) given.insert(taken->front().to_string());

  EXPECT_EQ(given, (std::set<std::string>{"10.0.0.10", "10.0.0.12", "10.0.0.13", "10.0.0.14"}));
}

TEST(AddressPool, EveryAddressOfALargePoolIsGivenOnce) {
  auto pool = pool_of({subnet("10.0.0.0/18")});

  std::set<IpAddress> given;
  while (const auto taken = pool.take({}, start)) given.insert(taken->front());

  EXPECT_EQ(given.size(), 16384U - 3);
  EXPECT_EQ(pool.usage(start).front().taken, given.size());
  EXPECT_EQ(pool.usage(start).front().size, given.size());
}

TEST(AddressPool, GoesOnBehindWhatWasRestoredInAnyOrder) {
  auto pool = pool_of({subnet("10.0.0.0/29")});
  for (const auto* address : {"10.0.0.4", "10.0.0.3", "10.0.0.2"})
    ASSERT_TRUE(pool.restore(ip(address)));

  EXPECT_EQ(take(pool), "10.0.0.5");

  for (const auto* address : {"10.0.0.2", "10.0.0.3"}) pool.free(ip(address), start);
  EXPECT_EQ(take(pool), "10.0.0.6");
  pool.close(*Prefix::parse("10.0.0.0/29"));
  EXPECT_EQ(pool.take({}, start).error().code, no_buffer_space);
}

TEST(AddressPool, RestoredStateIsKept) {
  auto pool = pool_of({subnet("10.0.0.0/29")});
  EXPECT_TRUE(pool.restore(ip("10.0.0.2")));
  EXPECT_FALSE(pool.restore(ip("10.0.0.2")));
  EXPECT_FALSE(pool.restore(ip("192.168.0.1")));
  pool.restore_freed(ip("10.0.0.4"), start - 10s);
  pool.restore_freed(ip("10.0.0.3"), start - 20s);
  pool.restore_freed(ip("10.0.0.2"), start);  // taken since: the record counts

  EXPECT_EQ(take(pool), "10.0.0.5");
  EXPECT_EQ(take(pool), "10.0.0.6");
  EXPECT_FALSE(pool.take({}, start));
  EXPECT_EQ(take(pool, start + 10s), "10.0.0.3");
  EXPECT_EQ(pool.usage(start + 10s).front().resting, 1U);
  EXPECT_EQ(take(pool, start + 20s), "10.0.0.4");
}

TEST(AddressPool, ClockThatIsSetBackKeepsNoFreedAddressFromRestingWithTheOthers) {
  auto pool = pool_of({subnet("10.0.0.0/29")});
  for (int i = 0; i < 5; ++i) take(pool);
  for (const auto* address : {"10.0.0.2", "10.0.0.3", "10.0.0.4"})
    pool.free(ip(address), start + 1h);

  EXPECT_FALSE(pool.take({}, start)) << "an hour before they were freed";

  EXPECT_EQ(take_within(pool, {"10.0.0.4"}, start + 30s), "10.0.0.4");
  EXPECT_EQ(take(pool, start + 30s), "10.0.0.2");
  EXPECT_EQ(take(pool, start + 30s), "10.0.0.3");
}

TEST(AddressPool, ThatIsUsedUpCountsWhatItsOpenSubnetsHave) {
  auto pool = pool_of({subnet("10.0.0.0/29"), subnet("10.1.0.0/30")});
  for (int i = 0; i < 6; ++i) take(pool);
  pool.close(*Prefix::parse("10.0.0.0/29"));

  const auto text = take(pool);

  EXPECT_NE(text.find("(10.1.0.0/30) is used up: 1 of 1"), std::string::npos) << text;
  pool.close(*Prefix::parse("10.1.0.0/30"));
  EXPECT_NE(take(pool).find("no open subnet"), std::string::npos);
}

TEST(AddressPool, FreeingTwiceOrUnknownChangesNothing) {
  auto pool = pool_of({subnet("10.0.0.0/30")});
  take(pool);
  pool.free(ip("10.0.0.2"), start);
  pool.free(ip("10.0.0.2"), start + 1h);
  pool.free(ip("10.0.0.1"), start);
  pool.free(ip("172.16.0.1"), start);

  EXPECT_EQ(take(pool, start + 30s), "10.0.0.2");
  EXPECT_FALSE(pool.take({}, start + 2h));
}

TEST(AddressPool, AddressOutsideOfNewRangesIsHeldButNeverGivenAgain) {
  AddressPool pool({.subnets = {{.network = *Prefix::parse("10.0.0.0/24"),
                                 .gateway = {},
                                 .ranges = {*AddressRange::parse("10.0.0.10")}}},
                    .exclusions = {}});
  ASSERT_TRUE(pool.restore(ip("10.0.0.99")));
  pool.free(ip("10.0.0.99"), start);

  EXPECT_EQ(take(pool, start + 1h), "10.0.0.10");
  EXPECT_FALSE(pool.take({}, start + 1h));
}

TEST(AddressPool, WithoutSubnetsGivesNothingUntilOneComes) {
  AddressPool pool({.subnets = {}, .exclusions = {}});
  const auto refused = pool.take({}, start);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, boost::system::errc::no_buffer_space);

  ASSERT_TRUE(pool.add(subnet("fd00::/64")));
  ASSERT_TRUE(pool.add(subnet("10.0.0.0/30")));
  const auto taken = pool.take({}, start);
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, (std::vector{ip("10.0.0.2"), ip("fd00::2")}));
}

TEST(AddressPool, GoesOnInASubnetThatCameLater) {
  AddressPool pool({.subnets = {subnet("10.0.0.0/30")}, .exclusions = {}});
  ASSERT_TRUE(pool.take({}, start));
  ASSERT_TRUE(pool.add(subnet("10.0.9.0/30")));
  EXPECT_EQ(pool.take({}, start).value().front(), ip("10.0.9.2"));
  EXPECT_FALSE(pool.add(subnet("10.0.9.0/24")));  // overlaps
}

TEST(AddressPool, GivesNothingMoreOfAClosedSubnet) {
  AddressPool pool({.subnets = {subnet("10.0.0.0/29"), subnet("10.0.9.0/29")},
                    .exclusions = {},
                    .quarantine = 0s});
  const auto first = pool.take({}, start).value();
  ASSERT_EQ(first.front(), ip("10.0.0.2"));
  pool.close(*Prefix::parse("10.0.0.0/29"));

  EXPECT_EQ(pool.take({}, start).value().front(), ip("10.0.9.2"));
  EXPECT_EQ(pool.network_of(first.front()), Prefix::parse("10.0.0.0/29"));  // the pod's still
  pool.free(first.front(), start);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(pool.take({}, start));
  EXPECT_FALSE(pool.take({}, start));
}

TEST(AddressPool, GivesOfASubnetThatWasClosedWhenItIsAddedAgain) {
  AddressPool pool({.subnets = {subnet("10.0.0.0/29")}, .exclusions = {}, .quarantine = 30s});
  const auto stays = pool.take({}, start).value().front();
  const auto goes = pool.take({}, start).value().front();
  pool.close(*Prefix::parse("10.0.0.0/29"));
  pool.free(goes, start);
  ASSERT_FALSE(pool.take({}, start));

  ASSERT_TRUE(pool.add(subnet("10.0.0.0/29")));

  std::vector<IpAddress> given;
  while (const auto taken = pool.take({}, start + 1s)) given.push_back(taken->front());
  EXPECT_EQ(given, (std::vector{ip("10.0.0.4"), ip("10.0.0.5"), ip("10.0.0.6")}));
  EXPECT_EQ(pool.take({}, start + 31s).value().front(), goes);  // has rested now
  EXPECT_EQ(pool.usage(start + 31s).front().taken, 5U);
  pool.free(stays, start);
  EXPECT_TRUE(pool.take({}, start + 31s));
}

TEST(AddressPool, AnAddressFreedInAClosedSubnetRests) {
  AddressPool pool({.subnets = {subnet("10.0.0.0/29")}, .exclusions = {}, .quarantine = 30s});
  const auto pod = pool.take({}, start).value().front();
  pool.close(*Prefix::parse("10.0.0.0/29"));

  pool.free(pod, start);

  EXPECT_EQ(pool.usage(start + 1s).front().resting, 1U);
  EXPECT_EQ(pool.usage(start + 31s).front().resting, 0U);
}

class WrongSubnets : public testing::TestWithParam<std::vector<PoolSubnet>> {};

TEST_P(WrongSubnets, AreRefused) {
  EXPECT_THROW(AddressPool({.subnets = GetParam(), .exclusions = {}}), std::invalid_argument);
}

INSTANTIATE_TEST_SUITE_P(
    AddressPool, WrongSubnets,
    testing::Values(std::vector{subnet("10.0.0.5/24")}, std::vector{subnet("10.0.0.0/31")},
                    std::vector{subnet("10.0.0.0/32")}, std::vector{subnet("fd00::/127")},
                    std::vector{subnet("10.0.0.0/16"), subnet("10.0.7.0/24")},
                    std::vector{PoolSubnet{*Prefix::parse("10.0.0.0/24"), ip("10.0.1.1"), {}}},
                    std::vector{PoolSubnet{
                        *Prefix::parse("10.0.0.0/24"), {}, {*AddressRange::parse("10.0.1.1")}}},
                    std::vector{PoolSubnet{
                        *Prefix::parse("10.0.0.0/24"), {}, {*AddressRange::parse("10.0.0.1")}}}));

TEST(AddressRange, ParsesWhatIsARangeOnly) {
  EXPECT_TRUE(AddressRange::parse("10.0.0.1"));
  EXPECT_TRUE(AddressRange::parse("fd00::1-fd00::9"));
  EXPECT_FALSE(AddressRange::parse("10.0.0.9-10.0.0.1"));
  EXPECT_FALSE(AddressRange::parse("10.0.0.9-fd00::1"));
  EXPECT_FALSE(AddressRange::parse("10.0.0.0/24"));
  EXPECT_FALSE(AddressRange::parse(""));
}

}  // namespace
}  // namespace paddock::net
