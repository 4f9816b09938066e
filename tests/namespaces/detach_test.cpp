// SPDX-License-Identifier: Apache-2.0
//
// Detaching in every state a host can be found in, reaping, listing, checking and repairing.
#include "support/pod_network.hpp"

#include <paddock/net/attachment.hpp>

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

#include <algorithm>

namespace paddock::net {
namespace {

using test::Host;
using test::ip;
using test::Namespace;
using test::request;
namespace errc = boost::system::errc;

std::size_t veths(const Namespace& where) { return where.json("ip -j link show type veth").size(); }

TEST(Detach, FreesTheAddressAtOnceAndTheLinksWithTheNextReap) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();

  ASSERT_TRUE(host.attachments.detach(made));

  EXPECT_EQ(host.ns.json("ip -j route show 10.42.0.7").size(), 0U);
  EXPECT_FALSE(pod.pings("10.42.0.1", "-W 1")) << "a detached pod is cut off";
  EXPECT_TRUE(host.attachments.list().value().empty());
  EXPECT_EQ(host.attachments.reap().value(), 1U);
  EXPECT_EQ(veths(host.ns), 0U);
  EXPECT_EQ(veths(pod), 0U) << "the pod's interface goes too, though the pod lives on";
}

TEST(Detach, GivesTheAddressToAnotherPodBeforeTheLinksAreGone) {
  Host host;
  Namespace first;
  Namespace second;
  const auto made = host.attachments.attach(first.get(), request("one", {"10.42.0.7"})).value();
  ASSERT_TRUE(host.attachments.detach(made));

  ASSERT_TRUE(host.attachments.attach(second.get(), request("two", {"10.42.0.7"})));

  EXPECT_TRUE(host.ns.pings("10.42.0.7"));
  EXPECT_TRUE(second.pings("169.254.169.250"));
  EXPECT_FALSE(first.pings("10.42.0.1", "-W 1"));
}

TEST(Detach, LetsTheSamePodBeAttachedAgainAtOnce) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  ASSERT_TRUE(host.attachments.detach(made));

  const auto again = host.attachments.attach(pod.get(), request("web", {"10.42.0.8"}));

  ASSERT_TRUE(again) << again.error().text;
  EXPECT_TRUE(pod.pings("10.42.0.1"));
  EXPECT_EQ(veths(pod), 1U);
}

TEST(Detach, SucceedsTwice) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();

  EXPECT_TRUE(host.attachments.detach(made));
  EXPECT_TRUE(host.attachments.detach(made));
  EXPECT_EQ(host.attachments.reap().value(), 1U);
  EXPECT_TRUE(host.attachments.detach(made));
  EXPECT_EQ(host.attachments.reap().value(), 0U);
}

TEST(Detach, SucceedsWhenThePodsNamespaceIsGone) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  pod.close();

  EXPECT_TRUE(host.attachments.detach(made));
  EXPECT_TRUE(host.attachments.reap());
  EXPECT_EQ(veths(host.ns), 0U);
}

TEST(Detach, SucceedsWhenTheLinkIsGone) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  host.ns.must("ip link delete " + made.host_link);

  EXPECT_TRUE(host.attachments.detach(made));
  EXPECT_EQ(host.attachments.reap().value(), 0U);
}

TEST(Detach, SucceedsWhenOnlyHalfOfItIsThere) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  host.ns.must("ip route flush 10.42.0.7");
  host.ns.must("ip neigh flush all nud permanent");
  host.ns.must("ip link set " + made.host_link + " down");

  EXPECT_TRUE(host.attachments.detach(made));
  EXPECT_EQ(host.attachments.reap().value(), 1U);
}

TEST(Detach, FindsTheLinkByAliasWhenItsNameIsNotKnown) {
  Host host;
  Namespace pod;
  ASSERT_TRUE(host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})));
  Attachment known_by_id;
  known_by_id.id = {"net", "web", "eth0"};
  known_by_id.addresses = {ip("10.42.0.7")};

  EXPECT_TRUE(host.attachments.detach(known_by_id));
  EXPECT_EQ(host.attachments.reap().value(), 1U);
}

TEST(Detach, LeavesALinkAloneThatIsNotItsOwn) {
  Host host;
  Namespace pod;
  auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  host.ns.must("ip link add other type veth peer name other-peer");
  made.id.container = "another";
  Attachment by_wrong_name = made;
  by_wrong_name.host_link = "other";

  EXPECT_TRUE(host.attachments.detach(made));
  EXPECT_TRUE(host.attachments.detach(by_wrong_name));

  EXPECT_EQ(host.attachments.reap().value(), 0U);
  EXPECT_EQ(veths(host.ns), 3U);
  EXPECT_TRUE(pod.pings("10.42.0.1"));
}

TEST(Reap, SparesForeignLinksThatUseTheSameGroup) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  host.ns.must("ip link add other type veth peer name other-peer");
  host.ns.must("ip link set other group 1421");
  ASSERT_TRUE(host.attachments.detach(made));

  EXPECT_EQ(host.attachments.reap().value(), 1U);

  EXPECT_EQ(host.ns.json("ip -j link show dev other").size(), 1U);
  EXPECT_EQ(veths(host.ns), 2U);
}

