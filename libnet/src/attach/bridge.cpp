// SPDX-License-Identifier: Apache-2.0
#include "attach/bridge.hpp"

#include "failure.hpp"
#include "marks.hpp"
#include "netlink/requests.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>

namespace paddock::net::attach {
namespace {

// A pod that says it is a router must not become the host's: CVE-2020-10749.
void believe_no_router(const NetworkNamespace& host, const std::string& name) {
  (void)host.write_sysctl("ipv6/conf/" + name + "/accept_ra", "0");  // no IPv6: nothing to believe
}

// With an address given at birth, a bridge keeps it whatever ports come and go.
void make(netlink::Batch& batch, const std::string& name) {
  netlink::add_bridge(batch, {name, bridge_group, MacAddress::random()});
  batch.tolerate(EEXIST);
}

Result<netlink::Link> find_or_make(const NetworkNamespace& where, netlink::Socket& host,
                                   const std::string& name, std::vector<std::string>& changes) {
  auto found = netlink::find_link(host, name);
  if (found && !*found) {
    netlink::Batch batch;
    make(batch, name);
    changes.push_back(batch.operations().front().what);
    if (const auto made = host.execute(batch); !made) {
      return made.error();
    }
    believe_no_router(where, name);
    found = netlink::find_link(host, name);
  }
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return failure(ENODEV, "make bridge " + name);
  }
  if ((*found)->kind != "bridge") {
    return failure(EEXIST, "link " + name + " is there but no bridge; rename or delete it");
  }
  return **found;
}

bool is_link_local(const IpAddress& address) {
  return address.is_v6() && address.to_v6().is_link_local();
}

// Adds what is missing to the batch. IPv6 addresses of several subnets get along, as do those of
// one subnet with one another; IPv4 pods would not know which gateway is theirs.
Result<void> compare_addresses(netlink::Batch& batch, const netlink::Link& bridge,
                               const BridgePort& port,
                               const std::vector<netlink::Address>& present) {
  for (const Prefix& wanted : port.addresses) {
    bool found = false;
    for (const netlink::Address& address : present) {
      const IpAddress& other = address.prefix.address;
      found = found || address.prefix == wanted;
      const bool conflicts = other.is_v4() == wanted.address.is_v4() && !is_link_local(other) &&
                             (other.is_v4() || address.prefix.contains(wanted.address)) &&
                             std::find(port.addresses.begin(), port.addresses.end(),
                                       address.prefix) == port.addresses.end();
      if (conflicts && !port.replaces_addresses) {
        return failure(EINVAL, "bridge " + port.bridge + " has the address " +
                                   address.prefix.to_string() + " already, not " +
                                   wanted.to_string() + "; remove it, or name another bridge");
      }
      if (conflicts) {
        netlink::delete_address(batch, address, port.bridge);
        batch.tolerate(EADDRNOTAVAIL);
      }
    }
    if (!found) {
      netlink::add_address(batch, {bridge.index, wanted, RT_SCOPE_UNIVERSE}, port.bridge);
      batch.tolerate(EEXIST);
    }
  }
  return {};
}

}  // namespace

Result<netlink::Link> ensure_bridge(const NetworkNamespace& where, netlink::Socket& host,
                                    const BridgePort& port, std::vector<std::string>& changes) {
  const auto bridge = find_or_make(where, host, port.bridge, changes);
  if (!bridge) {
    return bridge;
  }
  netlink::Batch batch;
  if (!bridge->up || (port.is_promiscuous && !bridge->promiscuous)) {
    netlink::LinkChange change;
    change.index = bridge->index;
    change.name = port.bridge;
    change.up = true;
    change.promiscuous = port.is_promiscuous;
    netlink::change_link(batch, change);
  }
  const auto present = port.addresses.empty()
                           ? Result<std::vector<netlink::Address>>(std::vector<netlink::Address>())
                           : netlink::list_addresses(host, bridge->index);
  if (!present) {
    return present.error();
  }
  if (const auto compared = compare_addresses(batch, *bridge, port, *present); !compared) {
    return compared.error();
  }
  for (const auto& operation : batch.operations()) {
    changes.push_back(operation.what);
  }
  const auto done = host.execute(batch);
  return done ? bridge : done.error();
}

}  // namespace paddock::net::attach
