// SPDX-License-Identifier: Apache-2.0
#include "netlink/values.hpp"

#include "netlink/batch.hpp"
#include "netlink/requests.hpp"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

#include <cerrno>
#include <cstring>
#include <vector>

namespace paddock::net::netlink {
namespace {

// The kernel answers in the form in which it is asked, so our own requests serve as its messages.
Message only_message(const Batch& batch) {
  Bytes bytes(batch.bytes());
  return next_message(bytes).value();
}

Route sample_route() {
  Route route;
  route.destination = Prefix::parse("10.42.1.0/24").value();
  route.link = 5;
  route.gateway = boost::asio::ip::make_address("10.42.0.1");
  route.source = boost::asio::ip::make_address("10.42.0.9");
  route.metric = 7;
  route.mtu = 1400;
  route.advmss = 1300;
  route.protocol = 142;
  route.onlink = true;
  return route;
}

TEST(Values, ReadTheTableOfARouteHoweverLargeItsNumber) {
  for (const std::uint32_t table : {100U, 255U, 256U, 100000U}) {
    Route route = sample_route();
    route.table = table;
    Batch batch;
    add_route(batch, route, "eth0", Existing::refuse);

    EXPECT_EQ(parse_route(only_message(batch)).value().table, table);
  }
}

TEST(Values, ReadARouteAsItWasWritten) {
  Batch batch;
  add_route(batch, sample_route(), "eth0", Existing::refuse);

  const auto route = parse_route(only_message(batch));

  ASSERT_TRUE(route);
  EXPECT_EQ(route->destination.to_string(), "10.42.1.0/24");
  EXPECT_EQ(route->link, 5U);
  EXPECT_EQ(route->gateway->to_string(), "10.42.0.1");
  EXPECT_EQ(route->source->to_string(), "10.42.0.9");
  EXPECT_EQ(route->metric, 7U);
  EXPECT_EQ(route->mtu, 1400U);
  EXPECT_EQ(route->advmss, 1300U);
  EXPECT_EQ(route->protocol, 142);
  EXPECT_EQ(route->table, 254U);
  EXPECT_TRUE(route->onlink);
}

// "nexthop via fe80::1 dev 7 nexthop via 192.0.2.9 dev 8", as the kernel tells of it.
void put_hops(Batch& batch) {
  const rtvia via{AF_INET6};
  const auto first = boost::asio::ip::make_address_v6("fe80::1").to_bytes();
  const auto second = boost::asio::ip::make_address("192.0.2.9");
  const auto hops = batch.open(RTA_MULTIPATH);
  const rtnexthop one{sizeof(rtnexthop) + 24, RTNH_F_ONLINK, 0, 7};
  batch.append(&one, sizeof one);
  std::vector<std::uint8_t> other_family(sizeof via);
  std::memcpy(other_family.data(), &via, sizeof via);
  other_family.insert(other_family.end(), first.begin(), first.end());
  batch.put(RTA_VIA, other_family);
  const rtnexthop two{sizeof(rtnexthop) + 8, 0, 0, 8};
  batch.append(&two, sizeof two);
  batch.put_address(RTA_GATEWAY, second);
  batch.close(hops);
}

TEST(Values, ReadTheFirstOfSeveralNextHops) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  header.rtm_type = RTN_UNICAST;
  Batch batch;
  batch.begin(RTM_NEWROUTE, 0, header, "");
  put_hops(batch);

  const auto route = parse_route(only_message(batch));

