// SPDX-License-Identifier: Apache-2.0
#include "netlink/batch.hpp"

#include <gtest/gtest.h>
#include <linux/rtnetlink.h>

namespace paddock::net::netlink {
namespace {

TEST(Batch, HoldsWholeAlignedMessagesInARow) {
  Batch batch;
  batch.begin(RTM_NEWLINK, NLM_F_CREATE, ifinfomsg{}, "first");
  batch.put_text(IFLA_IFNAME, "pk1");
  batch.put_octet(IFLA_LINKMODE, 1);
  batch.begin(RTM_DELLINK, 0, ifinfomsg{}, "second");

  Bytes bytes(batch.bytes());
  const auto first = next_message(bytes);
  const auto second = next_message(bytes);

  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->type, RTM_NEWLINK);
  EXPECT_EQ(first->flags, NLM_F_CREATE | NLM_F_REQUEST);
  EXPECT_EQ(second->type, RTM_DELLINK);
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(batch.operations()[1].what, "second");
  EXPECT_EQ(batch.operations()[1].offset % 4, 0U);
}

TEST(Batch, NestsAttributesAndKeepsTheirLengths) {
  Batch batch;
  batch.begin(RTM_NEWLINK, 0, ifinfomsg{}, "");
  const auto outer = batch.open(IFLA_LINKINFO);
  batch.put_text(IFLA_INFO_KIND, "veth");
  const auto inner = batch.open(IFLA_INFO_DATA);
  batch.put_number(1, 42);
  batch.close(inner);
  batch.close(outer);
  batch.put_number(IFLA_MTU, 1400);

  Bytes bytes(batch.bytes());
  Bytes attributes = next_message(bytes)->payload;
  (void)take_header<ifinfomsg>(attributes);
  const auto nested = next_attribute(attributes);
  const auto mtu = next_attribute(attributes);

  ASSERT_TRUE(nested && mtu);
  EXPECT_EQ(nested->type, IFLA_LINKINFO);
  EXPECT_EQ(mtu->type, IFLA_MTU);
  EXPECT_EQ(read<std::uint32_t>(mtu->payload), 1400U);
  Bytes inside = nested->payload;
  EXPECT_EQ(text(next_attribute(inside)->payload), "veth");
  Bytes data = next_attribute(inside)->payload;
  EXPECT_EQ(read<std::uint32_t>(next_attribute(data)->payload), 42U);
  EXPECT_FALSE(next_attribute(inside));
}

}  // namespace
}  // namespace paddock::net::netlink
