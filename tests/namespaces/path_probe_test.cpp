// SPDX-License-Identifier: Apache-2.0
//
// Other hosts' kernels asked by ICMP echo, through tunnels and beside them.
#include "support/overlay_hosts.hpp"

#include <paddock/net/path_probe.hpp>

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <optional>

namespace paddock::net {
namespace {

using test::OverlayHost;
using test::Switch;

IpAddress parsed(const std::string& text) { return boost::asio::ip::make_address(text); }

class PathProbes : public testing::Test {
 protected:
  PathProbes() { test::introduce({&one_, &two_}); }

  // How long the answer took; absent: none came.
  std::optional<std::chrono::nanoseconds> answer(const std::string& address, std::uint32_t octets,
                                                 std::chrono::milliseconds patience) {
    const std::uint32_t number = ++number_;
    if (!probe_.ask(parsed(address), number, octets)) {
      return std::nullopt;
    }
    std::optional<std::chrono::nanoseconds> found;
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!found && std::chrono::steady_clock::now() < deadline) {
      pollfd waiting[] = {{probe_.descriptors()[0], POLLIN, 0},
                          {probe_.descriptors()[1], POLLIN, 0}};
      ::poll(waiting, 2, 100);
      probe_.hear([&](std::uint32_t heard, std::chrono::nanoseconds took) {
        if (heard == number) {
          found = took;
        }
      });
    }
    return found;
  }
  // Asks again: what comes before the other host's address is ready is lost.
  bool answers(const std::string& address, std::uint32_t octets) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      if (answer(address, octets, std::chrono::milliseconds(300))) return true;
    }
    return false;
  }
  bool is_silent(const std::string& address, std::uint32_t octets) {
    return !answer(address, octets, std::chrono::milliseconds(300));
  }

  const Switch net_;
  OverlayHost one_{net_, 1};
  OverlayHost two_{net_, 2};
  PathProbe probe_{one_.ns().get()};
  std::uint32_t number_ = 0;
};

TEST_F(PathProbes, AreAnsweredAtTheEndOfTheTunnel) {
  ASSERT_TRUE(answers("10.42.2.0", 68));
  const auto took = answer("10.42.2.0", 68, std::chrono::seconds(20));

  ASSERT_TRUE(took);
  EXPECT_GT(took->count(), 0);
  EXPECT_TRUE(answers("10.42.2.0", 1450));
  EXPECT_TRUE(answers("fd42:0:0:2::", 68));
  EXPECT_TRUE(answers("fd42:0:0:2::", 1430));
  EXPECT_TRUE(answers("192.0.2.2", 1500));
}

TEST_F(PathProbes, TooLargeForTheFirstLinkIsAnError) {
  const auto sent = probe_.ask(parsed("10.42.2.0"), 1, 1451);

  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, boost::system::errc::message_size);
}

// As of a switch that carries less than the hosts believe.
TEST_F(PathProbes, FindAnMtuThatIsSmallerOnTheWay) {
  net_.get().must("ip link set port2 mtu 1400");

  EXPECT_TRUE(answers("10.42.2.0", 68));
  EXPECT_TRUE(is_silent("10.42.2.0", 1450));
  EXPECT_TRUE(answers("10.42.2.0", 1350));
}

TEST_F(PathProbes, OfAHostThatIsGoneAreNotAnswered) {
  two_.ns().must("ip link set eth0 down");

  EXPECT_TRUE(is_silent("10.42.2.0", 68));
}

TEST_F(PathProbes, KnowWhatTheRouteCarries) {
  EXPECT_EQ(probe_.known_mtu(parsed("192.0.2.2")).value(), 1500U);
  one_.ns().must("ip route add 192.0.2.2/32 dev eth0 mtu 1400");

  EXPECT_EQ(probe_.known_mtu(parsed("192.0.2.2")).value(), 1400U);
  EXPECT_EQ(probe_.known_mtu(parsed("192.0.2.3")).value(), 1500U);
  EXPECT_EQ(probe_.known_mtu(parsed("2001:db8::2")).value(), 1500U);
  EXPECT_FALSE(probe_.known_mtu(parsed("203.0.113.1")));
}

}  // namespace
}  // namespace paddock::net
