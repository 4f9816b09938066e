// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/flannel.hpp>

#include <gtest/gtest.h>

#include <string>

namespace paddock::net::flannel {
namespace {

IpAddress address(const char* text) { return boost::asio::ip::make_address(text); }

HostRecord vxlan_host() {
  HostRecord record;
  record.public_ip = address("192.168.50.1");
  record.backend = "vxlan";
  record.data = VxlanData{1, MacAddress::parse("ee:6e:1c:08:31:aa").value()};
  return record;
}

TEST(FlannelKey, NamesSubnetsOfBothFamilies) {
  Subnets subnets;
  subnets.v4 = Prefix::parse("10.5.34.0/24");
  EXPECT_EQ(format_key(subnets), "10.5.34.0-24");
  subnets.v6 = Prefix::parse("fc00:0:0:1::/64");
  EXPECT_EQ(format_key(subnets), "10.5.34.0-24&fc00:0:0:1::-64");
  EXPECT_EQ(parse_key("10.5.34.0-24&fc00:0:0:1::-64"), subnets);
  subnets.v4.reset();
  EXPECT_EQ(parse_key(format_key(subnets)), subnets);
}

TEST(FlannelKey, IsNothingElse) {
  for (const auto* name :
       {"", "10.5.34.0", "10.5.34.0-32", "10.5.34.0-x", "10.5.34.0-", "10.5.34-24", "config",
        "fc00::-64", "10.5.34.0-24&", "10.5.34.0-24&fc00::-128", "0.0.0.0-0"})
    EXPECT_FALSE(parse_key(name)) << name;
}

TEST(FlannelRecord, IsWrittenToTheByte) {
  EXPECT_EQ(format_record(vxlan_host()),
            R"({"PublicIP":"192.168.50.1","PublicIPv6":null,"BackendType":"vxlan",)"
            R"("BackendData":{"VNI":1,"VtepMAC":"ee:6e:1c:08:31:aa"}})");
  HostRecord gateway;
  gateway.public_ipv6 = address("2001:db8::7");
  gateway.backend = "host-gw";
  EXPECT_EQ(format_record(gateway),
            R"({"PublicIP":"0.0.0.0","PublicIPv6":"2001:db8::7","BackendType":"host-gw"})");
}

TEST(FlannelRecord, IsReadBack) {
  auto record = vxlan_host();
  record.public_ipv6 = address("2001:db8::7");
  record.v6_data = VxlanData{1, MacAddress::parse("ee:6e:1c:08:31:ab").value()};
  EXPECT_EQ(parse_record(format_record(record)).value(), record);
}

TEST(FlannelRecord, OfAnOldFlannelHasNoNetworkNumber) {
  const auto record = parse_record(
      R"({"PublicIP":"10.0.0.1","BackendType":"vxlan","BackendData":{"VtepMAC":"02:00:00:00:00:01"}})");
  EXPECT_EQ(record->data->vni, 1U);
}

TEST(FlannelRecord, OfAnotherBackendKeepsItsName) {
  const auto record = parse_record(
      R"({"PublicIP":"10.0.0.1","BackendType":"wireguard","BackendData":{"PublicKey":"x"}})");
  EXPECT_EQ(record->backend, "wireguard");
  EXPECT_FALSE(record->data);
  EXPECT_FALSE(record->key) << "which it has not said";
}

TEST(FlannelRecord, OfWireguardHasOneKeyForBothFamilies) {
  const std::string key = "kZr1+SHeIvJpKBVZbxgyBLXEzy0fN9bIDoLtoVuvIV8=";
  HostRecord record;
  record.public_ip = address("192.168.50.1");
  record.public_ipv6 = address("2001:db8::7");
  record.backend = "wireguard";
  record.key = WireguardKey::parse(key);

  const auto text = format_record(record);
  const auto annotations = format_annotations(record);

  EXPECT_EQ(text,
            R"({"PublicIP":"192.168.50.1","PublicIPv6":"2001:db8::7","BackendType":"wireguard",)"
            R"("BackendData":{"PublicKey":")" +
                key + R"("},"BackendV6Data":{"PublicKey":")" + key + R"("}})");
  EXPECT_EQ(parse_record(text).value(), record);
  EXPECT_EQ(parse_annotations(annotations).value(), record);
}

TEST(FlannelRecord, SaysWhichFieldIsWrong) {
  const auto wrong = [](const char* json) { return parse_record(json).error().text; };
  EXPECT_NE(wrong(R"({"PublicIP":7})").find("PublicIP"), std::string::npos);
  EXPECT_NE(wrong(R"({"PublicIP":"fc00::1"})").find("PublicIP"), std::string::npos);
  EXPECT_NE(wrong(R"({"BackendType":"vxlan","BackendData":{"VNI":1}})").find("VtepMAC"),
            std::string::npos);
  EXPECT_NE(wrong(R"({"BackendType":"vxlan","BackendData":[]})").find("BackendData must"),
            std::string::npos);
  EXPECT_NE(wrong(R"({"BackendType":)").find("not JSON"), std::string::npos);
}

TEST(FlannelAnnotations, SayTheSame) {
  auto record = vxlan_host();
  const auto annotations = format_annotations(record);
  EXPECT_EQ(annotations, (std::vector<Annotation>{
                             {"backend-type", "vxlan"},
                             {"public-ip", "192.168.50.1"},
                             {"backend-data", R"({"VNI":1,"VtepMAC":"ee:6e:1c:08:31:aa"})"}}));
  EXPECT_EQ(parse_annotations(annotations).value(), record);
}

TEST(FlannelAnnotations, MayOverwriteTheAddress) {
  auto annotations = format_annotations(vxlan_host());
  annotations.push_back({"public-ip-overwrite", "203.0.113.9"});
  EXPECT_EQ(parse_annotations(annotations).value()->public_ip, address("203.0.113.9"));
}

TEST(FlannelAnnotations, AreMissingFromOtherNodes) {
  EXPECT_FALSE(parse_annotations({{"public-ip", "10.0.0.1"}}).value());
}

TEST(FlannelAnnotations, SayWhichIsWrong) {
  const auto wrong =
      parse_annotations({{"backend-type", "vxlan"}, {"backend-data", R"({"VNI":"x"})"}});
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().text.find("backend-data"), std::string::npos);
}

}  // namespace
}  // namespace paddock::net::flannel
