// SPDX-License-Identifier: Apache-2.0
#include "wireguard/text.hpp"

#include <gtest/gtest.h>

namespace paddock::net::wireguard {
namespace {

const std::string ones = "0101010101010101010101010101010101010101010101010101010101010101";

TEST(WireguardText, TellsWhatGoesBeforeWhatComes) {
  Change change;
  change.private_key.emplace().octets.fill(1);
  change.port = 51820;
  change.gone.emplace_back().octets.fill(0xab);
  Remote& remote = change.remotes.emplace_back();
  remote.key.octets.fill(1);
  remote.endpoint = Endpoint{boost::asio::ip::make_address("2001:db8::7"), 51821};
  remote.keepalive = 25;
  remote.allowed = {Prefix::parse("10.42.7.0/24").value()};

  const std::string gone = "abababababababababababababababababababababababababababababababab";
  const std::string none(64, '0');
  EXPECT_EQ(format_change(change),
            "set=1\nprivate_key=" + ones + "\nlisten_port=51820\npublic_key=" + gone +
                "\nremove=true\npublic_key=" + ones + "\npreshared_key=" + none +
                "\nendpoint=[2001:db8::7]:51821\n"
                "persistent_keepalive_interval=25\nreplace_allowed_ips=true\n"
                "allowed_ip=10.42.7.0/24\n\n");
}

TEST(WireguardText, IsReadWithWhatItDoesNotKnow) {
  const auto said =
      parse_answer("private_key=" + ones + "\nlisten_port=51820\nfwmark=1\npublic_key=" + ones +
                   "\nprotocol_version=1\nendpoint=192.0.2.7:51820\n"
                   "last_handshake_time_sec=1700000000\nlast_handshake_time_nsec=7\n"
                   "rx_bytes=5\npersistent_keepalive_interval=5\n"
                   "allowed_ip=10.42.7.0/24\nallowed_ip=fd42::/64\nerrno=0\n\n");

  ASSERT_TRUE(said);
  EXPECT_EQ(said->private_key.octets.back(), 1);
  EXPECT_EQ(said->port, 51820);
  ASSERT_EQ(said->remotes.size(), 1U);
  const Remote& remote = said->remotes.front();
  EXPECT_EQ(remote.endpoint->to_string(), "192.0.2.7:51820");
  EXPECT_EQ(remote.keepalive, 5);
  EXPECT_EQ(remote.allowed.size(), 2U);
  EXPECT_EQ(std::chrono::system_clock::to_time_t(remote.heard), 1700000000);
}

TEST(WireguardText, ThatIsNoAnswerIsAnErrorWithoutItsKeys) {
  EXPECT_FALSE(parse_answer(""));
  EXPECT_FALSE(parse_answer("listen_port=x\nerrno=0\n\n"));
  EXPECT_FALSE(parse_answer("public_key=" + ones + "\nallowed_ip=10.42.7.0/99\nerrno=0\n\n"));
  const auto wrong = parse_answer("private_key=" + ones + "ff\nerrno=0\n\n");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().text.find(ones), std::string::npos);
  EXPECT_NE(wrong.error().text.find("private_key"), std::string::npos);
}

TEST(WireguardText, OfARefusalIsItsError) {
  const auto refused = parse_answer("errno=-98\n\n");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code.value(), EADDRINUSE);
}

}  // namespace
}  // namespace paddock::net::wireguard
