// SPDX-License-Identifier: Apache-2.0
#include "cni/document.hpp"

#include <boost/system/system_error.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace paddock::net::cni {
namespace {

// Keys in the order the specification lists them, since people read this.
using Ordered = nlohmann::ordered_json;

std::string print(const Ordered& document) {
  return document.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

Ordered format_dns(const Dns& dns) {
  Ordered object = Ordered::object();
  if (!dns.nameservers.empty()) object["nameservers"] = dns.nameservers;
  if (!dns.domain.empty()) object["domain"] = dns.domain;
  if (!dns.search.empty()) object["search"] = dns.search;
  if (!dns.options.empty()) object["options"] = dns.options;
  return object;
}

Ordered format_route(const Route& route, bool extended) {
  Ordered object{{"dst", route.destination.to_string()}};
  if (route.gateway) object["gw"] = route.gateway->to_string();
  if (!extended) return object;
  if (route.mtu != 0) object["mtu"] = route.mtu;
  if (route.advmss != 0) object["advmss"] = route.advmss;
  if (route.priority) object["priority"] = *route.priority;
  if (route.table) object["table"] = *route.table;
  if (route.scope) object["scope"] = *route.scope;
  return object;
}

Ordered format_interface(const Interface& interface, bool extended) {
  Ordered object{{"name", interface.name}};
  if (!interface.mac.empty()) object["mac"] = interface.mac;
  if (extended && interface.mtu != 0) object["mtu"] = interface.mtu;
  if (!interface.sandbox.empty()) object["sandbox"] = interface.sandbox;
  if (extended && !interface.socket_path.empty()) object["socketPath"] = interface.socket_path;
  if (extended && !interface.pci_id.empty()) object["pciID"] = interface.pci_id;
  return object;
}

// The form of 0.1.0 and 0.2.0: one address per family, routes below it, no interfaces.
Ordered format_by_family(const AddResult& result, Ordered document) {
  for (const bool v4 : {true, false}) {
    const auto ip = std::ranges::find_if(
        result.ips, [v4](const Ip& candidate) { return candidate.address.address.is_v4() == v4; });
    if (ip == result.ips.end()) continue;
    Ordered object{{"ip", ip->address.to_string()}};
    if (ip->gateway) object["gateway"] = ip->gateway->to_string();
    for (const auto& route : result.routes) {
      if (route.destination.address.is_v4() == v4)
        object["routes"].push_back(format_route(route, false));
    }
    document[v4 ? "ip4" : "ip6"] = std::move(object);
  }
  document["dns"] = format_dns(result.dns);
  return document;
}

Prefix prefix_of(const Json& value, const std::string& path) {
  const auto text = text_of(value, path);
  const auto prefix = Prefix::parse(text);
  if (!prefix || text.find('/') == std::string::npos)
    throw Refusal{Code::bad_config,
                  path + " must be an address with a prefix length, not \"" + text + "\"",
                  "correct the network configuration"};
  return *prefix;
}

std::optional<IpAddress> gateway_of(const Json& object, const char* name, const std::string& path) {
  const auto* found = find(object, name);
  if (!found || (found->is_string() && found->get_ref<const std::string&>().empty())) return {};
  return address_of(text_of(*found, path), path);
}

Ip ip_of(const Json& value, const char* address_name, const std::string& path) {
  object_of(value, path);
  const auto* address = find(value, address_name);
  Ip ip{.address = prefix_of(address ? *address : Json(), path + "." + address_name),
        .gateway = gateway_of(value, "gateway", path + ".gateway"),
        .interface = {}};
  if (const auto* index = find(value, "interface"); index && *index != -1)
    ip.interface = number_of(*index, path + ".interface");
  return ip;
}

Interface interface_of(const Json& value, const std::string& path) {
  object_of(value, path);
  Interface interface;
  const auto text = [&](const char* name) {
    const auto* found = find(value, name);
    return found ? text_of(*found, path + "." + name) : std::string();
  };
  interface.name = text("name");
  interface.mac = text("mac");
  interface.sandbox = text("sandbox");
  interface.socket_path = text("socketPath");
  interface.pci_id = text("pciID");
  if (const auto* mtu = find(value, "mtu")) interface.mtu = number_of(*mtu, path + ".mtu");
  return interface;
}

void read_by_family(const Json& document, const std::string& path, AddResult& result) {
  for (const auto* name : {"ip4", "ip6"}) {
    const auto* found = find(document, name);
    if (!found) continue;
    result.ips.push_back(ip_of(*found, "ip", path + "." + name));
    if (const auto* routes = find(*found, "routes")) {
      for (const auto& route : array_of(*routes, path + "." + name + ".routes"))
        result.routes.push_back(route_of(route, path + "." + name + ".routes[]"));
    }
  }
}

}  // namespace

Route route_of(const Json& value, const std::string& path) {
  object_of(value, path);
  const auto* destination = find(value, "dst");
  Route route{.destination = prefix_of(destination ? *destination : Json(), path + ".dst"),
              .gateway = gateway_of(value, "gw", path + ".gw"),
              .priority = {},
              .table = {},
              .scope = {}};
  const auto number = [&](const char* name) -> std::optional<std::uint32_t> {
    const auto* found = find(value, name);
    return found ? std::optional(number_of(*found, path + "." + name)) : std::nullopt;
  };
  route.mtu = number("mtu").value_or(0);
  route.advmss = number("advmss").value_or(0);
  route.priority = number("priority");
  route.table = number("table");
  route.scope = number("scope");
  return route;
}

bool Dns::empty() const {
  return nameservers.empty() && domain.empty() && search.empty() && options.empty();
}

void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw boost::system::system_error(make_error_code(boost::system::errc::protocol_error),
                                    failure.msg + ": " + failure.details);
}

