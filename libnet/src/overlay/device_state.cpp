// SPDX-License-Identifier: Apache-2.0
#include "overlay/device_state.hpp"

#include "failure.hpp"
#include "marks.hpp"
#include "netlink/requests.hpp"
#include "netlink/vxlan.hpp"
#include "wireguard/control.hpp"
#include "wireguard/messages.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

namespace paddock::net::overlay {
namespace {

constexpr const char* process_kind = "tun";
constexpr const char* kernel_kind = "wireguard";

netlink::VxlanParameters parameters_of(const Device& device) {
  return {device.vni, device.port, device.local, device.below, false, false};
}

// Works off one namespace's devices; keeps what it did.
class DeviceRepair {
 public:
  DeviceRepair(netlink::Socket& socket, const NetworkNamespace& host, Effort effort)
      : socket_(socket), host_(host), effort_(effort) {}

  Result<void> list();
  Result<void> remove_strangers(const DevicePair& wanted);
  Result<std::uint32_t> ensure(const Device& wanted);

  std::vector<std::string> changes;

 private:
  Result<void> perform(const netlink::Batch& batch);
  Result<void> create(const Device& wanted);
  Result<void> create_secure(const Device& wanted);
  Result<std::uint32_t> make(const Device& wanted);
  Result<void> adjust(const netlink::Link& present, const Device& wanted);
  Result<void> adjust_addresses(std::uint32_t link, const Device& wanted);
  bool is_wrong(const netlink::Link& link, const DevicePair& wanted) const;

  netlink::Socket& socket_;
  const NetworkNamespace& host_;
  Effort effort_;
  std::vector<netlink::VxlanDevice> vxlans_;
  std::vector<netlink::Link> present_;  // all that may be ours
};

Result<void> DeviceRepair::list() {
  auto listed = netlink::list_vxlans(socket_);
  if (!listed) {
    return listed.error();
  }
  vxlans_ = std::move(*listed);
  for (const netlink::VxlanDevice& device : vxlans_) {
    present_.push_back(device.link);
  }
  for (const char* kind : {process_kind, kernel_kind}) {
    auto secure = netlink::list_links(socket_, kind);
    if (!secure) {
      return secure.error();
    }
    present_.insert(present_.end(), secure->begin(), secure->end());
  }
  return {};
}

Result<void> DeviceRepair::perform(const netlink::Batch& batch) {
  for (const auto& operation : batch.operations()) {
    changes.push_back(operation.what);
  }
  return effort_ == Effort::look ? Result<void>() : socket_.execute(batch);
}

bool DeviceRepair::is_wrong(const netlink::Link& link, const DevicePair& wanted) const {
  for (const auto& one : {wanted.v4, wanted.v6}) {
    if (!one || link.name != one->name) {
      continue;
    }
    const auto vxlan = std::find_if(vxlans_.begin(), vxlans_.end(), [&](const auto& device) {
      return device.link.index == link.index;
    });
    const bool fits =
        one->encrypts ? link.kind == kernel_kind ||
                            (link.kind == process_kind && wireguard::is_run_by_process(link.name))
                      : vxlan != vxlans_.end() && vxlan->parameters == parameters_of(*one);
    return link.group != overlay_group || !fits;
  }
  return link.group == overlay_group;
}

// What we made and do not want, and what stands where ours has to be.
Result<void> DeviceRepair::remove_strangers(const DevicePair& wanted) {
  netlink::Batch batch;
  std::erase_if(present_, [&](const netlink::Link& link) {
    if (!is_wrong(link, wanted)) {
      return false;
    }
    netlink::delete_link(batch, link.index, link.name);
    batch.tolerate(ENODEV);
    return true;
  });
  return perform(batch);
}

Result<void> DeviceRepair::create_secure(const Device& wanted) {
  netlink::Batch batch;
  wireguard::add_device(batch, wanted.name, overlay_group);
  const auto made = perform(batch);
  return !made && made.error().code.value() == EOPNOTSUPP
             ? wireguard::start_process(host_, wanted.name)
             : made;
}

Result<void> DeviceRepair::create(const Device& wanted) {
  netlink::VxlanDevice device;
  device.link.name = wanted.name;
  device.link.mtu = wanted.mtu;
  device.link.mac = wanted.mac;
  device.link.group = overlay_group;
  device.parameters = parameters_of(wanted);
  netlink::Batch batch;
  netlink::add_vxlan(batch, device);
  return perform(batch);
}

Result<std::uint32_t> DeviceRepair::make(const Device& wanted) {
  if (const auto made = wanted.encrypts ? create_secure(wanted) : create(wanted); !made) {
    Error error = made.error();
    if (error.code.value() == EEXIST) {
      error.text += wanted.encrypts
                        ? "; rename or delete the link of that name"
                        : "; rename or delete the link of that name or the VXLAN device of that "
                          "VNI and port, or choose others";
    }
    return error;
  }
  const auto found = netlink::find_link(socket_, wanted.name);
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return effort_ == Effort::look
               ? Result<std::uint32_t>(0U)
               : Result<std::uint32_t>(failure(ENODEV, "create device " + wanted.name));
  }
  const std::uint32_t index = (*found)->index;
  netlink::LinkChange start;
  start.index = index;
  start.name = wanted.name;
  start.no_link_local = true;
  start.up = true;
  netlink::Batch bring_up;
  if (wanted.encrypts) {  // a process makes it as it likes
    start.group = overlay_group;
    netlink::LinkTuning tuning;
    tuning.index = index;
    tuning.name = wanted.name;
    tuning.mtu = wanted.mtu;
    netlink::tune_link(bring_up, tuning);
  }
  netlink::change_link(bring_up, start);
  if (const auto up = perform(bring_up); !up) {
    return up.error();
  }
  return index;
}

Result<void> DeviceRepair::adjust(const netlink::Link& present, const Device& wanted) {
  netlink::Batch batch;
  netlink::LinkTuning tuning;
  tuning.index = present.index;
  tuning.name = wanted.name;
  if (wanted.mac && present.mac != wanted.mac) {
    tuning.mac = wanted.mac;
  }
  if (present.mtu != wanted.mtu) {
    tuning.mtu = wanted.mtu;
  }
  if (tuning.mac || tuning.mtu) {
    netlink::tune_link(batch, tuning);
  }
  if (!present.up) {
    netlink::LinkChange start;
    start.index = present.index;
    start.name = wanted.name;
    start.no_link_local = true;
    start.up = true;
    netlink::change_link(batch, start);
  }
  return perform(batch);
}

Result<void> DeviceRepair::adjust_addresses(std::uint32_t link, const Device& wanted) {
  const auto present = link == 0
                           ? Result<std::vector<netlink::Address>>(std::vector<netlink::Address>{})
                           : netlink::list_addresses(socket_, link);
  if (!present) {
    return present.error();
  }
  const auto is_there = [&](const Prefix& prefix) {
    return std::any_of(present->begin(), present->end(),
                       [&](const auto& address) { return address.prefix == prefix; });
  };
  netlink::Batch batch;
  for (const netlink::Address& address : *present) {
    const bool stays = std::find(wanted.addresses.begin(), wanted.addresses.end(),
                                 address.prefix) != wanted.addresses.end();
    if (address.protocol == overlay_protocol && !stays) {
      netlink::delete_address(batch, address, wanted.name);
      batch.tolerate(EADDRNOTAVAIL);
    }
  }
  for (const Prefix& prefix : wanted.addresses) {
    if (!is_there(prefix)) {
      netlink::add_address(batch, {link, prefix, RT_SCOPE_UNIVERSE, false, overlay_protocol},
                           wanted.name);
      batch.tolerate(EEXIST);
    }
  }
  return perform(batch);
}

Result<std::uint32_t> DeviceRepair::ensure(const Device& wanted) {
  const auto present = std::find_if(present_.begin(), present_.end(),
                                    [&](const auto& link) { return link.name == wanted.name; });
  auto link = present == present_.end() ? make(wanted) : Result<std::uint32_t>(present->index);
  if (!link) {
    return link;
  }
  if (present != present_.end()) {
    if (const auto adjusted = adjust(*present, wanted); !adjusted) {
      return adjusted.error();
    }
  }
  const auto addressed = adjust_addresses(*link, wanted);
  return addressed ? link : Result<std::uint32_t>(addressed.error());
}

}  // namespace

