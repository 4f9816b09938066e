// SPDX-License-Identifier: Apache-2.0
#include "wireguard/device.hpp"

#include <gtest/gtest.h>

namespace paddock::net::wireguard {
namespace {

Endpoint endpoint(const char* address) { return {boost::asio::ip::make_address(address), 51820}; }

Remote remote(std::uint8_t number) {
  Remote made;
  made.key.octets.fill(number);
  made.endpoint = endpoint("192.0.2.7");
  made.allowed = {Prefix::parse("10.42.7.0/24").value(), Prefix::parse("10.42.8.0/24").value()};
  return made;
}

TEST(WireguardKey, IsReadAsItIsWritten) {
  const std::string text = "kZr1+SHeIvJpKBVZbxgyBLXEzy0fN9bIDoLtoVuvIV8=";
  const auto key = WireguardKey::parse(text);

  ASSERT_TRUE(key);
  EXPECT_EQ(key->octets.front(), 0x91);
  EXPECT_EQ(key->to_string(), text);
  EXPECT_FALSE(WireguardKey{}.is_set());
}

TEST(WireguardKey, OfAnotherLengthOrSpellingIsNone) {
  EXPECT_FALSE(WireguardKey::parse(""));
  EXPECT_FALSE(WireguardKey::parse("x"));
  EXPECT_FALSE(WireguardKey::parse("kZr1+SHeIvJpKBVZbxgyBLXEzy0fN9bIDoLtoVuvIV9="));
  EXPECT_FALSE(WireguardKey::parse("kZr1+SHeIvJpKBVZbxgyBLXEzy0fN9bIDoLtoVuvIV8"));
  EXPECT_FALSE(WireguardKey::parse("kZr1-SHeIvJpKBVZbxgyBLXEzy0fN9bIDoLtoVuvIV8="));
}

TEST(WireguardDevice, ThatSaysWhatIsWantedIsLeftAlone) {
  const Configuration wanted{remote(9).key, 51820, {remote(1), remote(2)}};
  Configuration actual{remote(9).key, 51820, {remote(2), remote(1)}};
  std::swap(actual.remotes[0].allowed[0], actual.remotes[0].allowed[1]);

  EXPECT_TRUE(difference(wanted, actual, false).empty());
}

TEST(WireguardDevice, IsToldOfWhatDiffersOnly) {
  const Configuration wanted{remote(9).key, 51820, {remote(1), remote(2)}};
  Configuration actual{{}, 0, {remote(1), remote(3)}};
  actual.remotes[0].allowed.pop_back();

  const auto change = difference(wanted, actual, false);

  EXPECT_EQ(change.private_key, remote(9).key);
  EXPECT_EQ(change.port, 51820);
  ASSERT_EQ(change.remotes.size(), 2U);
  ASSERT_EQ(change.gone.size(), 1U);
  EXPECT_EQ(change.gone.front(), remote(3).key);
  EXPECT_EQ(change.sentences().size(), 5U);
  for (const auto& sentence : change.sentences())
    EXPECT_EQ(sentence.find(remote(9).key.to_string()), std::string::npos) << "a private key";
}

TEST(WireguardDevice, KeepsTheAddressAtWhichItFoundAHost) {
  const Configuration wanted{{}, 51820, {remote(1)}};
  Configuration actual{{}, 51820, {remote(1)}};
  actual.remotes[0].endpoint = endpoint("203.0.113.9");

  EXPECT_TRUE(difference(wanted, actual, true).empty());
  EXPECT_EQ(difference(wanted, actual, false).remotes.size(), 1U);
  actual.remotes[0].endpoint.reset();
  EXPECT_EQ(difference(wanted, actual, true).remotes.size(), 1U);
}

}  // namespace
}  // namespace paddock::net::wireguard
