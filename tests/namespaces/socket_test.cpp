// SPDX-License-Identifier: Apache-2.0
#include "netlink/socket.hpp"

#include "netlink/requests.hpp"
#include "support/pod_network.hpp"

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cerrno>

namespace paddock::net::netlink {
namespace {

using test::Namespace;
using test::prefix;
namespace errc = boost::system::errc;

Route unreachable(const std::string& destination) {
  Route route;
  route.destination = prefix(destination);
  route.type = RTN_UNREACHABLE;
  return route;
}

TEST(Socket, NamesTheOperationTheKernelRefusedAndDoesTheOthers) {
  Namespace ns;
  Socket socket = Socket::open(ns.get(), NETLINK_ROUTE).value();
  Batch batch;
  add_route(batch, unreachable("10.1.0.0/16"), "", Existing::refuse);
  add_route(batch, unreachable("10.1.0.0/16"), "", Existing::refuse);
  add_route(batch, unreachable("10.2.0.0/16"), "", Existing::refuse);

  const auto done = socket.execute(batch);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, errc::file_exists);
  EXPECT_EQ(done.error().text.find("add unreachable route 10.1.0.0/16: File exists"), 0U)
      << done.error().text;
  EXPECT_EQ(ns.json("ip -j route show type unreachable").size(), 2U);
}

TEST(Socket, CarriesTheKernelsExplanation) {
  Namespace ns;
  Socket socket = Socket::open(ns.get(), NETLINK_ROUTE).value();
  Route route = unreachable("10.1.0.0/16");
  route.type = RTN_UNICAST;
  route.gateway = test::ip("192.0.2.1");
  Batch batch;
  add_route(batch, route, "", Existing::refuse);

  const auto done = socket.execute(batch);

  ASSERT_FALSE(done);
  EXPECT_NE(done.error().text.find("(Nexthop has invalid gateway)"), std::string::npos)
      << done.error().text;
}

TEST(Socket, TakesToleratedRefusalsForDone) {
  Namespace ns;
  Socket socket = Socket::open(ns.get(), NETLINK_ROUTE).value();
  Batch batch;
  delete_route(batch, unreachable("10.1.0.0/16"), "");
  batch.tolerate(ESRCH);
  delete_link(batch, 4711, "gone");
  batch.tolerate(ENODEV);

  EXPECT_TRUE(socket.execute(batch));
}

TEST(Socket, WorksOnInItsNamespaceFromOutside) {
  Namespace ns;
  Socket socket = Socket::open(ns.get(), NETLINK_ROUTE).value();

  EXPECT_EQ(list_links(socket).value().size(), ns.json("ip -j link").size());
  EXPECT_FALSE(find_link(socket, "no-such-link").value());
  EXPECT_EQ(find_link(socket, "lo").value()->index, 1U);
}

TEST(Socket, ListsMoreThanOneReplyHolds) {
  Namespace ns;
  Socket socket = Socket::open(ns.get(), NETLINK_ROUTE).value();
  Batch batch;
  for (int i = 0; i < 2000; ++i) {
    Route route =
        unreachable("10." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".0/24");
    route.protocol = 142;
    add_route(batch, route, "", Existing::refuse);
  }
  ASSERT_TRUE(socket.execute(batch));

  EXPECT_EQ(list_routes(socket, 142, 0).value().size(), 2000U);
  EXPECT_EQ(list_routes(socket, 143, 0).value().size(), 0U);
}

TEST(Socket, SaysWhenEventsWereLost) {
  Namespace ns;
  Socket events = Socket::open(ns.get(), NETLINK_ROUTE, {RTNLGRP_IPV4_ROUTE}).value();
  Socket socket = Socket::open(ns.get(), NETLINK_ROUTE).value();
  const int small = 4096;
  ::setsockopt(events.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  int seen = 0;
  EXPECT_TRUE(events.drain([&](const Message&) { ++seen; }).value());
  Batch batch;
  for (int i = 0; i < 500; ++i) {
    add_route(batch, unreachable("10.1.0.0/16"), "", Existing::replace);
    delete_route(batch, unreachable("10.1.0.0/16"), "");
  }
  ASSERT_TRUE(socket.execute(batch));

  const bool complete = events.drain([&](const Message&) { ++seen; }).value();

  EXPECT_FALSE(complete);
  EXPECT_GT(seen, 0);
  EXPECT_TRUE(events.drain([](const Message&) {}).value()) << "and is whole again afterwards";
}

}  // namespace
}  // namespace paddock::net::netlink