Result<DeviceLinks> ensure_devices(netlink::Socket& socket, const NetworkNamespace& host,
                                   const DevicePair& wanted, Effort effort) {
  DeviceRepair repair(socket, host, effort);
  if (const auto listed = repair.list(); !listed) {
    return listed.error();
  }
  if (const auto removed = repair.remove_strangers(wanted); !removed) {
    return removed.error();
  }
  DeviceLinks links;
  for (const bool v4 : {true, false}) {
    const auto& device = v4 ? wanted.v4 : wanted.v6;
    if (!device) {
      continue;
    }
    const auto index = repair.ensure(*device);
    if (!index) {
      return index.error();
    }
    (v4 ? links.v4 : links.v6) = *index;
  }
  links.changes = std::move(repair.changes);
  return links;
}

Result<HostFacts> read_facts(netlink::Socket& socket) {
  auto links = netlink::list_links(socket);
  auto addresses = netlink::list_addresses(socket, 0);
  auto routes = netlink::list_routes(socket, 0, 0);
  if (!links || !addresses || !routes) {
    return !links ? links.error() : !addresses ? addresses.error() : routes.error();
  }
  HostFacts facts;
  for (netlink::Link& link : *links) {
    if (!is_our_group(link.group)) {
      facts.links.push_back(std::move(link));
    }
  }
  for (const netlink::Address& address : *addresses) {
    if (std::any_of(facts.links.begin(), facts.links.end(),
                    [&](const auto& link) { return link.index == address.link; })) {
      facts.addresses.push_back(address);
    }
  }
  for (const netlink::Route& route : *routes) {
    if (route.protocol != route_protocol && route.protocol != overlay_protocol) {
      facts.routes.push_back(route);
    }
  }
  return facts;
}

}  // namespace paddock::net::overlay
