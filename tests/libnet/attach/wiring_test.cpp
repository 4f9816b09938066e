// SPDX-License-Identifier: Apache-2.0
#include "attach/wiring.hpp"

#include <gtest/gtest.h>

namespace paddock::net::attach {
namespace {

IpAddress ip(const std::string& text) { return boost::asio::ip::make_address(text); }

Attachment dual_stack() {
  Attachment attachment;
  attachment.id = {"net", "web", "eth0"};
  attachment.host_link = "pk10000001";
  attachment.host_ifindex = 9;
  attachment.pod_ifindex = 9;
  attachment.addresses = {ip("10.42.0.7"), ip("fd42::7")};
  attachment.gateways = {ip("10.42.0.1"), ip("fd42::1")};
  attachment.routes = {{Prefix::parse("0.0.0.0/0").value(), ip("10.42.0.1"), 0, 0}};
  return attachment;
}

TEST(AttachmentId, ComesBackFromItsAlias) {
  const AttachmentId id{"net", "0a1b", "eth0"};
  EXPECT_EQ(id.alias(), "paddock:net/0a1b/eth0");
  EXPECT_EQ(AttachmentId::from_alias(id.alias()), id);
  for (const char* other : {"", "paddock:", "paddock:net", "paddock:net/c", "flannel:a/b/c"}) {
    EXPECT_FALSE(AttachmentId::from_alias(other)) << other;
  }
}

TEST(Wiring, RoutesEveryAddressToTheLinkFromTheGatewayOfItsFamily) {
  const auto routes = host_routes(dual_stack());

  ASSERT_EQ(routes.size(), 2U);
  EXPECT_EQ(routes[0].destination.to_string(), "10.42.0.7/32");
  EXPECT_EQ(routes[0].source, ip("10.42.0.1"));
  EXPECT_EQ(routes[0].link, 9U);
  EXPECT_EQ(routes[1].destination.to_string(), "fd42::7/128");
  EXPECT_EQ(routes[1].source, ip("fd42::1"));
}

TEST(Wiring, ReachesGatewaysBeforeWhatLiesBehindThem) {
  const auto routes = pod_routes(dual_stack());

  ASSERT_EQ(routes.size(), 3U);
  EXPECT_EQ(routes[0].destination.to_string(), "10.42.0.1/32");
  EXPECT_EQ(routes[1].destination.to_string(), "fd42::1/128");
  EXPECT_EQ(routes[2].destination.to_string(), "0.0.0.0/0");
  EXPECT_TRUE(routes[2].onlink);
}

TEST(Wiring, AsksAGatewayOfItsOwnUnderTheAddressOfItsSubnet) {
  Attachment attachment = dual_stack();
  attachment.has_own_gateways = true;
  attachment.subnets = {Prefix::parse("10.42.0.0/24").value(), Prefix::parse("fd42::/64").value()};

  const auto routes = pod_routes(attachment);

  ASSERT_EQ(routes.size(), 5U);
  for (const auto at : {0U, 2U}) EXPECT_EQ(routes[at].source, ip("10.42.0.7")) << at;
  for (const auto at : {1U, 3U}) EXPECT_EQ(routes[at].source, ip("fd42::7")) << at;
  EXPECT_FALSE(routes[4].source) << "the default route's is the kernel's to choose";
}

TEST(Wiring, LeavesOutTheGatewayOfAFamilyThePodDoesNotHave) {
  Attachment attachment = dual_stack();
  attachment.addresses = {ip("10.42.0.7")};

  EXPECT_EQ(pod_routes(attachment).size(), 2U);
}

TEST(Wiring, ObjectsToNamesTheKernelWouldNotTake) {
  AttachRequest request;
  request.addresses = {ip("10.42.0.7")};
  request.gateways = {ip("10.42.0.1")};
  for (const char* bad : {"", ".", "..", "a/b", "a:b", "a b", "sixteen-letters-"}) {
    request.id = {"net", "web", bad};
    EXPECT_TRUE(objection(request)) << bad;
  }
  request.id = {"net", "web", "fifteen-letters"};
  EXPECT_FALSE(objection(request));
  request.id.container = std::string(300, 'c');
  EXPECT_TRUE(objection(request)) << "the alias would not hold it";
}

}  // namespace
}  // namespace paddock::net::attach
