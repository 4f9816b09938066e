// SPDX-License-Identifier: Apache-2.0
//
// Hosts on one switch, each a namespace with an overlay and a pod.
#pragma once

#include "support/network_namespace.hpp"

#include <paddock/net/overlay.hpp>

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace paddock::test {

class Switch {
 public:
  Switch() {
    ns_.must("ip link add br0 type bridge");
    ns_.must("ip link set br0 up");
  }
  // Plugs eth0 of that host in, up, without addresses.
  void plug(const Namespace& host, int number) const {
    // Before duplicate address detection is over, IPv6 finds no neighbours.
    host.must("sysctl -qw net.ipv6.conf.default.accept_dad=0");
    const std::string port = "port" + std::to_string(number);
    ns_.must("ip link add " + port + " type veth peer name eth0 netns " + host.path());
    ns_.must("ip link set " + port + " master br0 up");
    host.must("ip link set lo up");
    host.must("ip link set eth0 up");
  }
  const Namespace& get() const { return ns_; }

 private:
  Namespace ns_;
};

enum class Families { v4, v6, both };

// Host N: eth0 with 192.0.2.N and 2001:db8::N, its subnets 10.42.N.0/24 and fd42:0:0:N::/64, and in
// them one pod with the addresses that end in 2.
class OverlayHost {
 public:
  OverlayHost(const Switch& net, int number, net::OverlaySettings settings = {},
              Families underlay = Families::both)
      : number_(number), settings_(std::move(settings)) {
    settings_.host = "host" + std::to_string(number);
    net.plug(ns_, number);
    if (underlay != Families::v6) {
      ns_.must("ip addr add " + underlay_v4() + "/24 dev eth0");
    }
    if (underlay != Families::v4) {
      ns_.must("ip addr add " + underlay_v6() + "/64 dev eth0 nodad");
    }
    ns_.must("sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1");
    start();
  }

  // Another process takes over.
  void start() {
    overlay.reset();
    overlay = std::make_unique<net::Overlay>(ns_.get(), settings_);
    overlay->set_subnets({*net::Prefix::parse(subnet_v4()), *net::Prefix::parse(subnet_v6())})
        .value();
  }

  void add_pod(std::uint32_t mtu) {
    ns_.must("ip link add pod type veth peer name eth0 netns " + pod_.path());
    ns_.must("ip link set pod up");
    pod_.must("ip link set lo up");
    pod_.must("ip link set eth0 up mtu " + std::to_string(mtu));
    ns_.must("ip addr add 169.254.1.1/32 dev pod");
    ns_.must("ip addr add fe80::1/64 dev pod nodad");
    ns_.must("ip route add " + pod_v4() + "/32 dev pod");
    ns_.must("ip -6 route add " + pod_v6() + "/128 dev pod");
    pod_.must("ip addr add " + pod_v4() + "/32 dev eth0");
    pod_.must("ip addr add " + pod_v6() + "/128 dev eth0 nodad");
    pod_.must("ip route add 169.254.1.1/32 dev eth0");
    pod_.must("ip route add default via 169.254.1.1 dev eth0");
    pod_.must("ip -6 route add default via fe80::1 dev eth0");
  }

  std::string number() const { return std::to_string(number_); }
  std::string underlay_v4() const { return "192.0.2." + number(); }
  std::string underlay_v6() const { return "2001:db8::" + number(); }
  std::string subnet_v4() const { return "10.42." + number() + ".0/24"; }
  std::string subnet_v6() const { return "fd42:0:0:" + number() + "::/64"; }
  std::string pod_v4() const { return "10.42." + number() + ".2"; }
  std::string pod_v6() const { return "fd42:0:0:" + number() + "::2"; }
  const Namespace& ns() const { return ns_; }
  const Namespace& pod() const { return pod_; }

  // Waits for the kernel's news and follows it until the condition holds; false after 30 s.
  bool tend_until(const std::function<bool(const net::OverlayNews&)>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
      if (condition(overlay->tend())) {
        return true;
      }
      pollfd waiting{overlay->descriptor(), POLLIN, 0};
      ::poll(&waiting, 1, 1000);
    }
    return false;
  }
  // Follows the news until nothing differs from what is wanted.
  bool heals() {
    return tend_until([&](const net::OverlayNews&) { return overlay->drift().value().empty(); });
  }

 private:
  int number_;
  net::OverlaySettings settings_;
  Namespace ns_;
  Namespace pod_;

 public:
  std::unique_ptr<net::Overlay> overlay;
};

// Each host hears of all.
inline void introduce(const std::vector<OverlayHost*>& hosts) {
  std::vector<net::Peer> all;
  for (const OverlayHost* host : hosts) {
    all.push_back(host->overlay->self());
  }
  for (const OverlayHost* host : hosts) {
    const auto done = host->overlay->replace(all);
    ASSERT_TRUE(done) << done.error().text;
  }
}

}  // namespace paddock::test
