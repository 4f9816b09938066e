// SPDX-License-Identifier: Apache-2.0
//
// Chained plugins behind a plugin that is not ours: what they refuse, and what they take back.
#include "support/pods.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <string>

namespace paddock::net {
namespace {

using test::Namespace;
using test::PodHost;

// An ADD of that plugin for a pod whose eth0 another one made, with that end on the host.
cni::Request behind(const std::string& plugin, const std::string& container, const Namespace& pod,
                    const std::string& host_end, const std::string& keys) {
  const nlohmann::json previous = {
      {"cniVersion", "1.0.0"},
      {"interfaces", {{{"name", host_end}}, {{"name", "eth0"}, {"sandbox", pod.path()}}}},
      {"ips", {{{"address", "10.50.0.2/24"}, {"interface", 1}}}}};
  auto request = test::cni_request(
      "ADD", container, R"("type":")" + plugin + R"(","prevResult":)" + previous.dump() + keys);
  request.netns = pod.path();
  return request;
}

constexpr const char* limits =
    R"(,"ingressRate":8000000,"ingressBurst":800000,"egressRate":8000000,"egressBurst":800000)";
constexpr const char* web_port =
    R"(,"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80}]})";

// While it lives this process writes to no file: a limit on their size stands in for a full disk.
class FullDisk {
 public:
  FullDisk() {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{0, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, signalled_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  void (*signalled_)(int) = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before_{};
};

TEST(Chained, BandwidthBehindALinkThatIsNoVethLimitsNothingOfTheHost) {
  PodHost host;
  Namespace pod;
  pod.must("ip link add eth0 type bridge");  // whose index is a link's on the host, too

  const auto refused =
      host.pods().answer(behind("bandwidth", "c1", pod, "paddock0", limits), &pod.get());

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, cni::Code::bad_config);
  EXPECT_EQ(host.host.ns.run("tc qdisc show").text.find("tbf"), std::string::npos);
}

TEST(Chained, WhatCannotBeRecordedIsTakenBack) {
  PodHost host;
  Namespace pod;
  const auto link = host.host.attachments.attach(pod.get(), test::request("other", {"10.42.0.9"}))
                        .value()
                        .host_link;
  {
    const FullDisk full;
    EXPECT_FALSE(host.pods().answer(behind("portmap", "c1", pod, link, web_port), &pod.get()));
    EXPECT_FALSE(host.pods().answer(behind("bandwidth", "c1", pod, link, limits), &pod.get()));
  }

  EXPECT_EQ(host.host.ns.run("nft list map inet paddock ports4").text.find("elements"),
            std::string::npos);
  EXPECT_EQ(host.host.ns.run("ip -o link show type ifb").text, "");
  const auto next = host.pods().answer(behind("portmap", "c2", pod, link, web_port), &pod.get());
  EXPECT_TRUE(next) << next.error().msg;
}

TEST(Chained, PodsOfAnotherPluginAreNotToldAsOurs) {
  PodHost host;
  Namespace pod;
  ASSERT_TRUE(host.pods().answer(behind("portmap", "c1", pod, "other0", web_port), &pod.get()));

  EXPECT_TRUE(host.pods().leases().empty());
  EXPECT_EQ(host.pods().lease_count(), 0U);
  host.stop();
  host.start();
  EXPECT_TRUE(host.pods().leases().empty()) << "nor after a restart";
  EXPECT_NE(host.host.ns.run("nft list map inet paddock ports4").text.find("elements"),
            std::string::npos);
}

}  // namespace
}  // namespace paddock::net
