// SPDX-License-Identifier: Apache-2.0
#include "standard/link_settings.hpp"

#include <linux/rtnetlink.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>

namespace paddock::net::standard {
namespace {

using cni::Code;
using cni::Json;
using cni::Refusal;

constexpr int highest_vlan = 4094;

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

[[noreturn]] void refuse_value(const std::string& msg) {
  throw Refusal{Code::bad_config, msg, "correct the network configuration"};
}

std::int64_t vlan_of(const Json& value, const std::string& path) {
  if (!value.is_number_integer() || value < 0 || value > highest_vlan)
    refuse_value(path + " must be a VLAN of 0 to 4094, not " + value.dump());
  return value.get<std::int64_t>();
}

// {minID, maxID} or {id}.
void check_trunk(const Json& item) {
  const std::string path = "vlanTrunk[]";
  cni::object_of(item, path);
  const auto* least = cni::find(item, "minID");
  const auto* most = cni::find(item, "maxID");
  if (const auto* id = cni::find(item, "id")) vlan_of(*id, path + ".id");
  if (!least && !most) return;
  if (!least || !most)
    refuse_value(path + (least ? ".maxID" : ".minID") + " is missing: a range has both ends");
  if (vlan_of(*least, path + ".minID") > vlan_of(*most, path + ".maxID"))
    refuse_value(path + ".minID is greater than maxID");
}

// What is wrong is told apart from what we do not have.
void refuse_vlans(const Json& config) {
  const auto* vlan = cni::find(config, "vlan");
  const auto* trunk = cni::find(config, "vlanTrunk");
  const bool has_vlan = vlan && vlan_of(*vlan, "vlan") != 0;
  if (trunk) {
    for (const auto& item : cni::array_of(*trunk, "vlanTrunk")) check_trunk(item);
  }
  if (has_vlan) refuse_unsupported("vlan", ": bridges of Paddock do not filter VLANs");
  if (trunk && !trunk->empty())
    refuse_unsupported("vlanTrunk", ": bridges of Paddock do not filter VLANs");
}

BridgePort bridge_port(const Json& config, const cni::Request& request) {
  refuse_vlans(config);
  BridgePort port;
  port.leaves_pod_down = flag(config, "disableContainerInterface");
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

// One whose scope is the link leads to no gateway unless it names one.
PodRoute pod_route(const cni::Route& given, const std::optional<IpAddress>& gateway) {
  PodRoute route;
  route.destination = given.destination;
  route.gateway = given.gateway;
  if (!route.gateway && given.scope.value_or(0) < RT_SCOPE_LINK) route.gateway = gateway;
  route.mtu = given.mtu;
  route.metric = given.priority.value_or(0);
  route.advmss = given.advmss;
  if (given.table.value_or(0) != 0) route.table = *given.table;
  if (given.scope) route.scope = static_cast<std::uint8_t>(*given.scope);
  return route;
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
  if (settings.bridge && settings.bridge->leaves_pod_down && settings.ipam != Ipam::none)
    refuse_value("disableContainerInterface is set, but ipam gives the interface addresses");
  if (settings.ipam == Ipam::none && cni::compare_versions(request.version, "0.3.0") < 0)
    throw Refusal{Code::incompatible_version,
                  "version " + request.version + " cannot say a result without an address",
                  "use a cniVersion of 0.3.0 or later"};
  if (!settings.bridge && settings.ipam == Ipam::none)
    throw Refusal{Code::bad_config, "ipam is missing", "ptp needs addresses for both ends"};
  return settings;
}

cni::AddResult complete(const LinkSettings& settings, cni::AddResult given) {
  for (const auto& route : given.routes) {
    if (route.scope.value_or(0) > 255) refuse_value("routes[].scope must be 0 to 255");
  }
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
  wanted.has_own_gateways = !settings.bridge;
  for (const auto& ip : given.ips) {
    wanted.addresses.push_back(ip.address.address);
    wanted.subnets.push_back(ip.address.network());
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
    // Configurations name both families' default routes whether or not there are addresses of both.
    if (std::ranges::find(wanted.addresses, route.destination.address.is_v4(), &IpAddress::is_v4) ==
        wanted.addresses.end())
      continue;
    wanted.routes.push_back(pod_route(route, gateway_for(route.destination.address.is_v4())));
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
