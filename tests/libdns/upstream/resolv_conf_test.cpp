// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/dns/upstream.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

Endpoint endpoint(std::string_view text) { return parse_endpoint(text).value(); }

Upstream upstream(std::string_view text) { return parse_upstream(text).value(); }

class ResolvConf : public ::testing::Test {
 protected:
  std::string write(std::string_view text) {
    return folder_.write("resolv.conf", std::string(text));
  }

  test::TempFolder folder_;
};

TEST(ParseEndpoint, ReadsAddressesWithAndWithoutPorts) {
  EXPECT_EQ(format(endpoint("10.0.0.1")), "10.0.0.1:53");
  EXPECT_EQ(format(endpoint("10.0.0.1:5353")), "10.0.0.1:5353");
  EXPECT_EQ(format(endpoint("fd00::1")), "[fd00::1]:53");
  EXPECT_EQ(format(endpoint("[fd00::1]:0")), "[fd00::1]:0");
}

TEST(ParseEndpoint, RefusesWhatIsNone) {
  for (const char* text : {"", "x", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:5x", "[fd00::1",
                           "[fd00::1]53", "10.0.0.256", ":53", "10.0.0.1:-1"}) {
    EXPECT_FALSE(parse_endpoint(text)) << text;
  }
}

TEST_F(ResolvConf, GivesTheNameServersInOrder) {
  const auto path = write(
      "# a comment\nsearch example.net\nnameserver 192.0.2.1\n nameserver\t2001:db8::1 trailing\n"
      "options ndots:5\n;nameserver 192.0.2.9\nnameserver 192.0.2.2");

  const auto report = read_resolv_conf(path).value();

  EXPECT_EQ(report.upstreams,
            (std::vector{upstream("192.0.2.1"), upstream("2001:db8::1"), upstream("192.0.2.2")}));
  EXPECT_TRUE(report.problems.empty());
}

TEST_F(ResolvConf, NamesTheLineThatIsNoAddress) {
  const auto path = write("nameserver 192.0.2.1\nnameserver example\n");

  const auto report = read_resolv_conf(path).value();

  EXPECT_EQ(report.upstreams.size(), 1U);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_NE(report.problems[0].find("resolv.conf:2"), std::string::npos) << report.problems[0];
}

TEST_F(ResolvConf, AMissingFileIsAProblemThatNamesIt) {
  const auto path = folder_.file("absent");

  EXPECT_FALSE(read_resolv_conf(path));
  const auto report = choose_upstreams({.resolv_conf = path}, {});
  EXPECT_TRUE(report.upstreams.empty());
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_NE(report.problems[0].find(path), std::string::npos);
  EXPECT_NE(report.problems[0].find("No such file"), std::string::npos);
}

TEST_F(ResolvConf, LeavesOutThisServerItself) {
  const auto path = write("nameserver 169.254.169.250\nnameserver 192.0.2.1\n");
  const std::vector own{endpoint("169.254.169.250")};

  const auto report = choose_upstreams({.resolv_conf = path}, own);

  EXPECT_EQ(report.upstreams, std::vector{upstream("192.0.2.1")});
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_NE(report.problems[0].find("169.254.169.250"), std::string::npos);
}

TEST(ChooseUpstreams, AWildcardListenerIsEveryAddressOfTheHost) {
  const std::vector own{endpoint("0.0.0.0:53")};

  const auto report = choose_upstreams(
      {.upstreams = {upstream("127.0.0.1:53"), upstream("127.0.0.1:5353"), upstream("192.0.2.1")}},
      own);

  EXPECT_EQ(report.upstreams, (std::vector{upstream("127.0.0.1:5353"), upstream("192.0.2.1")}));
}

TEST(ChooseUpstreams, NoAddressAtAllIsThisHost) {
  const std::vector own{endpoint("127.0.0.1:53"), endpoint("[::1]:53")};

  const auto report = choose_upstreams(
      {.upstreams = {upstream("0.0.0.0"), upstream("::"), upstream("0.0.0.0:5353")}}, own);

  EXPECT_EQ(report.upstreams, std::vector{upstream("0.0.0.0:5353")});
}

TEST(ChooseUpstreams, ListedOnesGoBeforeTheFile) {
  const auto report =
      choose_upstreams({.upstreams = {upstream("192.0.2.1")}, .resolv_conf = "/nowhere"}, {});

  EXPECT_EQ(report.upstreams, std::vector{upstream("192.0.2.1")});
  EXPECT_TRUE(report.problems.empty());
}

TEST(ChooseUpstreams, AStubZoneIsNotAskedOfThisServerEither) {
  const std::vector own{endpoint("169.254.169.250")};
  const auto stub = parse_stub_zone("corp.example=169.254.169.250,192.0.2.1").value();
  const auto only_own = parse_stub_zone("lab.example=169.254.169.250").value();

  const auto report = choose_upstreams({.stubs = {stub, only_own}}, own);

  ASSERT_EQ(report.stubs.size(), 2U);
  EXPECT_EQ(report.stubs[0].upstreams, std::vector{upstream("192.0.2.1")});
  EXPECT_TRUE(report.stubs[1].upstreams.empty()) << "its names are not told to anybody else";
  EXPECT_EQ(report.problems.size(), 3U);
}

}  // namespace
}  // namespace paddock::dns
