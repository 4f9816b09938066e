// SPDX-License-Identifier: Apache-2.0
#include "netd/peers.hpp"

#include <algorithm>
#include <array>

namespace paddock::netd {
namespace {

namespace flannel = net::flannel;

std::optional<net::TunnelEnd> end_of(const std::optional<net::IpAddress>& address,
                                     const std::optional<flannel::VxlanData>& data) {
  if (!address) return {};
  net::TunnelEnd end;
  end.underlay = *address;
  if (data) end.mac = data->mac;
  return end;
}

// A host that encrypts must not be sent to by the default route either.
std::optional<net::OverlayBackend> backend_named(const std::string& name) {
  if (name == "ipsec") return net::OverlayBackend::encrypted;
  return net::parse_overlay_backend(name);
}

}  // namespace

std::optional<net::Peer> peer_of(const std::string& host, const flannel::HostRecord& record) {
  const auto backend = backend_named(record.backend);
  if (!backend) return {};
  net::Peer peer;
  peer.host = host;
  peer.backend = *backend;
  peer.v4 = end_of(record.public_ip, record.data);
  peer.v6 = end_of(record.public_ipv6, record.v6_data);
  peer.key = record.key;
  if (record.data)
    peer.vni = record.data->vni;
  else if (record.v6_data)
    peer.vni = record.v6_data->vni;
  if (!peer.v4 && !peer.v6) return {};
  return peer;
}

flannel::HostRecord record_of(const net::Peer& self) {
  flannel::HostRecord record;
  record.backend = net::to_string(self.backend);
  if (self.backend == net::OverlayBackend::wireguard) record.key = self.key;
  const bool is_tunnel = self.backend == net::OverlayBackend::vxlan;
  const auto data = [&](const net::TunnelEnd& end) -> std::optional<flannel::VxlanData> {
    if (!is_tunnel || !end.mac) return {};
    return flannel::VxlanData{self.vni, *end.mac};
  };
  if (self.v4) {
    record.public_ip = self.v4->underlay;
    record.data = data(*self.v4);
  }
  if (self.v6) {
    record.public_ipv6 = self.v6->underlay;
    record.v6_data = data(*self.v6);
  }
  return record;
}

net::Result<std::optional<net::Peer>> peer_of(const metadata::Host& host,
                                              const std::string& prefix) {
  std::vector<flannel::Annotation> annotations;
  for (const auto& [key, value] : host.annotations) {
    const std::string_view name = key;
    if (name.starts_with(prefix))
      annotations.push_back(
          {std::string(name.substr(prefix.size())), std::string(std::string_view(value))});
  }
  if (annotations.empty()) return std::optional<net::Peer>{};
  const auto record = flannel::parse_annotations(annotations);
  if (!record)
    return net::Error{record.error().code, "host " + host.name.str() + ": " + record.error().text};
  if (!*record) return std::optional<net::Peer>{};
  auto peer = peer_of(host.name.str(), **record);
  if (!peer) return peer;
  for (const auto& subnet : host.subnets) peer->subnets.push_back({subnet.address, subnet.length});
  return peer;
}

std::optional<net::Peer> assumed_peer_of(const metadata::Host& host,
                                         const net::OverlaySettings& overlay) {
  net::Peer peer;
  peer.host = host.name.str();
  peer.backend = overlay.backend;
  peer.vni = overlay.vni;
  for (const auto& address : host.addresses) {
    auto& end = address.is_v4() ? peer.v4 : peer.v6;
    if (end) continue;
    end = net::TunnelEnd{.underlay = address, .mac = {}};
    if (overlay.backend == net::OverlayBackend::vxlan)
      end->mac = net::vtep_mac(peer.host, peer.vni, address.is_v4());
  }
  for (const auto& subnet : host.subnets) peer.subnets.push_back({subnet.address, subnet.length});
  if ((!peer.v4 && !peer.v6) || peer.subnets.empty()) return {};
  return peer;
}

std::map<std::string, std::string> annotations_of(const net::Peer& self,
                                                  const std::string& prefix) {
  // flannel's hosts do not look at a node that is not said to be of its kind.
  std::map<std::string, std::string> annotations{{prefix + "kube-subnet-manager", "true"}};
  for (const auto& [name, value] : flannel::format_annotations(record_of(self)))
    annotations[prefix + name] = value;
  return annotations;
}

bool is_peer_annotation(std::string_view name) {
  constexpr std::array<std::string_view, 6> names{"backend-type", "backend-data",
                                                  "public-ip",    "backend-v6-data",
                                                  "public-ipv6",  "kube-subnet-manager"};
  return std::ranges::find(names, name) != names.end();
}

net::Peer overwritten(net::Peer self, const metadata::Host& host, const std::string& prefix) {
  const auto overwrite = [&](std::optional<net::TunnelEnd>& end, const char* name, bool is_v4) {
    const auto* text = host.annotations.find(prefix + name);
    if (!end || text == nullptr) return;
    boost::system::error_code wrong;
    const auto address = boost::asio::ip::make_address(text->str(), wrong);
    if (!wrong && address.is_v4() == is_v4) end->underlay = address;
  };
  overwrite(self.v4, "public-ip-overwrite", true);
  overwrite(self.v6, "public-ipv6-overwrite", false);
  return self;
}

}  // namespace paddock::netd
