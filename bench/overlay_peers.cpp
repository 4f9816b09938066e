// SPDX-License-Identifier: Apache-2.0
//
// Programming the peers of an overlay, each contender in a namespace of its own, in turn.
//   overlay_peers compare ROUNDS PEERS    paddock beside bare batches and beside ip -batch
//   overlay_peers join NUMBER PEER        connects host NUMBER (192.0.2.NUMBER on eth0, pods in
//                                         10.42.NUMBER.0/24) to PEER, in this namespace
#include "netlink/requests.hpp"
#include "netlink/vxlan.hpp"

#include <paddock/net/overlay.hpp>

#include <linux/netlink.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace paddock::net;
using Clock = std::chrono::steady_clock;

double milliseconds(const std::function<void()>& work) {
  const auto begun = Clock::now();
  work();
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

void run(const std::string& command) {
  if (std::system(command.c_str()) != 0) throw std::runtime_error(command + " failed");
}

double quantile(std::vector<double> values, double which) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(which * static_cast<double>(values.size() - 1))];
}

Peer peer(std::uint32_t number) {
  Peer made;
  made.host = "host" + std::to_string(number);
  const boost::asio::ip::address_v4 underlay(0xc6330000U + number);
  made.v4 = TunnelEnd{underlay, vtep_mac(made.host, 1, true)};
  made.subnets = {{boost::asio::ip::address_v4(0x0a000000U + (number << 8U)), 24}};
  return made;
}

std::vector<Peer> peers(std::uint32_t count) {
  std::vector<Peer> all;
  for (std::uint32_t number = 1; number <= count; ++number) all.push_back(peer(number));
  return all;
}

OverlaySettings settings(const std::string& host) {
  OverlaySettings made;
  made.host = host;
  return made;
}

// Former ones are kept to the end, but without their devices: taking one away with all its entries
// stops the next contender, and whoever lists neighbours walks over those of all namespaces.
void fresh_namespace() {
  static std::vector<NetworkNamespace> kept;
  if (::unshare(CLONE_NEWNET) != 0) throw std::runtime_error("needs root: unshare failed");
  kept.push_back(NetworkNamespace::current());
  run("ip link set lo up && ip link add eth0 type veth peer name wire && ip link set wire up && "
      "ip addr add 192.0.2.1/24 dev eth0 && ip link set eth0 up && "
      "ip route add 198.51.0.0/16 via 192.0.2.254");
}

void device_by_hand() {
  run("ip link add vx1 type vxlan id 1 dstport 8472 local 192.0.2.1 dev eth0 nolearning && "
      "ip link set vx1 up");
}

using Figures = std::map<std::string, std::vector<double>>;

void paddock_contends(std::uint32_t count, Figures& figures) {
  fresh_namespace();
  auto all = peers(count);
  Overlay overlay(NetworkNamespace::current(), settings("host0"));
  overlay.replace({}).value();  // devices and all are there: the others begin with theirs, too
  figures["paddock"].push_back(milliseconds([&] { overlay.replace(std::move(all)).value(); }));
  (void)overlay.tend();
  figures["resync"].push_back(milliseconds([&] {
    if (!overlay.resync().value().empty()) throw std::runtime_error("resync found something");
  }));
  for (std::uint32_t number = count + 1; number <= count + 500; ++number) {
    figures["one more"].push_back(milliseconds([&] { overlay.put(peer(number)).value(); }));
    figures["one less"].push_back(
        milliseconds([&] { overlay.remove("host" + std::to_string(number)).value(); }));
  }
  overlay.purge().value();
}

