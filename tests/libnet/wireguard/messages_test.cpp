// SPDX-License-Identifier: Apache-2.0
//
// What the kernel is told has the layout of what it says, so that the one is read as the other.
#include "wireguard/messages.hpp"

#include <gtest/gtest.h>
#include <linux/genetlink.h>

namespace paddock::net::wireguard {
namespace {

Remote remote(std::uint8_t number, const char* endpoint) {
  Remote made;
  made.key.octets.fill(number);
  made.shared.octets.fill(7);
  made.endpoint = Endpoint{boost::asio::ip::make_address(endpoint), 51820};
  made.keepalive = 25;
  made.allowed = {Prefix::parse("10.42.7.0/24").value(), Prefix::parse("fd42:7::/64").value()};
  return made;
}

Configuration read_back(const netlink::Batch& batch) {
  Configuration said;
  netlink::Bytes bytes(batch.bytes());
  while (const auto message = netlink::next_message(bytes)) {
    add_message(*message, said);
  }
  return said;
}

TEST(WireguardMessages, SayAllOfAHost) {
  Change change;
  change.private_key.emplace().octets.fill(9);
  change.port = 51820;
  change.remotes = {remote(1, "192.0.2.7"), remote(2, "2001:db8::7")};
  netlink::Batch batch;

  put_change(batch, 30, "paddock-wg", change);
  const auto said = read_back(batch);

  EXPECT_EQ(batch.operations().size(), 2U);
  EXPECT_EQ(said.private_key, *change.private_key);
  EXPECT_EQ(said.port, 51820);
  EXPECT_TRUE(difference({*change.private_key, 51820, change.remotes}, said, false).empty());
}

TEST(WireguardMessages, AreSeveralForManyHosts) {
  Change change;
  for (std::uint8_t number = 1; number <= 200; ++number) {
    change.remotes.push_back(remote(number, "192.0.2.7"));
  }
  netlink::Batch batch;

  put_change(batch, 30, "paddock-wg", change);

  EXPECT_GT(batch.operations().size(), 1U);
  EXPECT_EQ(read_back(batch).remotes.size(), 200U);
}

TEST(WireguardMessages, GoOnWithAHostWhoseSubnetsDidNotFit) {
  Change first;
  Change rest;
  first.remotes = {remote(1, "192.0.2.7")};
  rest.remotes = {remote(1, "192.0.2.7")};
  netlink::Batch batch;
  put_change(batch, 30, "paddock-wg", first);
  put_change(batch, 30, "paddock-wg", rest);

  const auto said = read_back(batch);

  ASSERT_EQ(said.remotes.size(), 1U);
  EXPECT_EQ(said.remotes.front().allowed.size(), 4U);
}

TEST(WireguardMessages, FindTheirOwnType) {
  netlink::Batch answer;
  answer.begin(GENL_ID_CTRL, 0, genlmsghdr{CTRL_CMD_NEWFAMILY, 2, 0}, "");
  answer.put_text(CTRL_ATTR_FAMILY_NAME, "wireguard");
  const std::array<std::uint8_t, 2> type{30, 0};
  answer.put(CTRL_ATTR_FAMILY_ID, type);
  netlink::Bytes bytes(answer.bytes());

  EXPECT_EQ(parse_family(*netlink::next_message(bytes)), 30);
}

}  // namespace
}  // namespace paddock::net::wireguard