AddResult result_of(const Json& document, std::string_view version, const std::string& path) {
  object_of(document, path);
  AddResult result;
  if (const auto* dns = find(document, "dns")) result.dns = dns_of(*dns, path + ".dns");
  if (compare_versions(version, "0.3.0") < 0) {
    read_by_family(document, path, result);
    return result;
  }
  if (const auto* list = find(document, "interfaces")) {
    for (const auto& item : array_of(*list, path + ".interfaces"))
      result.interfaces.push_back(interface_of(item, path + ".interfaces[]"));
  }
  if (const auto* list = find(document, "ips")) {
    for (const auto& item : array_of(*list, path + ".ips")) {
      result.ips.push_back(ip_of(item, "address", path + ".ips[]"));
      const auto index = result.ips.back().interface;
      if (index && *index >= result.interfaces.size())
        throw Refusal{Code::bad_config,
                      path + ".ips[].interface " + std::to_string(*index) +
                          " points past the list of interfaces",
                      "correct the plugin that made prevResult"};
    }
  }
  if (const auto* list = find(document, "routes")) {
    for (const auto& item : array_of(*list, path + ".routes"))
      result.routes.push_back(route_of(item, path + ".routes[]"));
  }
  return result;
}

Expected<AddResult> parse_result(std::string_view json, std::string_view version) {
  try {
    const auto document = parse_object(json);
    std::string own(version);
    if (const auto* found = find(document, "cniVersion")) own = text_of(*found, "cniVersion");
    if (!is_supported(own))
      return Failure{Code::incompatible_version, "result of version " + own + " is not supported",
                     ""};
    return result_of(document, own, "result");
  } catch (const Refusal& refusal) {
    return Failure{refusal.code, refusal.msg, refusal.details};
  }
}

Expected<std::string> format(const AddResult& result, std::string_view version) {
  Ordered document{{"cniVersion", version}};
  if (compare_versions(version, "0.3.0") < 0) {
    if (result.ips.empty())
      return Failure{
          Code::incompatible_version,
          "a result without an address cannot be said in version " + std::string(version),
          "use a cniVersion of 0.3.0 or later", std::string(version)};
    return print(format_by_family(result, std::move(document)));
  }
  const bool extended = compare_versions(version, "1.1.0") >= 0;
  const bool with_family = compare_versions(version, "1.0.0") < 0;
  for (const auto& interface : result.interfaces)
    document["interfaces"].push_back(format_interface(interface, extended));
  for (const auto& ip : result.ips) {
    Ordered object = Ordered::object();
    if (with_family) object["version"] = ip.address.address.is_v4() ? "4" : "6";
    object["address"] = ip.address.to_string();
    if (ip.gateway) object["gateway"] = ip.gateway->to_string();
    if (ip.interface) object["interface"] = *ip.interface;
    document["ips"].push_back(std::move(object));
  }
  for (const auto& route : result.routes)
    document["routes"].push_back(format_route(route, extended));
  document["dns"] = format_dns(result.dns);
  return print(document);
}

std::string format(const Failure& failure) {
  Ordered document{{"cniVersion", failure.version},
                   {"code", static_cast<unsigned>(failure.code)},
                   {"msg", failure.msg}};
  if (!failure.details.empty()) document["details"] = failure.details;
  return print(document);
}

std::string format_versions() {
  const auto versions = supported_versions();
  return print(
      Ordered{{"cniVersion", newest_version},
              {"supportedVersions", std::vector<std::string>(versions.begin(), versions.end())}});
}

}  // namespace paddock::net::cni
