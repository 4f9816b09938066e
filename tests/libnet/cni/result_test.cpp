// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/cni.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::net::cni {
namespace {

using Json = nlohmann::json;

IpAddress ip(const char* text) { return boost::asio::ip::make_address(text); }

AddResult dual_stack() {
  return {.interfaces = {{"pd0", "02:00:00:00:00:01", 1450, "", "", ""},
                         {"eth0", "02:00:00:00:00:02", 1450, "/run/netns/x", "", ""}},
          .ips = {{*Prefix::parse("10.0.0.2/32"), ip("10.0.0.1"), 1},
                  {*Prefix::parse("fd00::2/128"), ip("fd00::1"), 1}},
          .routes = {{*Prefix::parse("0.0.0.0/0"), ip("10.0.0.1"), 1400, 0, 5, {}, {}},
                     {*Prefix::parse("::/0"), ip("fd00::1"), 0, 0, {}, {}, {}}},
          .dns = {{"10.0.0.53"}, "", {"a.b"}, {"ndots:5"}}};
}

const char* const by_family = R"({
  "ip4": {"ip": "10.0.0.2/32", "gateway": "10.0.0.1",
          "routes": [{"dst": "0.0.0.0/0", "gw": "10.0.0.1"}]},
  "ip6": {"ip": "fd00::2/128", "gateway": "fd00::1",
          "routes": [{"dst": "::/0", "gw": "fd00::1"}]},
  "dns": {"nameservers": ["10.0.0.53"], "search": ["a.b"], "options": ["ndots:5"]}})";
const char* const with_family = R"({
  "interfaces": [{"name": "pd0", "mac": "02:00:00:00:00:01"},
                 {"name": "eth0", "mac": "02:00:00:00:00:02", "sandbox": "/run/netns/x"}],
  "ips": [{"version": "4", "address": "10.0.0.2/32", "gateway": "10.0.0.1", "interface": 1},
          {"version": "6", "address": "fd00::2/128", "gateway": "fd00::1", "interface": 1}],
  "routes": [{"dst": "0.0.0.0/0", "gw": "10.0.0.1"}, {"dst": "::/0", "gw": "fd00::1"}],
  "dns": {"nameservers": ["10.0.0.53"], "search": ["a.b"], "options": ["ndots:5"]}})";
const char* const first_stable = R"({
  "interfaces": [{"name": "pd0", "mac": "02:00:00:00:00:01"},
                 {"name": "eth0", "mac": "02:00:00:00:00:02", "sandbox": "/run/netns/x"}],
  "ips": [{"address": "10.0.0.2/32", "gateway": "10.0.0.1", "interface": 1},
          {"address": "fd00::2/128", "gateway": "fd00::1", "interface": 1}],
  "routes": [{"dst": "0.0.0.0/0", "gw": "10.0.0.1"}, {"dst": "::/0", "gw": "fd00::1"}],
  "dns": {"nameservers": ["10.0.0.53"], "search": ["a.b"], "options": ["ndots:5"]}})";
const char* const newest = R"({
  "interfaces": [{"name": "pd0", "mac": "02:00:00:00:00:01", "mtu": 1450},
                 {"name": "eth0", "mac": "02:00:00:00:00:02", "mtu": 1450,
                  "sandbox": "/run/netns/x"}],
  "ips": [{"address": "10.0.0.2/32", "gateway": "10.0.0.1", "interface": 1},
          {"address": "fd00::2/128", "gateway": "fd00::1", "interface": 1}],
  "routes": [{"dst": "0.0.0.0/0", "gw": "10.0.0.1", "mtu": 1400, "priority": 5},
             {"dst": "::/0", "gw": "fd00::1"}],
  "dns": {"nameservers": ["10.0.0.53"], "search": ["a.b"], "options": ["ndots:5"]}})";

class ResultOfVersion
    : public testing::TestWithParam<std::pair<const char* /*version*/, const char* /*form*/>> {};

TEST_P(ResultOfVersion, HasTheFormOfItsVersion) {
  const auto [version, form] = GetParam();

  const auto text = format(dual_stack(), version);

  ASSERT_TRUE(text);
  auto expected = Json::parse(form);
  expected["cniVersion"] = version;
  EXPECT_EQ(Json::parse(*text), expected);
}

TEST_P(ResultOfVersion, IsReadBackAsFarAsTheVersionCanSayIt) {
  const auto [version, form] = GetParam();

  const auto read = parse_result(format(dual_stack(), version).value(), "1.1.0");

  ASSERT_TRUE(read) << read.error().msg;
  EXPECT_EQ(format(*read, version).value(), format(dual_stack(), version).value());
}

INSTANTIATE_TEST_SUITE_P(
    CniResult, ResultOfVersion,
    testing::Values(std::pair("0.1.0", by_family), std::pair("0.2.0", by_family),
                    std::pair("0.3.0", with_family), std::pair("0.3.1", with_family),
                    std::pair("0.4.0", with_family), std::pair("1.0.0", first_stable),
                    std::pair("1.1.0", newest)));

TEST(CniResult, NewestVersionLosesNothing) {
  EXPECT_EQ(parse_result(format(dual_stack(), "1.1.0").value(), "1.1.0").value(), dual_stack());
}

TEST(CniResult, OldestVersionsKeepTheFirstAddressOfAFamily) {
  auto result = dual_stack();
  result.ips.insert(result.ips.begin() + 1, {*Prefix::parse("10.0.0.9/32"), {}, 1});

  const auto text = format(result, "0.2.0");

  EXPECT_EQ(Json::parse(*text)["ip4"]["ip"], "10.0.0.2/32");
}

TEST(CniResult, OldestVersionsNeedAnAddress) {
  const auto text = format(AddResult{}, "0.2.0");

  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code, Code::incompatible_version);
}

TEST(CniResult, ErrorObjectCarriesAllFour) {
  const auto text = format(Failure{Code::try_again, "m", "d", "0.4.0"});

  EXPECT_EQ(Json::parse(text),
            Json::parse(R"({"cniVersion":"0.4.0","code":11,"msg":"m","details":"d"})"));
}

TEST(CniResult, ErrorObjectSurvivesBytesThatAreNoText) {
  EXPECT_TRUE(Json::accept(format(Failure{Code::internal, "\xff\xfe", ""})));
}

TEST(CniResult, VersionsAreListedOldestFirst) {
  EXPECT_EQ(Json::parse(format_versions()),
            Json::parse(R"({"cniVersion":"1.1.0","supportedVersions":
                ["0.1.0","0.2.0","0.3.0","0.3.1","0.4.0","1.0.0","1.1.0"]})"));
}

}  // namespace
}  // namespace paddock::net::cni
