// SPDX-License-Identifier: Apache-2.0
//
// The least an ADD can cost: a static program that does nothing but make the kernel objects of a
// routed pod with the very batches libnet sends, knowing beforehand all that a plugin has to find
// out.
//   attach_floor                    does nothing at all: what executing it costs
//   attach_floor ADD NETNS N        the pod 10.99.x.y of number N behind the gateway 10.44.0.1,
//                                   without record or answer
//   attach_floor DEL NETNS N        removes its link
#include "attach/wiring.hpp"
#include "netlink/requests.hpp"

#include <paddock/net/attachment.hpp>

#include <linux/netlink.h>

#include <cstdlib>
#include <cstring>

namespace {

using namespace paddock::net;

constexpr std::uint32_t first_index = 0x60000000U;
constexpr std::uint32_t group = 77;  // not ours: netd removes links of ours without a record

Attachment pod_of(std::uint32_t number) {
  Attachment pod;
  pod.id = {"floor", std::to_string(number), "eth0"};
  pod.host_ifindex = pod.pod_ifindex = first_index + number;
  pod.host_link = "fl" + std::to_string(number);
  pod.host_mac.octets = {
      2, 0, 1, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  pod.pod_mac.octets = {
      2, 0, 2, 0, static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)};
  pod.mtu = 1500;
  pod.addresses = {boost::asio::ip::address_v4(0x0a630000U + number)};
  pod.gateways = {boost::asio::ip::make_address("10.44.0.1")};
  pod.routes = {{{boost::asio::ip::address_v4::any(), 0}, pod.gateways[0], 0, 0}};
  return pod;
}

int add(const char* path, const Attachment& pod) {
  const auto inside = NetworkNamespace::open(path);
  auto host = netlink::Socket::open(NetworkNamespace::current(), NETLINK_ROUTE);
  if (!inside || !host) return 1;
  auto there = netlink::Socket::open(*inside, NETLINK_ROUTE);
  netlink::Batch pair;
  netlink::add_veth(pair, {pod.host_ifindex, pod.mtu, pod.host_link, pod.host_mac, group,
                           inside->descriptor(), pod.id.ifname, pod.pod_mac});
  const bool made = there && host->execute(pair) && host->execute(attach::host_side(pod)) &&
                    there->execute(attach::pod_side(pod));
  return made ? 0 : 1;
}

int remove(const Attachment& pod) {
  auto host = netlink::Socket::open(NetworkNamespace::current(), NETLINK_ROUTE);
  netlink::Batch batch;
  netlink::delete_link(batch, pod.host_ifindex, pod.host_link);
  return host && host->execute(batch) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 0;
  const auto pod = pod_of(static_cast<std::uint32_t>(std::strtoul(argv[3], nullptr, 10)));
  return std::strcmp(argv[1], "ADD") == 0 ? add(argv[2], pod) : remove(pod);
}
