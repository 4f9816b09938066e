// SPDX-License-Identifier: Apache-2.0
#include "overlay/devices.hpp"

#include "libnet/overlay/fixtures.hpp"

#include <gtest/gtest.h>

namespace paddock::net::overlay {
namespace {

using test::prefix;

TEST(OverlayDevice, HoldsTheFirstAddressOfEachSubnetOfItsFamily) {
  const std::vector<Prefix> own = {prefix("10.42.3.0/24"), prefix("10.42.9.0/24"),
                                   prefix("fd42:0:0:3::/64")};

  const auto v4 = plan_device(test::settings(), test::both_families(), own, true);
  const auto v6 = plan_device(test::settings(), test::both_families(), own, false);

  ASSERT_TRUE(v4 && v6);
  EXPECT_EQ(v4->addresses, (std::vector{prefix("10.42.3.0/32"), prefix("10.42.9.0/32")}));
  EXPECT_EQ(v6->addresses, (std::vector{prefix("fd42:0:0:3::/128")}));
  EXPECT_EQ(v4->name, "paddock.1");
  EXPECT_EQ(v6->name, "paddock-v6.1");
  EXPECT_NE(v4->mac, v6->mac);
}

TEST(OverlayDevice, HoldsBothFamiliesWhereThereIsOneUnderlay) {
  const std::vector<Prefix> own = {prefix("10.42.3.0/24"), prefix("fd42:0:0:3::/64")};

  const auto v4 = plan_device(test::settings(), test::v4_only(), own, true);

  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->addresses, (std::vector{prefix("10.42.3.0/32"), prefix("fd42:0:0:3::/128")}));
  EXPECT_FALSE(plan_device(test::settings(), test::v4_only(), own, false));
}

TEST(OverlayDevice, LeavesRoomForTheHeadersOfItsUnderlay) {
  OverlaySettings narrow = test::settings();
  narrow.underlay_mtu = 1400;

  const auto v4 = plan_device(test::settings(), test::both_families(), {}, true);
  const auto v6 = plan_device(test::settings(), test::both_families(), {}, false);
  const auto less = plan_device(narrow, test::both_families(), {}, true);

  ASSERT_TRUE(v4 && v6 && less);
  EXPECT_EQ(v4->mtu, 1450U);
  EXPECT_EQ(v6->mtu, 1430U);
  EXPECT_EQ(less->mtu, 1350U);
  EXPECT_EQ(pod_mtu(test::settings(), test::both_families()), 1430U);
  EXPECT_EQ(pod_mtu(test::settings(), test::v4_only()), 1450U);
}

TEST(OverlayDevice, IsMadeForVxlanOnly) {
  OverlaySettings plain = test::settings();
  plain.backend = OverlayBackend::host_gateway;

  EXPECT_FALSE(plan_device(plain, test::both_families(), {}, true));
  EXPECT_EQ(pod_mtu(plain, test::both_families()), 1500U);
}

}  // namespace
}  // namespace paddock::net::overlay
