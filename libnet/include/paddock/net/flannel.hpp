// SPDX-License-Identifier: Apache-2.0
//
// What flannel keeps in etcd and on disk, to the byte, so that its hosts and ours are one network:
// the network's configuration (PREFIX/config), a host's subnets (a key and a value below
// PREFIX/subnets/), the same as annotations of Kubernetes nodes, and subnet.env. Pure.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>
#include <paddock/net/subnet_pool.hpp>
#include <paddock/net/wireguard.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net::flannel {

// PREFIX/config, or net-conf.json. Fields that are absent have flannel's defaults.
struct NetworkConfig {
  std::optional<SubnetPool> v4;
  std::optional<SubnetPool> v6;
  std::string backend = "udp";  // in lower case
  std::uint32_t vni = 1;
  std::uint16_t port = 0;  // 0: the kernel's own
  std::uint32_t mtu = 0;   // of the underlay; 0: that of its interface
  bool gbp = false;
  bool learning = false;
  bool direct_routing = false;
  // Of the backend wireguard.
  std::string mode = "separate";  // a device for each family
  std::uint16_t listen_port = 51820;
  std::uint16_t listen_port_v6 = 51821;
  std::uint16_t keepalive = 0;  // seconds; 0: none
  WireguardKey shared_key;      // unset: none

  friend bool operator==(const NetworkConfig&, const NetworkConfig&) = default;
};
// Names are matched as Go does, whatever their case; unknown ones are left alone. An error names
// the field and says what it must be.
[[nodiscard]] PADDOCK_NET_EXPORT Result<NetworkConfig> parse_network_config(std::string_view json);

// A host's subnets, one of each family the network has; also the name of their key below
// PREFIX/subnets/: "10.5.34.0-24", "10.5.34.0-24&fc00:0:0:1::-64".
struct Subnets {
  std::optional<Prefix> v4;
  std::optional<Prefix> v6;

  friend bool operator==(const Subnets&, const Subnets&) = default;
};
[[nodiscard]] PADDOCK_NET_EXPORT std::optional<Subnets> parse_key(std::string_view name);
[[nodiscard]] PADDOCK_NET_EXPORT std::string format_key(const Subnets& subnets);

// What the kernel of another host needs to send to a VXLAN device.
struct VxlanData {
  std::uint32_t vni = 0;
  MacAddress mac;

  friend bool operator==(const VxlanData&, const VxlanData&) = default;
};

// How a host is reached: the value of its key.
struct HostRecord {
  std::optional<IpAddress> public_ip;    // IPv4
  std::optional<IpAddress> public_ipv6;  // IPv6
  std::string backend;                   // "vxlan", "host-gw"…
  std::optional<VxlanData> data;         // of backend vxlan
  std::optional<VxlanData> v6_data;
  std::optional<WireguardKey> key;  // of backend wireguard, the same for both families

  friend bool operator==(const HostRecord&, const HostRecord&) = default;
};
[[nodiscard]] PADDOCK_NET_EXPORT Result<HostRecord> parse_record(std::string_view json);
[[nodiscard]] PADDOCK_NET_EXPORT std::string format_record(const HostRecord& record);

// The annotations that say the same of a Kubernetes node, behind "flannel.alpha.coreos.com/".
inline constexpr std::string_view annotation_prefix = "flannel.alpha.coreos.com/";
struct Annotation {
  std::string name;  // without the prefix
  std::string value;

  friend bool operator==(const Annotation&, const Annotation&) = default;
};
[[nodiscard]] PADDOCK_NET_EXPORT std::vector<Annotation> format_annotations(
    const HostRecord& record);
// Absent when there is no backend-type among them: the node is not of this network. An error names
// the annotation. public-ip-overwrite comes before public-ip.
[[nodiscard]] PADDOCK_NET_EXPORT Result<std::optional<HostRecord>> parse_annotations(
    const std::vector<Annotation>& annotations);

// subnet.env, as flannel's CNI plugin and docker's start scripts read it.
struct SubnetFile {
  std::vector<Prefix> networks;  // of both families
  Subnets subnets;
  std::uint32_t mtu = 0;
  bool masquerade = false;
};
[[nodiscard]] PADDOCK_NET_EXPORT std::string format_subnet_file(const SubnetFile& file);
// The subnets that such a file says this host has; absent when it says none, or not rightly.
[[nodiscard]] PADDOCK_NET_EXPORT std::optional<Subnets> parse_subnet_file(std::string_view text);

}  // namespace paddock::net::flannel