TEST(Reap, TakesTwoHundredAttachmentsInOneGo) {
  Host host;
  std::vector<Namespace> pods(10);
  std::vector<Attachment> made;
  for (int i = 0; i < 200; ++i) {
    auto wanted = request("c" + std::to_string(i), {"10.42.0." + std::to_string(i + 2)});
    wanted.id.ifname = "eth" + std::to_string(i);
    made.push_back(
        host.attachments.attach(pods[static_cast<std::size_t>(i) % 10].get(), wanted).value());
  }
  ASSERT_EQ(host.attachments.list().value().size(), 200U);

  for (const Attachment& attachment : made) {
    ASSERT_TRUE(host.attachments.detach(attachment));
  }

  EXPECT_EQ(host.attachments.reap().value(), 200U);
  EXPECT_EQ(veths(host.ns), 0U);
  EXPECT_EQ(host.ns.json("ip -j route show proto 142 type unicast").size(), 0U);
}

TEST(List, NamesEveryAttachmentWithItsAddresses) {
  Host host;
  Namespace one;
  Namespace two;
  const auto first =
      host.attachments.attach(one.get(), request("one", {"10.42.0.7", "fd42::7"})).value();
  ASSERT_TRUE(host.attachments.attach(two.get(), request("two", {"10.42.0.8"})));

  Attachments after_restart(host.ns.get());
  const auto found = after_restart.list().value();

  ASSERT_EQ(found.size(), 2U);
  const auto it = std::find_if(found.begin(), found.end(),
                               [&](const auto& each) { return each.host_link == first.host_link; });
  ASSERT_NE(it, found.end());
  EXPECT_EQ(it->id, first.id);
  EXPECT_EQ(it->addresses, first.addresses);
}

TEST(List, ShowsALinkWhoseMakingWasInterrupted) {
  Host host;
  host.ns.must("ip link add pkhalf type veth peer name pkpeer");
  host.ns.must("ip link set pkhalf group 1420");

  const auto found = host.attachments.list().value();

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].host_link, "pkhalf");
  EXPECT_FALSE(found[0].id.has_value());
}

TEST(Check, FindsNothingMissingRightAfterAttach) {
  Host host;
  Namespace pod;
  const auto made =
      host.attachments.attach(pod.get(), request("web", {"10.42.0.7", "fd42::7"})).value();

  const auto missing = host.attachments.check(pod.get(), made);

  ASSERT_TRUE(missing) << missing.error().text;
  EXPECT_TRUE(missing->empty()) << missing->front();
}

TEST(Check, ToleratesWhatOthersAdd) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  pod.must("ip addr add 192.0.2.1/24 dev eth0");
  pod.must("ip route add 198.51.100.0/24 via 10.42.0.1");

  EXPECT_TRUE(host.attachments.check(pod.get(), made).value().empty());
}

TEST(Check, NamesWhatIsMissing) {
  const std::vector<std::tuple<bool, std::string, std::string>> damages = {
      {false, "ip addr del 10.42.0.7/32 dev eth0", "no address 10.42.0.7"},
      {false, "ip route del default", "no route 0.0.0.0/0 via 10.42.0.1"},
      {false, "ip neigh del 10.42.0.1 dev eth0", "no permanent neighbour 10.42.0.1"},
      {false, "ip link set eth0 mtu 1280", "MTU 1280"},
      {false, "ip link set eth0 down", "eth0 is down"},
      {true, "ip route del 10.42.0.7", "no route 10.42.0.7/32"},
      {true, "ip addr del 10.42.0.1/32 dev paddock0", "no address 10.42.0.1"},
      {true, "ip link del paddock0", "no link paddock0"},
  };
  for (const auto& [on_host, command, sentence] : damages) {
    Host host;
    Namespace pod;
    const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
    (on_host ? host.ns : pod).must(command);

    const auto missing = host.attachments.check(pod.get(), made).value();

    EXPECT_TRUE(std::any_of(missing.begin(), missing.end(), [&, &wanted = sentence](const auto& s) {
      return s.find(wanted) != std::string::npos;
    })) << command;
  }
}

TEST(Repair, BringsBackWhatTheKernelDroppedWithTheGatewayAddress) {
  Host host;
  Namespace pod;
  const auto made =
      host.attachments.attach(pod.get(), request("web", {"10.42.0.7", "fd42::7"})).value();
  host.ns.must("ip link del paddock0");
  ASSERT_FALSE(host.network.ensure(host.plan).value().empty());
  ASSERT_FALSE(host.attachments.check(pod.get(), made).value().empty());

  ASSERT_TRUE(host.attachments.repair(made));

  EXPECT_TRUE(host.attachments.check(pod.get(), made).value().empty());
  EXPECT_TRUE(pod.pings("169.254.169.250"));
  EXPECT_TRUE(pod.pings("fd42::1"));
}

TEST(Repair, SaysSoWhenTheLinkIsGone) {
  Host host;
  Namespace pod;
  const auto made = host.attachments.attach(pod.get(), request("web", {"10.42.0.7"})).value();
  host.ns.must("ip link del " + made.host_link);

  const auto repaired = host.attachments.repair(made);

  ASSERT_FALSE(repaired);
  EXPECT_EQ(repaired.error().code, errc::no_such_device);
}

}  // namespace
}  // namespace paddock::net
