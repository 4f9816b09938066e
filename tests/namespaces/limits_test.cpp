// SPDX-License-Identifier: Apache-2.0
//
// Limits of a pod's bandwidth in the kernel: that they are missed, and come back as they were.
#include "support/pod_network.hpp"

#include <paddock/net/attachment.hpp>

#include <gtest/gtest.h>

#include <string>

namespace paddock::net {
namespace {

using test::Host;
using test::Namespace;
using test::request;

Attachment attach_limited(Host& host, const Namespace& pod, const Bandwidth& bandwidth) {
  auto wanted = request("slow", {"10.42.0.7"});
  wanted.bandwidth = bandwidth;
  return host.attachments.attach(pod.get(), wanted).value();
}

// What CHECK would say, in one line.
std::string missing(Host& host, const Namespace& pod, const Attachment& made) {
  std::string text;
  for (const auto& sentence : host.attachments.check(pod.get(), made).value()) text += sentence;
  return text;
}

std::size_t count(const std::string& text, const std::string& word) {
  std::size_t found = 0;
  for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++found;
  return found;
}

TEST(Limits, AreMissedWhenTheyAreTakenAwayAndComeBackOnce) {
  Host host;
  Namespace pod;
  const auto made = attach_limited(host, pod, {{8'000'000, 800'000}, {4'000'000, 400'000}});
  const std::string detour = "pb" + made.host_link.substr(2);
  ASSERT_EQ(missing(host, pod, made), "");

  host.ns.must("tc qdisc del dev " + made.host_link + " root");
  EXPECT_NE(missing(host, pod, made).find("into the pod is not limited to 8000000"),
            std::string::npos);
  ASSERT_TRUE(host.attachments.repair(made));
  EXPECT_EQ(missing(host, pod, made), "");

  host.ns.must("ip link del " + detour);
  EXPECT_NE(missing(host, pod, made).find("out of the pod is not limited to 4000000"),
            std::string::npos);
  ASSERT_TRUE(host.attachments.repair(made));
  EXPECT_EQ(missing(host, pod, made), "");

  EXPECT_TRUE(pod.pings("10.42.0.1")) << "the way over the detour is open again";
  const auto filters = host.ns.run("tc filter show dev " + made.host_link + " ingress").text;
  EXPECT_EQ(count(filters, "Redirect"), 1U) << filters;
}

TEST(Limits, AreFoundHoweverHigh) {
  Host host;
  Namespace pod;
  constexpr std::uint64_t fast = 400'000'000'000;
  const auto made = attach_limited(host, pod, {{fast, 8'000'000}, {}});

  EXPECT_EQ(missing(host, pod, made), "");
}

}  // namespace
}  // namespace paddock::net
