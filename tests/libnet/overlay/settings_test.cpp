// SPDX-License-Identifier: Apache-2.0
#include "libnet/overlay/fixtures.hpp"

#include <paddock/net/overlay.hpp>

#include <gtest/gtest.h>

namespace paddock::net {
namespace {

TEST(VtepMac, IsTheSameForOneHostAndNetworkOnly) {
  const MacAddress mac = vtep_mac("host-a", 1, true);

  EXPECT_EQ(mac, vtep_mac("host-a", 1, true));
  EXPECT_NE(mac, vtep_mac("host-b", 1, true));
  EXPECT_NE(mac, vtep_mac("host-a", 2, true));
  EXPECT_NE(mac, vtep_mac("host-a", 1, false));
  EXPECT_EQ(mac.octets[0] & 3U, 2U);
}

TEST(OverlaySettings, AreRefusedWithTheReason) {
  const auto reason = [](auto change) {
    OverlaySettings settings = overlay::test::settings();
    change(settings);
    const auto checked = check(settings);
    return checked ? std::string() : checked.error().text;
  };

  EXPECT_EQ(reason([](OverlaySettings&) {}), "");
  EXPECT_EQ(reason([](auto& settings) { settings.vni = 1U << 24U; }),
            "VNI 16777216 is over 16777215");
  EXPECT_NE(reason([](auto& settings) { settings.vni = 100000; }).find("\"paddock-v6.100000\""),
            std::string::npos);
  EXPECT_NE(reason([](auto& settings) { settings.port = 0; }).find("8472"), std::string::npos);
  EXPECT_NE(reason([](auto& settings) {
              settings.backend = OverlayBackend::wireguard;
            }).find("wg genkey"),
            std::string::npos);
  EXPECT_NE(reason([](auto& settings) { settings.host.clear(); }), "");
  EXPECT_NE(reason([](auto& settings) { settings.underlay_mtu = 50; }), "");
  EXPECT_NE(reason([](auto& settings) {
              settings.addresses = {overlay::test::address("192.0.2.1"),
                                    overlay::test::address("192.0.2.2")};
            }),
            "");
}

TEST(OverlayBackend, IsReadAsItIsWritten) {
  EXPECT_EQ(parse_overlay_backend("host-gw"), OverlayBackend::host_gateway);
  EXPECT_EQ(parse_overlay_backend(to_string(OverlayBackend::vxlan)), OverlayBackend::vxlan);
  EXPECT_EQ(parse_overlay_backend("none"), OverlayBackend::none);
  EXPECT_EQ(parse_overlay_backend("wireguard"), OverlayBackend::wireguard);
  EXPECT_FALSE(parse_overlay_backend("encrypted"));
}

}  // namespace
}  // namespace paddock::net
