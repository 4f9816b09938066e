// SPDX-License-Identifier: Apache-2.0
#include "dnsd/reach.hpp"

#include "daemons/dnsd/names.hpp"
#include "support/temp_folder.hpp"

#include <fstream>

namespace paddock::dnsd {
namespace {

Reach reach_of(const std::string& text) {
  const test::TempFolder folder;
  std::ofstream(folder.file("reach")) << text;
  return read_reach(folder.file("reach")).value();
}

bool holds(const Reach& reach, const char* address) {
  return reach.holds(boost::asio::ip::make_address(address));
}

TEST(Reach, HoldsWhatIsReachedAndAllThatIsNoPodOfOurs) {
  const auto reach = reach_of(
      "# a comment\n"
      "network 10.42.0.0/16\nnetwork fd42::/56\n"
      "reached 10.42.7.0/24\nreached 10.42.1.0/24\nreached fd42:0:0:1::/64\n");

  EXPECT_TRUE(holds(reach, "10.42.1.9"));
  EXPECT_TRUE(holds(reach, "10.42.7.255"));
  EXPECT_FALSE(holds(reach, "10.42.2.9"));
  EXPECT_FALSE(holds(reach, "10.42.0.9"));
  EXPECT_TRUE(holds(reach, "fd42:0:0:1::9"));
  EXPECT_FALSE(holds(reach, "fd42:0:0:2::9"));
  EXPECT_TRUE(holds(reach, "192.0.2.1"));
}

TEST(Reach, HoldsEverythingUntilNetdSaysOtherwise) {
  EXPECT_TRUE(holds(Reach(), "10.42.2.9"));
  EXPECT_TRUE(holds(reach_of("# Written by netd for dnsd --reach-file.\n"), "10.42.2.9"));
}

TEST(Reach, NamesFileAndLineOfWhatIsWrong) {
  const test::TempFolder folder;
  const auto path = folder.file("reach");
  std::ofstream(path) << "network 10.42.0.0/16\nreached 10.42.1.5/24\n";

  EXPECT_EQ(read_reach(path).error().text,
            path + ":2: must be \"network CIDR\" or \"reached CIDR\", as netd writes it");
  EXPECT_NE(read_reach(path + "-not").error().text.find("cannot read"), std::string::npos);
}

TEST(NamesFromCluster, EndpointsThatAreNotReachedHaveNoNamesUntilTheyAre) {
  Names names;
  names.put("{kind: Service, namespace: shop, name: db}");
  names.put(R"(
kind: Endpoints
namespace: shop
name: db-1
service: db
endpoints:
  - {addresses: [10.42.1.2], hostname: db-0}
  - {addresses: [10.42.2.2], hostname: db-1}
)");

  names.set_reach(reach_of("network 10.42.0.0/16\nreached 10.42.1.0/24\n"));
  EXPECT_EQ(names.data("db.shop.svc.cluster.local"), Data{"10.42.1.2"});
  EXPECT_EQ(names.ask("db-1.db.shop.svc.cluster.local").rcode, 3U);

  names.set_reach(reach_of("network 10.42.0.0/16\nreached 10.42.1.0/24\nreached 10.42.2.0/24\n"));
  EXPECT_EQ(names.data("db-1.db.shop.svc.cluster.local"), Data{"10.42.2.2"});
}

}  // namespace
}  // namespace paddock::dnsd
