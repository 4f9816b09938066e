// SPDX-License-Identifier: Apache-2.0
#include "wire/cookie.hpp"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace paddock::dns::wire {
namespace {

TEST(Cookie, SipHashOfItsReferenceVector) {
  CookieSecret key;
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  std::vector<std::uint8_t> input(15);
  std::iota(input.begin(), input.end(), std::uint8_t{0});
  EXPECT_EQ(siphash_2_4(input, key), 0xa129ca6149be45e5u);
}

TEST(Cookie, IsThatOfRfc9018AppendixA1) {
  const CookieSecret secret{0xe5, 0xe9, 0x73, 0xe5, 0xa6, 0xb2, 0xa4, 0x3f,
                            0x48, 0xe7, 0xdc, 0x84, 0x9e, 0x37, 0xbf, 0xcf};
  const std::vector<std::uint8_t> client{0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57};
  const std::array<std::uint8_t, 24> expected{0x24, 0x64, 0xc4, 0xab, 0xcf, 0x10, 0xc9, 0x57,
                                              0x01, 0x00, 0x00, 0x00, 0x5c, 0xf7, 0x9f, 0x11,
                                              0x1f, 0x81, 0x30, 0xc3, 0xee, 0xe2, 0x94, 0x80};
  EXPECT_EQ(
      make_cookie(client, boost::asio::ip::make_address("198.51.100.100"), 1559731985, secret),
      expected);
}

TEST(Cookie, IsOursFromTheClientItWasMadeForWithinTheHour) {
  const CookieSecret secret{1, 2, 3};
  const auto client = boost::asio::ip::make_address("198.51.100.100");
  const std::vector<std::uint8_t> sent(8, 0x42);
  constexpr std::uint32_t now = 5;  // the clock of seconds passes zero in 2106
  const auto cookie = make_cookie(sent, client, now - 3600, secret);

  EXPECT_TRUE(is_own_cookie(cookie, client, now, secret));
  EXPECT_TRUE(is_own_cookie(cookie, client, now - 3900, secret)) << "another server's clock";
  EXPECT_FALSE(is_own_cookie(cookie, client, now + 1, secret));
  EXPECT_FALSE(is_own_cookie(cookie, client, now - 3901, secret));
  EXPECT_FALSE(is_own_cookie(cookie, boost::asio::ip::make_address("198.51.100.1"), now, secret));
  EXPECT_FALSE(is_own_cookie(cookie, client, now, CookieSecret{1, 2, 4}));
  EXPECT_FALSE(is_own_cookie(sent, client, now, secret));
  EXPECT_FALSE(is_own_cookie({}, client, now, secret));
}

}  // namespace
}  // namespace paddock::dns::wire
