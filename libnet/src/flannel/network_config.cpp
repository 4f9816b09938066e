// SPDX-License-Identifier: Apache-2.0
//
// The rules are those of flannel's CheckNetworkConfig: each host's subnet leaves room for a tunnel
// and a bridge, the network holds four subnets, and the first is skipped, whose address is the
// network's own.
#include "flannel/json.hpp"
#include "ipam/pool_subnet.hpp"

#include <paddock/net/flannel.hpp>

#include <algorithm>
#include <cctype>

namespace paddock::net::flannel {
namespace {

using ipam::Number;
using ipam::to_address;
using ipam::to_number;

// What differs between the families.
struct FamilyRules {
  bool v4;
  const char* network;
  const char* length;
  const char* first;
  const char* last;
  unsigned usual_length;  // of a host's subnet
  unsigned longest_subnet;
  unsigned longest_network;
};
constexpr FamilyRules v4_rules{true, "Network", "SubnetLen", "SubnetMin", "SubnetMax", 24, 30, 28};
constexpr FamilyRules v6_rules{
    false, "IPv6Network", "IPv6SubnetLen", "IPv6SubnetMin", "IPv6SubnetMax", 64, 126, 124};

Prefix network_in(const Fields& fields, const FamilyRules& rules) {
  const auto text = fields.text(rules.network);
  const auto prefix = text.find('/') == std::string::npos ? std::nullopt : Prefix::parse(text);
  if (!prefix || prefix->address.is_v4() != rules.v4 || prefix->address.is_unspecified())
    throw Wrong(rules.network, std::string("must be an ") + (rules.v4 ? "IPv4" : "IPv6") +
                                   " network as ADDRESS/LENGTH");
  return prefix->network();
}

unsigned length_in(const Fields& fields, const FamilyRules& rules, const Prefix& network) {
  const auto length = static_cast<unsigned>(fields.number(rules.length, 0, 128));
  if (length == 0) {
    if (network.length > rules.longest_network)
      throw Wrong(rules.network, "is too small: it must be a /" +
                                     std::to_string(rules.longest_network) + " or larger");
    return network.length + 2 <= rules.usual_length ? rules.usual_length : network.length + 2;
  }
  if (length > rules.longest_subnet)
    throw Wrong(rules.length, "must be " + std::to_string(rules.longest_subnet) + " at most");
  if (length < network.length + 2)
    throw Wrong(rules.length, "must be " + std::to_string(network.length + 2) +
                                  " at least, so that " + network.to_string() +
                                  " holds four subnets");
  return length;
}

IpAddress border_in(const Fields& fields, const FamilyRules& rules, const char* name,
                    const SubnetPool& pool, const IpAddress& usual) {
  const auto text = fields.text(name);
  if (text.empty()) return usual;
  boost::system::error_code failed;
  const auto address = boost::asio::ip::make_address(text, failed);
  if (failed || address.is_v4() != rules.v4) throw Wrong(name, "must be an address");
  if (address.is_unspecified()) return usual;
  if (!pool.network.contains(address)) throw Wrong(name, "must lie in " + pool.network.to_string());
  const Prefix subnet{address, pool.length};
  if (!(subnet == subnet.network()))
    throw Wrong(name, "must be where a subnet begins: did you mean " +
                          subnet.network().address.to_string() + "?");
  return address;
}

SubnetPool pool_in(const Fields& fields, const FamilyRules& rules) {
  const auto network = network_in(fields, rules);
  const auto length = length_in(fields, rules, network);
  auto pool = SubnetPool::make(network, length).value();
  const Number size = Number{1} << ((rules.v4 ? 32U : 128U) - length);
  const auto second = to_address(to_number(network.address) + size, rules.v4);
  pool.first = border_in(fields, rules, rules.first, pool, second);
  pool.last = border_in(fields, rules, rules.last, pool, pool.last);
  if (pool.last < pool.first)
    throw Wrong(rules.last, "must not come before " + pool.first.to_string());
  return pool;
}

void read_wireguard(const Fields& backend, NetworkConfig& config) {
  const auto port = [&](const char* name, std::uint16_t usual) {
    return static_cast<std::uint16_t>(backend.number(name, usual, 65535));
  };
  config.listen_port = port("ListenPort", config.listen_port);
  config.listen_port_v6 = port("ListenPortV6", config.listen_port_v6);
  config.keepalive = port("PersistentKeepaliveInterval", 0);
  if (const auto mode = backend.text("Mode"); !mode.empty()) config.mode = mode;
  const auto text = backend.text("PSK");
  if (text.empty()) return;
  const auto key = WireguardKey::parse(text);
  if (!key) throw Wrong("Backend.PSK", "must be a key, as wg genpsk makes");
  config.shared_key = *key;
}

void read_backend(const Fields& backend, NetworkConfig& config) {
  config.backend = backend.text("Type");
  if (config.backend.empty()) throw Wrong("Backend.Type", "must name a backend, as vxlan");
  std::ranges::transform(config.backend, config.backend.begin(), [](unsigned char letter) {
    return static_cast<char>(std::tolower(letter));
  });
  constexpr std::uint64_t most_networks = (1U << 24U) - 1;
  config.vni = static_cast<std::uint32_t>(backend.number("VNI", config.vni, most_networks));
  config.port = static_cast<std::uint16_t>(backend.number("Port", 0, 65535));
  config.mtu = static_cast<std::uint32_t>(backend.number("MTU", 0, 65535));
  config.gbp = backend.flag("GBP", false);
  config.learning = backend.flag("Learning", false);
  config.direct_routing = backend.flag("DirectRouting", false);
  if (config.backend == "wireguard") read_wireguard(backend, config);
}

}  // namespace

Result<NetworkConfig> parse_network_config(std::string_view json) {
  return attempt("flannel's configuration", [&] {
    const auto object = parse_object(json);
    const Fields fields(object, "");
    NetworkConfig config;
    if (fields.flag("EnableIPv4", true)) config.v4 = pool_in(fields, v4_rules);
    if (fields.flag("EnableIPv6", false)) config.v6 = pool_in(fields, v6_rules);
    if (!config.v4 && !config.v6)
      throw Wrong("EnableIPv4", "must be true, or EnableIPv6: a network has addresses");
    if (const auto* backend = fields.find("Backend")) read_backend({*backend, "Backend."}, config);
    return config;
  });
}

}  // namespace paddock::net::flannel
