// SPDX-License-Identifier: Apache-2.0
#include "ipam/lease_record.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace paddock::net {
namespace {

using Json = nlohmann::json;

constexpr int record_version = 1;
constexpr std::array<const char*, 2> state_names = {"attached", "detaching"};
constexpr std::array<const char*, 3> guard_names = {"none", "mac", "addresses"};

Json format_addresses(const std::vector<IpAddress>& addresses) {
  Json list = Json::array();
  for (const auto& address : addresses) list.push_back(address.to_string());
  return list;
}

// Below here a wrong type throws Json::exception and a wrong text std::exception: a damaged record.

template <class Value, std::size_t count>
Value parse_name(const std::array<const char*, count>& names, const Json& name) {
  const auto found = std::ranges::find(names, name.get<std::string_view>());
  if (found == names.end()) throw std::invalid_argument("name");
  return static_cast<Value>(found - names.begin());
}

std::vector<IpAddress> parse_addresses(const Json& list) {
  std::vector<IpAddress> addresses;
  for (const auto& text : list)
    addresses.push_back(boost::asio::ip::make_address(text.get_ref<const std::string&>()));
  return addresses;
}

MacAddress parse_mac(const Json& text) {
  return MacAddress::parse(text.get_ref<const std::string&>()).value();
}

Json format_route(const PodRoute& route) {
  Json object{{"dst", route.destination.to_string()}};
  if (route.gateway) object["gw"] = route.gateway->to_string();
  if (route.mtu != 0) object["mtu"] = route.mtu;
  if (route.metric != 0) object["metric"] = route.metric;
  if (route.advmss != 0) object["advmss"] = route.advmss;
  if (route.table != PodRoute().table) object["table"] = route.table;
  if (route.scope) object["scope"] = *route.scope;
  return object;
}

PodRoute parse_route(const Json& object) {
  PodRoute route;
  route.destination = Prefix::parse(object.at("dst").get_ref<const std::string&>()).value();
  if (object.contains("gw"))
    route.gateway = boost::asio::ip::make_address(object["gw"].get_ref<const std::string&>());
  route.mtu = object.value("mtu", 0U);
  route.metric = object.value("metric", 0U);
  route.advmss = object.value("advmss", 0U);
  route.table = object.value("table", route.table);
  if (object.contains("scope")) route.scope = object["scope"].get<std::uint8_t>();
  return route;
}

Json format_prefixes(const std::vector<Prefix>& prefixes) {
  Json list = Json::array();
  for (const auto& prefix : prefixes) list.push_back(prefix.to_string());
  return list;
}

std::vector<Prefix> parse_prefixes(const Json& list) {
  std::vector<Prefix> prefixes;
  for (const auto& text : list)
    prefixes.push_back(Prefix::parse(text.get_ref<const std::string&>()).value());
  return prefixes;
}

Json format_bridge(const BridgePort& port) {
  return {{"name", port.bridge},
          {"addresses", format_prefixes(port.addresses)},
          {"replaces", port.replaces_addresses},
          {"promiscuous", port.is_promiscuous},
          {"hairpin", port.is_hairpin},
          {"isolated", port.is_isolated},
          {"down", port.leaves_pod_down},
          {"guard", guard_names.at(static_cast<std::size_t>(port.guard))}};
}

BridgePort parse_bridge(const Json& object) {
  BridgePort port;
  port.bridge = object.at("name").get<std::string>();
  port.addresses = parse_prefixes(object.at("addresses"));
  port.replaces_addresses = object.at("replaces").get<bool>();
  port.is_promiscuous = object.at("promiscuous").get<bool>();
  port.is_hairpin = object.at("hairpin").get<bool>();
  port.is_isolated = object.at("isolated").get<bool>();
  port.leaves_pod_down = object.value("down", false);
  port.guard = parse_name<SourceGuard>(guard_names, object.at("guard"));
  return port;
}

Json format_ports(const std::vector<PortMapping>& ports) {
  Json list = Json::array();
  for (const auto& port : ports) {
    list.push_back({{"host", port.host_port},
                    {"pod", port.pod_port},
                    {"protocol", static_cast<unsigned>(port.protocol)}});
    if (port.host_address) list.back()["address"] = port.host_address->to_string();
  }
  return list;
}

std::vector<PortMapping> parse_ports(const Json& list) {
  std::vector<PortMapping> ports;
  for (const auto& object : list) {
    PortMapping port{object.at("host").get<std::uint16_t>(),
                     object.at("pod").get<std::uint16_t>(),
                     static_cast<Protocol>(object.at("protocol").get<std::uint8_t>()),
                     {}};
    if (object.contains("address"))
      port.host_address =
          boost::asio::ip::make_address(object["address"].get_ref<const std::string&>());
    ports.push_back(port);
  }
  return ports;
}

Json format_limit(const RateLimit& limit) { return Json::array({limit.rate, limit.burst}); }

RateLimit parse_limit(const Json& list) {
  return {list.at(0).get<std::uint64_t>(), list.at(1).get<std::uint64_t>()};
}

Json format_attachment(const Attachment& attachment) {
  Json routes = Json::array();
  for (const auto& route : attachment.routes) routes.push_back(format_route(route));
  Json object{{"host_link", attachment.host_link},
              {"host_ifindex", attachment.host_ifindex},
              {"pod_ifindex", attachment.pod_ifindex},
              {"host_mac", attachment.host_mac.to_string()},
              {"pod_mac", attachment.pod_mac.to_string()},
              {"mtu", attachment.mtu},
              {"addresses", format_addresses(attachment.addresses)},
              {"gateways", format_addresses(attachment.gateways)},
              {"routes", std::move(routes)}};
  if (!attachment.subnets.empty()) object["subnets"] = format_prefixes(attachment.subnets);
  if (attachment.has_own_gateways) object["own_gateways"] = true;
  if (attachment.bridge) object["bridge"] = format_bridge(*attachment.bridge);
  if (!attachment.ports.empty()) object["ports"] = format_ports(attachment.ports);
  if (attachment.bandwidth != Bandwidth{})
    object["bandwidth"] = {format_limit(attachment.bandwidth.ingress),
                           format_limit(attachment.bandwidth.egress)};
  return object;
}

Attachment parse_attachment(const AttachmentId& id, const Json& object) {
  Attachment attachment;
  attachment.id = id;
  attachment.host_link = object.at("host_link").get<std::string>();
  attachment.host_ifindex = object.at("host_ifindex").get<std::uint32_t>();
  attachment.pod_ifindex = object.at("pod_ifindex").get<std::uint32_t>();
  attachment.host_mac = parse_mac(object.at("host_mac"));
  attachment.pod_mac = parse_mac(object.at("pod_mac"));
  attachment.mtu = object.at("mtu").get<std::uint32_t>();
  attachment.addresses = parse_addresses(object.at("addresses"));
  attachment.gateways = parse_addresses(object.at("gateways"));
  for (const auto& route : object.at("routes")) attachment.routes.push_back(parse_route(route));
  if (object.contains("subnets")) attachment.subnets = parse_prefixes(object["subnets"]);
  attachment.has_own_gateways = object.value("own_gateways", false);
  if (object.contains("bridge")) attachment.bridge = parse_bridge(object["bridge"]);
  if (object.contains("ports")) attachment.ports = parse_ports(object["ports"]);
  if (object.contains("bandwidth"))
    attachment.bandwidth = {parse_limit(object["bandwidth"].at(0)),
                            parse_limit(object["bandwidth"].at(1))};
  return attachment;
}

Lease read_lease(const AttachmentId& id, const Json& object) {
  Lease lease;
  lease.state = parse_name<LeaseState>(state_names, object.at("state"));
  lease.attachment = parse_attachment(id, object.at("attachment"));
  lease.netns_path = object.at("netns").get<std::string>();
  lease.netns = {object.at("netns_device").get<std::uint64_t>(),
                 object.at("netns_inode").get<std::uint64_t>()};
  lease.boot_id = object.at("boot").get<std::string>();
  const auto& pod = object.at("pod");
  lease.pod.name_space = pod.at("namespace").get<std::string>();
  lease.pod.name = pod.at("name").get<std::string>();
  lease.pod.uid = pod.at("uid").get<std::string>();
  lease.pod.labels = pod.at("labels").get<std::map<std::string, std::string>>();
  lease.pod.aliases = pod.at("aliases").get<std::vector<std::string>>();
  lease.result = object.at("result").get<std::string>();
  lease.changed = std::chrono::system_clock::time_point(
      std::chrono::milliseconds(object.at("changed").get<std::int64_t>()));
  if (object.contains("kept"))
    lease.kept = object["kept"].get<std::map<std::string, std::string>>();
  return lease;
}

}  // namespace

