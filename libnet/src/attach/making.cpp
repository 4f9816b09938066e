// SPDX-License-Identifier: Apache-2.0
#include "attach/bridge.hpp"
#include "attach/limits.hpp"
#include "attach/state.hpp"
#include "attach/wiring.hpp"
#include "failure.hpp"
#include "marks.hpp"
#include "netlink/requests.hpp"

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace paddock::net {

namespace {

// What nothing over netlink sets: IPv6 is on, as runtimes switch it off in new namespaces;
// addresses outlive a link that goes down; those the pod adds on a bridge are used at once.
Result<void> set_variables(const NetworkNamespace& pod, const Attachment& made) {
  const std::string link = "ipv6/conf/" + made.id.ifname;
  const auto is_v6 = [](const IpAddress& address) { return address.is_v6(); };
  if (std::any_of(made.addresses.begin(), made.addresses.end(), is_v6)) {
    for (const auto& [name, value] :
         {std::pair{"/disable_ipv6", "0"}, {"/keep_addr_on_down", "1"}}) {
      if (const auto set = pod.write_sysctl(link + name, value); !set) {
        return set.error();
      }
    }
  }
  if (made.bridge && !made.addresses.empty()) {
    (void)pod.write_sysctl(link + "/accept_dad", "0");  // a kernel without IPv6 has none
  }
  return {};
}

}  // namespace

Result<void> Attachments::State::make(const NetworkNamespace& pod, const Attachment& planned) {
  if (pod.identity() == links_.where().identity()) {
    return failure(EPERM, "attach " + planned.id.alias() + ": the pod is in the host's namespace");
  }
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  if (!inside) {
    return inside.error();
  }
  if (const auto available = free_ifname(*inside, planned.id.ifname); !available) {
    return available.error();
  }
  auto host = links_.borrow();
  const auto bridge = bridge_of(host, planned);
  if (!bridge) {
    return bridge.error();
  }
  netlink::Batch pair;
  netlink::add_veth(
      pair, {planned.host_ifindex, planned.mtu, planned.host_link, planned.host_mac, pod_group,
             pod.descriptor(), planned.id.ifname, planned.pod_mac, *bridge});
  if (const auto paired = host->execute(pair); !paired) {
    return paired.error();
  }
  const auto configured = contained([&] { return configure(host, *inside, pod, planned); });
  if (!configured) {
    netlink::Batch undo;
    netlink::delete_link(undo, planned.host_ifindex, planned.host_link);
    undo.tolerate(ENODEV);
    attach::delete_limits(undo, planned.host_ifindex);
    const auto undone = host->execute(undo);
    if (planned.bridge) {
      (void)guard_.dismiss(planned);  // without its link an element means nothing
    }
    Error error = configured.error();
    error.text += undone ? "" : "; and " + undone.error().text;
    return error;
  }
  return {};
}

// An interface of that name may be the pod's end of a link that was detached and not reaped yet.
Result<void> Attachments::State::free_ifname(netlink::Socket& pod, const std::string& ifname) {
  const auto taken = netlink::find_link(pod, ifname);
  if (!taken || !*taken) {
    return taken ? Result<void>() : taken.error();
  }
  auto host = links_.borrow();
  const auto other_end = netlink::find_link(host, (*taken)->peer);
  const bool detached = (*taken)->kind == "veth" && other_end && *other_end &&
                        (*other_end)->group == detached_group &&
                        (*other_end)->peer == (*taken)->index;
  if (!detached) {
    // Unless the reaper took the pair away between the two looks.
    const auto still = netlink::find_link(pod, ifname);
    if (!still || !*still) {
      return still ? Result<void>() : still.error();
    }
    return failure(EEXIST, "the pod has an interface " + ifname + " already");
  }
  const auto reaped = reap();
  return reaped ? Result<void>() : reaped.error();
}

Result<std::uint32_t> Attachments::State::bridge_of(netlink::Socket& host,
                                                    const Attachment& attachment) {
  if (!attachment.bridge) {
    return 0U;
  }
  std::vector<std::string> changes;
  const auto bridge = attach::ensure_bridge(links_.where(), host, *attachment.bridge, changes);
  if (!bridge) {
    return bridge.error();
  }
  netlink::Batch batch;
  if (!attachment.ports.empty()) {  // packets of 127.0.0.1 leave by the bridge
    netlink::LinkChange change;
    change.index = bridge->index;
    change.name = bridge->name;
    change.route_loopback = true;
    netlink::change_link(batch, change);
  }
  const auto done = host.execute(batch);
  return done ? Result<std::uint32_t>(bridge->index) : done.error();
}

Result<void> Attachments::State::configure(netlink::Socket& host, netlink::Socket& inside,
                                           const NetworkNamespace& pod, const Attachment& made) {
  if (made.bridge) {
    if (auto admitted = guard_.admit(made); !admitted) {
      return admitted;
    }
  }
  if (auto done = host.execute(attach::host_side(made)); !done) {
    return done;
  }
  if (auto done = set_variables(pod, made); !done) {
    return done;
  }
  if (auto done = inside.execute(attach::pod_side(made)); !done) {
    return done;
  }
  // Asking for a link makes the kernel finish what the carrier's coming up began, so that the very
  // first packet from the host passes.
  const auto seen = netlink::find_link(host, made.host_ifindex);
  return seen ? Result<void>() : seen.error();
}

}  // namespace paddock::net
