// SPDX-License-Identifier: Apache-2.0
#include "standard/link_settings.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>

namespace paddock::net::standard {
namespace {

using cni::Code;
using cni::Json;
using cni::Refusal;

bool flag(const Json& config, const char* name) {
  const auto* found = cni::find(config, name);
  if (!found) return false;
  if (!found->is_boolean())
    throw Refusal{Code::bad_config, std::string(name) + " must be true or false",
                  "correct the network configuration"};
  return found->get<bool>();
}

[[noreturn]] void refuse_unsupported(const std::string& field, const std::string& why) {
  throw Refusal{Code::unsupported_field, field + " is not supported" + why,
                "take " + field + " out of the configuration"};
}

void refuse_vlans(const Json& config) {
  if (const auto* vlan = cni::find(config, "vlan"); vlan && *vlan != 0)
    refuse_unsupported("vlan", ": bridges of Paddock do not filter VLANs");
  if (const auto* trunk = cni::find(config, "vlanTrunk"); trunk && !trunk->empty())
    refuse_unsupported("vlanTrunk", ": bridges of Paddock do not filter VLANs");
}

BridgePort bridge_port(const Json& config, const cni::Request& request) {
  refuse_vlans(config);
  if (flag(config, "disableContainerInterface"))
    refuse_unsupported("disableContainerInterface", ": the pod's end is always up");
  BridgePort port;
  port.bridge = request.bridge.empty() ? "cni0" : request.bridge;
  port.replaces_addresses = flag(config, "forceAddress");
  port.is_promiscuous = flag(config, "promiscMode");
  port.is_hairpin = flag(config, "hairpinMode");
  port.is_isolated = flag(config, "portIsolation");
  port.guard = flag(config, "macspoofchk") ? SourceGuard::mac : SourceGuard::none;
  if (port.is_promiscuous && port.is_hairpin)
    throw Refusal{Code::bad_config, "hairpinMode and promiscMode exclude one another",
                  "set one of them"};
  return port;
}

Ipam ipam_of(const Json& config, const cni::Request& request) {
  if (!request.delegate.empty()) return Ipam::delegate;
  const auto* ipam = cni::find(config, "ipam");
  const auto* type = ipam ? cni::find(cni::object_of(*ipam, "ipam"), "type") : nullptr;
  if (!type || *type == "") return Ipam::none;
  return *type == "paddock" ? Ipam::paddock : Ipam::host_local;
}

// As the standard plugins name them.
std::string host_link_name() {
  const auto octets = MacAddress::random().octets;
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "veth%02x%02x%02x%02x", octets[2], octets[3], octets[4],
                octets[5]);
  return name.data();
}

Prefix everything(bool v4) {
  if (v4) return {boost::asio::ip::address_v4::any(), 0};
  return {boost::asio::ip::address_v6::any(), 0};
}

IpAddress first_host(const Prefix& network) {
  if (network.address.is_v4())
    return boost::asio::ip::address_v4(network.address.to_v4().to_uint() + 1);
  auto octets = network.address.to_v6().to_bytes();
  octets.back() |= 1;
  return boost::asio::ip::address_v6(octets);
}

}  // namespace

LinkSettings link_settings(const Json& config, const cni::Request& request) {
  LinkSettings settings;
  if (flag(config, "enabledad"))
    refuse_unsupported("enabledad", ": addresses are unique, and used at once");
  if (request.plugin == cni::Plugin::bridge) settings.bridge = bridge_port(config, request);
  settings.is_default_gateway = flag(config, "isDefaultGateway");
  settings.is_gateway = flag(config, "isGateway") || settings.is_default_gateway;
  settings.masquerade = flag(config, "ipMasq");
  settings.ipam = ipam_of(config, request);
  if (!settings.bridge && settings.ipam == Ipam::none)
    throw Refusal{Code::bad_config, "ipam is missing", "ptp needs addresses for both ends"};
  return settings;
}

cni::AddResult complete(const LinkSettings& settings, cni::AddResult given) {
  for (const bool v4 : {true, false}) {
    const auto of_family = [&](const cni::Ip& ip) { return ip.address.address.is_v4() == v4; };
    const auto ip = std::ranges::find_if(given.ips, of_family);
    if (ip == given.ips.end()) continue;
    if (settings.is_gateway && !ip->gateway) ip->gateway = first_host(ip->address.network());
    if (!settings.is_default_gateway) continue;
    const auto is_default = [&](const cni::Route& route) {
      return route.destination == everything(v4);
    };
    if (std::ranges::any_of(given.routes, is_default))
      throw Refusal{Code::bad_config, "isDefaultGateway is set, but ipam gives a default route",
                    "take one of the two out of the configuration"};
    given.routes.push_back({.destination = everything(v4),
                            .gateway = ip->gateway,
                            .priority = {},
                            .table = {},
                            .scope = {}});
  }
  return given;
}

AttachRequest attach_request(const cni::Request& request, const LinkSettings& settings,
                             const cni::AddResult& given, std::uint32_t mtu) {
  AttachRequest wanted;
  wanted.id = {request.network, request.container, request.ifname};
  wanted.host_link = host_link_name();
  wanted.bridge = settings.bridge;
  wanted.mac = request.mac;
  wanted.mtu = request.mtu.value_or(mtu);
  for (const auto& ip : given.ips) {
    wanted.addresses.push_back(ip.address.address);
    if (settings.bridge) wanted.subnets.push_back(ip.address.network());
    if (!ip.gateway) continue;
    wanted.gateways.push_back(*ip.gateway);
    const Prefix gateway{*ip.gateway, ip.address.length};
    if (settings.bridge && settings.is_gateway &&
        std::ranges::find(wanted.bridge->addresses, gateway) == wanted.bridge->addresses.end())
      wanted.bridge->addresses.push_back(gateway);
  }
  const auto gateway_for = [&](bool v4) -> std::optional<IpAddress> {
    const auto found = std::ranges::find(wanted.gateways, v4, &IpAddress::is_v4);
    return found == wanted.gateways.end() ? std::nullopt : std::optional(*found);
  };
  for (const auto& route : given.routes) {
    const auto gateway =
        route.gateway ? route.gateway : gateway_for(route.destination.address.is_v4());
    wanted.routes.push_back({route.destination, gateway, route.mtu, route.priority.value_or(0)});
  }
  return wanted;
}

cni::AddResult add_result(const cni::Request& request, const Attachment& made,
                          const std::optional<MacAddress>& bridge_mac, cni::AddResult given) {
  const auto interface = [&](const std::string& name, const MacAddress& mac, std::uint32_t mtu,
                             const std::string& sandbox) {
    return cni::Interface{name, mac.to_string(), mtu, sandbox, {}, {}};
  };
  cni::AddResult result = std::move(given);
  if (made.bridge)
    result.interfaces.push_back(
        interface(made.bridge->bridge, bridge_mac.value_or(MacAddress{}), made.mtu, {}));
  result.interfaces.push_back(interface(made.host_link, made.host_mac, made.mtu, {}));
  result.interfaces.push_back(interface(request.ifname, made.pod_mac, made.mtu, request.netns));
  for (auto& ip : result.ips) ip.interface = result.interfaces.size() - 1;
  if (!request.dns.empty()) result.dns = request.dns;
  return result;
}

}  // namespace paddock::net::standard