std::int64_t to_milliseconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

std::string format_lease_key(const AttachmentId& id) {
  std::string key = id.network;
  key += '\0';
  key += id.container;
  key += '\0';
  return key += id.ifname;
}

std::optional<AttachmentId> parse_lease_key(std::string_view key) {
  const auto first = key.find('\0');
  const auto second = first == std::string_view::npos ? first : key.find('\0', first + 1);
  if (second == std::string_view::npos) return {};
  return AttachmentId{std::string(key.substr(0, first)),
                      std::string(key.substr(first + 1, second - first - 1)),
                      std::string(key.substr(second + 1))};
}

std::string format_lease(const Lease& lease) {
  Json object{{"version", record_version},
              {"state", state_names.at(static_cast<std::size_t>(lease.state))},
              {"attachment", format_attachment(lease.attachment)},
              {"netns", lease.netns_path},
              {"netns_device", lease.netns.device},
              {"netns_inode", lease.netns.inode},
              {"boot", lease.boot_id},
              {"pod",
               {{"namespace", lease.pod.name_space},
                {"name", lease.pod.name},
                {"uid", lease.pod.uid},
                {"labels", lease.pod.labels},
                {"aliases", lease.pod.aliases}}},
              {"result", lease.result},
              {"changed", to_milliseconds(lease.changed)}};
  if (!lease.kept.empty()) object["kept"] = lease.kept;
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Lease> parse_lease(const AttachmentId& id, std::string_view value) {
  try {
    const auto object = Json::parse(value);
    if (object.at("version").get<int>() != record_version) return {};
    return read_lease(id, object);
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace paddock::net
