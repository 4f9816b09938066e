// SPDX-License-Identifier: Apache-2.0
#include "pods/attach_result.hpp"

#include <algorithm>
#include <utility>

namespace paddock::net {

AttachRequest to_attach_request(const AttachmentId& id, const cni::Request& request,
                                const Reservation& reserved, const AttachDefaults& defaults) {
  AttachRequest wanted;
  wanted.id = id;
  wanted.addresses = reserved.addresses;
  wanted.gateways = reserved.gateways;
  wanted.mac = request.mac;
  wanted.mtu = request.mtu.value_or(defaults.mtu);
  wanted.ports = request.ports;
  wanted.bandwidth = request.bandwidth;
  if (request.data_path.value_or(defaults.data_path) == DataPath::bridge) {
    wanted.subnets = reserved.subnets;
    auto& port = wanted.bridge.emplace();
    port.bridge = request.bridge.empty() ? "br-" + request.network : request.bridge;
    for (std::size_t i = 0; i < reserved.gateways.size(); ++i)
      port.addresses.push_back({reserved.gateways[i], reserved.subnets[i].length});
  }
  for (const auto& gateway : reserved.gateways) {
    const auto everywhere = gateway.is_v4() ? IpAddress(boost::asio::ip::address_v4::any())
                                            : IpAddress(boost::asio::ip::address_v6::any());
    wanted.routes.push_back({.destination = {everywhere, 0}, .gateway = gateway});
  }
  return wanted;
}

cni::AddResult to_result(const cni::Request& request, const Attachment& attachment,
                         const cni::Dns& dns) {
  cni::AddResult result = request.previous.value_or(cni::AddResult{});
  if (attachment.bridge)
    result.interfaces.push_back({.name = attachment.bridge->bridge,
                                 .mac = {},
                                 .mtu = 0,
                                 .sandbox = {},
                                 .socket_path = {},
                                 .pci_id = {}});
  result.interfaces.push_back({.name = attachment.host_link,
                               .mac = attachment.host_mac.to_string(),
                               .mtu = attachment.mtu,
                               .sandbox = {},
                               .socket_path = {},
                               .pci_id = {}});
  result.interfaces.push_back({.name = request.ifname,
                               .mac = attachment.pod_mac.to_string(),
                               .mtu = attachment.mtu,
                               .sandbox = request.netns,
                               .socket_path = {},
                               .pci_id = {}});
  const auto pod_end = result.interfaces.size() - 1;
  for (const auto& address : attachment.addresses) {
    const auto gateway = std::ranges::find(attachment.gateways, address.is_v4(), &IpAddress::is_v4);
    result.ips.push_back(
        {.address = attachment.prefix_of(address),
         .gateway = gateway == attachment.gateways.end() ? std::nullopt : std::optional(*gateway),
         .interface = pod_end});
  }
  for (const auto& route : attachment.routes)
    result.routes.push_back({.destination = route.destination,
                             .gateway = route.gateway,
                             .priority = {},
                             .table = {},
                             .scope = {}});
  if (result.dns.empty()) result.dns = dns;
  return result;
}

cni::Dns merge(const cni::Dns& asked, cni::Dns ours, const std::string& pod_namespace) {
  static constexpr std::string_view placeholder = "{namespace}";
  for (auto& domain : ours.search) {
    const auto at = domain.find(placeholder);
    if (at != std::string::npos) domain.replace(at, placeholder.size(), pod_namespace);
  }
  if (!asked.nameservers.empty()) ours.nameservers = asked.nameservers;
  if (!asked.domain.empty()) ours.domain = asked.domain;
  if (!asked.search.empty()) ours.search = asked.search;
  if (!asked.options.empty()) ours.options = asked.options;
  return ours;
}

Attachment expected_of(const Lease& lease, const cni::AddResult& previous) {
  auto expected = lease.attachment;
  if (!lease.kept.contains("plugin")) return expected;
  expected.mtu = 0;
  for (const auto& interface : previous.interfaces) {
    const bool is_pods = interface.name == expected.id.ifname && !interface.sandbox.empty();
    if (is_pods) expected.pod_mac = MacAddress::parse(interface.mac).value_or(expected.pod_mac);
  }
  return expected;
}

std::vector<std::string> missing_in(const cni::AddResult& previous, const std::string& netns,
                                    const Attachment& attachment) {
  std::vector<std::string> missing;
  for (const auto& address : attachment.addresses) {
    const bool found = std::ranges::any_of(
        previous.ips, [&](const cni::Ip& ip) { return ip.address.address == address; });
    if (!found)
      missing.push_back("prevResult lacks the address " + address.to_string() + " of the record");
  }
  const bool has_own = std::ranges::any_of(previous.interfaces, [&](const auto& interface) {
    return interface.name == attachment.id.ifname && interface.sandbox == netns;
  });
  if (!previous.interfaces.empty() && !has_own)
    missing.push_back("prevResult has no interface " + attachment.id.ifname + " in " + netns);
  for (const auto& interface : previous.interfaces) {
    const bool is_pods = interface.name == attachment.id.ifname && !interface.sandbox.empty();
    if (is_pods && !interface.mac.empty() && MacAddress::parse(interface.mac) != attachment.pod_mac)
      missing.push_back("prevResult has the MAC address " + interface.mac + " for " +
                        interface.name + ", the record " + attachment.pod_mac.to_string());
  }
  return missing;
}

}  // namespace paddock::net