// The same messages, known beforehand, with distinct metrics.
void bare_contends(std::uint32_t count, Figures& figures) {
  fresh_namespace();
  device_by_hand();
  auto socket = netlink::Socket::open(NetworkNamespace::current(), NETLINK_ROUTE).value();
  const std::uint32_t link = netlink::find_link(socket, std::string("vx1")).value()->index;
  const auto all = peers(count);
  netlink::Batch batch;
  const auto flush = [&](std::size_t at_least) {
    if (batch.operations().size() < at_least) return;
    socket.execute(batch).value();
    batch = {};
  };
  figures["bare"].push_back(milliseconds([&] {
    std::uint32_t metric = 1;
    for (const Peer& one : all) {
      const MacAddress mac = *one.v4->mac;
      netlink::set_neighbor(batch, {link, one.subnets[0].address, mac, true, 143});
      netlink::set_forwarding(batch, {link, mac, one.v4->underlay, true});
      netlink::Route route;
      route.destination = one.subnets[0];
      route.link = link;
      route.gateway = one.subnets[0].address;
      route.onlink = true;
      route.metric = metric++;
      route.protocol = 143;
      netlink::set_route(batch, route);
      flush(256);
    }
    flush(1);
  }));
  run("ip link del vx1");
}

void ip_contends(std::uint32_t count, Figures& figures) {
  fresh_namespace();
  device_by_hand();
  const std::string folder = std::getenv("TMPDIR") ? std::getenv("TMPDIR") : "/tmp";
  const std::string ip_file = folder + "/overlay_peers.ip";
  const std::string bridge_file = folder + "/overlay_peers.bridge";
  {
    std::ofstream ip(ip_file);
    std::ofstream bridge(bridge_file);
    for (const Peer& one : peers(count)) {
      const std::string mac = one.v4->mac->to_string();
      const std::string base = one.subnets[0].address.to_string();
      ip << "neigh add " << base << " lladdr " << mac << " dev vx1 nud permanent\n"
         << "route add " << one.subnets[0].to_string() << " via " << base << " dev vx1 onlink\n";
      bridge << "fdb add " << mac << " dev vx1 dst " << one.v4->underlay.to_string()
             << " self permanent\n";
    }
  }
  figures["ip -batch"].push_back(
      milliseconds([&] { run("ip -batch " + ip_file + " && bridge -batch " + bridge_file); }));
  run("ip link del vx1");
  std::remove(ip_file.c_str());
  std::remove(bridge_file.c_str());
}

void compare(int rounds, std::uint32_t count) {
  Figures figures;
  for (int round = 0; round < rounds; ++round) {
    bare_contends(count, figures);
    paddock_contends(count, figures);
    ip_contends(count, figures);
  }
  std::printf("%u peers, %d rounds, medians in ms\n", count, rounds);
  for (const auto& [name, values] : figures) {
    std::printf("%-10s %9.3f  p99 %9.3f\n", name.c_str(), quantile(values, 0.5),
                quantile(values, 0.99));
  }
  const double ours = quantile(figures["paddock"], 0.5);
  std::printf("paddock / bare %.2f, paddock / ip -batch %.3f\n",
              ours / quantile(figures["bare"], 0.5), ours / quantile(figures["ip -batch"], 0.5));
}

Peer neighbour(const std::string& number) {
  Peer made;
  made.host = "host" + number;
  made.v4 =
      TunnelEnd{boost::asio::ip::make_address("192.0.2." + number), vtep_mac(made.host, 1, true)};
  made.subnets = {*Prefix::parse("10.42." + number + ".0/24")};
  return made;
}

void join(const std::string& number, const std::string& other) {
  Overlay overlay(NetworkNamespace::current(), settings("host" + number));
  overlay.set_subnets(neighbour(number).subnets).value();
  overlay.replace({neighbour(other)}).value();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 4 && std::strcmp(argv[1], "compare") == 0) {
      compare(std::atoi(argv[2]), static_cast<std::uint32_t>(std::atoi(argv[3])));
      return 0;
    }
    if (argc == 4 && std::strcmp(argv[1], "join") == 0) {
      join(argv[2], argv[3]);
      return 0;
    }
    std::fprintf(stderr, "usage: overlay_peers compare ROUNDS PEERS | join NUMBER PEER\n");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  return 1;
}
