// SPDX-License-Identifier: Apache-2.0
#include "flannel/json.hpp"

#include <paddock/net/flannel.hpp>

#include <algorithm>
#include <charconv>

namespace paddock::net::flannel {
namespace {

// flannel's own order of members.
using OrderedJson = nlohmann::ordered_json;

constexpr unsigned longest_v4 = 31;
constexpr unsigned longest_v6 = 127;

// "10.5.34.0-24"
std::optional<Prefix> parse_half(std::string_view text, bool v4) {
  const auto dash = text.rfind('-');
  if (dash == std::string_view::npos) return {};
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(text.substr(0, dash), failed);
  const auto digits = text.substr(dash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), length);
  const bool is_number = !digits.empty() && error == std::errc{} && end == digits.end();
  if (failed || address.is_v4() != v4 || !is_number || length > (v4 ? longest_v4 : longest_v6))
    return {};
  if (address.is_v6() && address.to_v6().scope_id() != 0) return {};
  return Prefix{address, length};
}

std::optional<IpAddress> address_in(const Fields& fields, const char* name, bool v4) {
  const auto text = fields.text(name);
  if (text.empty()) return {};
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(text, failed);
  if (failed || address.is_v4() != v4)
    throw Wrong(name, std::string("must be an ") + (v4 ? "IPv4" : "IPv6") + " address");
  if (address.is_unspecified()) return {};  // what flannel writes for none
  return address;
}

VxlanData vxlan_in(const Json& json, const std::string& name) {
  const Fields fields(json, name + ".");
  const auto mac = MacAddress::parse(fields.text("VtepMAC"));
  if (!mac) throw Wrong(name + ".VtepMAC", "must be a MAC address");
  constexpr std::uint64_t most_networks = (1U << 24U) - 1;
  // flannel before 0.11 did not say it.
  const auto vni = static_cast<std::uint32_t>(fields.number("VNI", 1, most_networks));
  return {vni, *mac};
}

std::optional<VxlanData> vxlan_in(const Fields& fields, const char* name) {
  const auto* data = fields.find(name);
  if (!data) return {};
  return vxlan_in(*data, name);
}

// What is no key is as none: the host is known, and nothing goes to it.
std::optional<WireguardKey> key_in(const Json& json) {
  return json.is_object() ? WireguardKey::parse(Fields(json, "").text("PublicKey")) : std::nullopt;
}

OrderedJson to_json(const WireguardKey& key) { return {{"PublicKey", key.to_string()}}; }

OrderedJson to_json(const VxlanData& data) {
  return {{"VNI", data.vni}, {"VtepMAC", data.mac.to_string()}};
}

}  // namespace

std::optional<Subnets> parse_key(std::string_view name) {
  const auto both = name.find('&');
  const auto v4 = parse_half(name.substr(0, both), true);
  if (!v4) return {};
  Subnets subnets;
  if (!v4->address.is_unspecified()) subnets.v4 = v4;
  if (both != std::string_view::npos) {
    subnets.v6 = parse_half(name.substr(both + 1), false);
    if (!subnets.v6) return {};
  }
  if (!subnets.v4 && !subnets.v6) return {};
  return subnets;
}

std::string format_key(const Subnets& subnets) {
  const auto half = [](const Prefix& prefix) {
    return prefix.address.to_string() + "-" + std::to_string(prefix.length);
  };
  std::string name = subnets.v4 ? half(*subnets.v4) : "0.0.0.0-0";
  if (subnets.v6) name += "&" + half(*subnets.v6);
  return name;
}

Result<HostRecord> parse_record(std::string_view json) {
  return attempt("flannel's record of a host", [&] {
    const auto object = parse_object(json);
    const Fields fields(object, "");
    HostRecord record;
    record.public_ip = address_in(fields, "PublicIP", true);
    record.public_ipv6 = address_in(fields, "PublicIPv6", false);
    record.backend = fields.text("BackendType");
    if (record.backend == "wireguard") {
      for (const char* name : {"BackendData", "BackendV6Data"}) {
        const auto* data = fields.find(name);
        if (data && !record.key) record.key = key_in(*data);
      }
    }
    if (record.backend != "vxlan") return record;
    record.data = vxlan_in(fields, "BackendData");
    record.v6_data = vxlan_in(fields, "BackendV6Data");
    return record;
  });
}

std::string format_record(const HostRecord& record) {
  OrderedJson json;
  json["PublicIP"] = record.public_ip ? record.public_ip->to_string() : "0.0.0.0";
  if (record.public_ipv6)
    json["PublicIPv6"] = record.public_ipv6->to_string();
  else
    json["PublicIPv6"] = nullptr;
  if (!record.backend.empty()) json["BackendType"] = record.backend;
  if (record.data) json["BackendData"] = to_json(*record.data);
  if (record.v6_data) json["BackendV6Data"] = to_json(*record.v6_data);
  if (record.key && record.public_ip) json["BackendData"] = to_json(*record.key);
  if (record.key && record.public_ipv6) json["BackendV6Data"] = to_json(*record.key);
  return json.dump();
}

std::vector<Annotation> format_annotations(const HostRecord& record) {
  std::vector<Annotation> annotations{{"backend-type", record.backend}};
  // "null" is what flannel writes of a family it does not have.
  const auto data = [&](const std::optional<VxlanData>& vxlan) {
    if (record.key) return to_json(*record.key).dump();
    return vxlan ? to_json(*vxlan).dump() : std::string("null");
  };
  if (record.public_ip) {
    annotations.push_back({"public-ip", record.public_ip->to_string()});
    annotations.push_back({"backend-data", data(record.data)});
  }
  if (record.public_ipv6) {
    annotations.push_back({"public-ipv6", record.public_ipv6->to_string()});
    annotations.push_back({"backend-v6-data", data(record.v6_data)});
  }
  return annotations;
}

Result<std::optional<HostRecord>> parse_annotations(const std::vector<Annotation>& annotations) {
  return attempt("flannel's annotations", [&]() -> std::optional<HostRecord> {
    Json json = Json::object();
    for (const auto& [name, value] : annotations) json[name] = value;
    const Fields fields(json, "");
    HostRecord record;
    record.backend = fields.text("backend-type");
    if (record.backend.empty()) return {};
    const auto address = [&](const char* first, const char* second, bool v4) {
      const auto found = address_in(fields, first, v4);
      return found ? found : address_in(fields, second, v4);
    };
    record.public_ip = address("public-ip-overwrite", "public-ip", true);
    record.public_ipv6 = address("public-ipv6-overwrite", "public-ipv6", false);
    if (record.backend == "wireguard") {
      for (const char* name : {"backend-data", "backend-v6-data"}) {
        const auto json_text = fields.text(name);
        if (!json_text.empty() && json_text != "null" && !record.key)
          record.key = key_in(Json::parse(json_text, nullptr, false));
      }
    }
    if (record.backend != "vxlan") return record;
    const auto data = [&](const char* name) -> std::optional<VxlanData> {
      const auto text = fields.text(name);
      if (text.empty() || text == "null") return {};
      try {
        return vxlan_in(parse_object(text), name);
      } catch (const Wrong& wrong) {
        throw Wrong(std::string(name) + ": " + wrong.what());
      }
    };
    record.data = data("backend-data");
    record.v6_data = data("backend-v6-data");
    return record;
  });
}

}  // namespace paddock::net::flannel