  ASSERT_TRUE(route);
  EXPECT_EQ(route->link, 7U);
  ASSERT_TRUE(route->gateway);
  EXPECT_EQ(route->gateway->to_string(), "fe80::1");
  EXPECT_TRUE(route->onlink);
}

TEST(Values, TakeNoHopThatIsLongerThanTheList) {
  rtmsg header{};
  header.rtm_family = AF_INET;
  Batch batch;
  batch.begin(RTM_NEWROUTE, 0, header, "");
  const auto hops = batch.open(RTA_MULTIPATH);
  const rtnexthop hop{64, 0, 0, 7};
  batch.append(&hop, sizeof hop);
  batch.close(hops);

  EXPECT_EQ(parse_route(only_message(batch)).value().link, 0U);
}

TEST(Values, ReadAnAddressAndANeighborAsTheyWereWritten) {
  Batch address_batch;
  add_address(address_batch, {3, Prefix::parse("fd00::7/128").value(), 0}, "eth0");
  Batch neighbor_batch;
  add_neighbor(neighbor_batch, 4, boost::asio::ip::make_address("10.42.0.7"),
               MacAddress::parse("02:00:00:00:00:07").value());

  const auto address = parse_address(only_message(address_batch));
  const auto neighbor = parse_neighbor(only_message(neighbor_batch));

  ASSERT_TRUE(address);
  EXPECT_EQ(address->link, 3U);
  EXPECT_EQ(address->prefix.to_string(), "fd00::7/128");
  ASSERT_TRUE(neighbor);
  EXPECT_EQ(neighbor->link, 4U);
  EXPECT_EQ(neighbor->address.to_string(), "10.42.0.7");
  EXPECT_EQ(neighbor->mac->to_string(), "02:00:00:00:00:07");
  EXPECT_TRUE(neighbor->permanent);
}

TEST(Values, ReadALinkAsItWasWritten) {
  Batch batch;
  add_veth(batch, {1234, 1400, "pk1", MacAddress::parse("02:00:00:00:00:01").value(), 1420, 9,
                   "eth0", MacAddress::parse("02:00:00:00:00:02").value()});

  const auto link = parse_link(only_message(batch));

  ASSERT_TRUE(link);
  EXPECT_EQ(link->index, 1234U);
  EXPECT_EQ(link->name, "pk1");
  EXPECT_EQ(link->kind, "veth");
  EXPECT_EQ(link->mtu, 1400U);
  EXPECT_EQ(link->group, 1420U);
  EXPECT_EQ(link->mac->to_string(), "02:00:00:00:00:01");
  EXPECT_FALSE(link->up);
}

TEST(Values, AreNotReadFromMessagesOfAnotherKind) {
  Batch batch;
  add_route(batch, sample_route(), "eth0", Existing::refuse);
  const Message route = only_message(batch);

  EXPECT_FALSE(parse_link(route));
  EXPECT_FALSE(parse_address(route));
  EXPECT_FALSE(parse_neighbor(route));
  EXPECT_FALSE(parse_acknowledgement(route));
}

TEST(Values, SurviveEveryCutAndEveryFlippedBit) {
  Batch batch;
  add_route(batch, sample_route(), "eth0", Existing::refuse);
  const auto whole = batch.bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // A copy of exactly this size, so that a sanitizer sees any step beyond.
    const std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<long>(size));
    Bytes bytes(cut);
    EXPECT_FALSE(next_message(bytes)) << size;
  }
  for (std::size_t i = 0; i < whole.size() * 8; ++i) {
    auto flipped = whole;
    flipped[i / 8] = static_cast<std::uint8_t>(flipped[i / 8] ^ (1U << i % 8));
    Bytes bytes(flipped);
    while (const auto message = next_message(bytes)) {
      (void)parse_route(*message);
    }
  }
}

TEST(Values, RefuseAPrefixLongerThanItsFamily) {
  Batch batch;
  Route route = sample_route();
  route.destination.length = 33;
  add_route(batch, route, "eth0", Existing::refuse);

  EXPECT_FALSE(parse_route(only_message(batch)));
}

TEST(Acknowledgement, CarriesCodeAndExplanation) {
  nlmsgerr error{};
  error.error = -EEXIST;
  error.msg.nlmsg_len = 64;  // of the request, which a capped reply does not repeat
  Batch batch;
  batch.begin(NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS, error, "");
  batch.put_text(NLMSGERR_ATTR_MSG, "it is there");

  const auto refused = parse_acknowledgement(only_message(batch));

  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->code, EEXIST);
  EXPECT_EQ(refused->explanation, "it is there");
}

TEST(Acknowledgement, SkipsARepeatedRequest) {
  nlmsgerr error{};
  error.error = -EINVAL;
  error.msg.nlmsg_len = sizeof(nlmsghdr) + 8;
  Batch batch;
  batch.begin(NLMSG_ERROR, NLM_F_ACK_TLVS, error, "");
  const std::uint64_t repeated = 0x0101010101010101;
  batch.append(&repeated, sizeof repeated);
  batch.put_text(NLMSGERR_ATTR_MSG, "no");

  EXPECT_EQ(parse_acknowledgement(only_message(batch))->explanation, "no");
}

TEST(Acknowledgement, TurnsAnImpossibleCodeIntoAProtocolError) {
  for (const int code : {INT32_MIN, 1, -5000}) {
    nlmsgerr error{};
    error.error = code;
    Batch batch;
    batch.begin(NLMSG_ERROR, NLM_F_CAPPED, error, "");
    EXPECT_EQ(parse_acknowledgement(only_message(batch))->code, EPROTO);
  }
}

}  // namespace
}  // namespace paddock::net::netlink
