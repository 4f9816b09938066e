// SPDX-License-Identifier: Apache-2.0
#include "attach/bridge.hpp"
#include "attach/guard.hpp"
#include "attach/inspection.hpp"
#include "attach/limits.hpp"
#include "attach/wiring.hpp"
#include "failure.hpp"
#include "marks.hpp"
#include "nat/connections.hpp"
#include "netlink/requests.hpp"
#include "netlink/socket_pool.hpp"

#include <paddock/net/attachment.hpp>

#include <linux/netlink.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <set>

namespace paddock::net {
namespace {

constexpr int index_attempts = 4;

// An interface index far above those the kernel counts up from one, so that ours never meet them.
std::uint32_t random_index() {
  std::uint32_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) != sizeof bits) {
    throw std::system_error(errno, std::generic_category(), "read random bytes for a link index");
  }
  return 0x10000000U | (bits & 0x3fffffffU);
}

std::string host_link_name(std::uint32_t index) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string name = "pk";
  for (int shift = 28; shift >= 0; shift -= 4) {
    name += digits[(index >> static_cast<unsigned>(shift)) & 15U];
  }
  return name;
}

}  // namespace

class Attachments::State {
 public:
  explicit State(const NetworkNamespace& host)
      : links_(host, NETLINK_ROUTE), filters_(host, NETLINK_NETFILTER) {}

  Result<void> make(const NetworkNamespace& pod, const Attachment& planned);
  Result<void> detach(const Attachment& attachment);
  Result<std::size_t> reap();
  Result<std::vector<std::string>> check(const NetworkNamespace& pod, const Attachment& attachment);
  Result<void> repair(const Attachment& attachment);
  Result<std::vector<std::string>> ensure_bridges(const std::vector<Attachment>& attachments);
  Result<std::vector<FoundAttachment>> list();

 private:
  Result<void> free_ifname(netlink::Socket& pod, const std::string& ifname);
  // The index of the attachment's bridge, which is made as needed; 0 when it has none.
  static Result<std::uint32_t> bridge_of(netlink::Socket& host, const Attachment& attachment);
  Result<void> configure(netlink::Socket& host, netlink::Socket& inside,
                         const NetworkNamespace& pod, const Attachment& made);
  Result<std::optional<netlink::Link>> find(netlink::Socket& host, const Attachment& attachment);
  static Result<std::vector<IpAddress>> addresses_behind(netlink::Socket& host,
                                                         const netlink::Link& link,
                                                         const Attachment& attachment);
  Result<void> remove_unnamed(const std::string& host_link);

  netlink::SocketPool links_;
  netlink::SocketPool filters_;  // connection tracking and nftables
  attach::Guard guard_{filters_};
};

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
  if (const auto configured = configure(host, *inside, pod, planned); !configured) {
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
  const auto bridge = attach::ensure_bridge(host, *attachment.bridge, changes);
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
  const auto is_v6 = [](const IpAddress& address) { return address.is_v6(); };
  if (std::any_of(made.addresses.begin(), made.addresses.end(), is_v6)) {
    // Runtimes switch IPv6 off in new namespaces; nothing over netlink switches it on again.
    const auto enabled = pod.write_sysctl("ipv6/conf/" + made.id.ifname + "/disable_ipv6", "0");
    if (!enabled) {
      return enabled.error();
    }
  }
  if (auto done = inside.execute(attach::pod_side(made)); !done) {
    return done;
  }
  // Asking for a link makes the kernel finish what the carrier's coming up began, so that the very
  // first packet from the host passes.
  const auto seen = netlink::find_link(host, made.host_ifindex);
  return seen ? Result<void>() : seen.error();
}

Result<std::optional<netlink::Link>> Attachments::State::find(netlink::Socket& host,
                                                              const Attachment& attachment) {
  const std::string alias = attachment.id.alias();
  if (!attachment.host_link.empty()) {
    auto named = netlink::find_link(host, attachment.host_link);
    if (!named || (*named && (*named)->alias == alias)) {
      return named;
    }
  }
  const auto links = netlink::list_links(host);
  if (!links) {
    return links.error();
  }
  for (const netlink::Link& link : *links) {
    if (link.group == pod_group && link.alias == alias) {
      return std::optional(link);
    }
  }
  return std::optional<netlink::Link>();
}

// Whoever made it died before it had its alias.
Result<void> Attachments::State::remove_unnamed(const std::string& host_link) {
  auto host = links_.borrow();
  const auto link = netlink::find_link(host, host_link);
  if (!link || !*link || (*link)->group != pod_group || !(*link)->alias.empty()) {
    return link ? Result<void>() : link.error();
  }
  netlink::Batch batch;
  netlink::delete_link(batch, (*link)->index, (*link)->name);
  batch.tolerate(ENODEV);
  return host->execute(batch);
}

// Those the attachment names; of one without a record, those that are routed to its link.
Result<std::vector<IpAddress>> Attachments::State::addresses_behind(netlink::Socket& host,
                                                                    const netlink::Link& link,
                                                                    const Attachment& attachment) {
  if (!attachment.addresses.empty() || attachment.bridge) {
    return attachment.addresses;
  }
  const auto routes = netlink::list_routes(host, route_protocol, link.index);
  if (!routes) {
    return routes.error();
  }
  std::vector<IpAddress> addresses;
  for (const netlink::Route& route : *routes) {
    addresses.push_back(route.destination.address);
  }
  return addresses;
}

Result<void> Attachments::State::detach(const Attachment& attachment) {
  if (attachment.id == AttachmentId{}) {
    return remove_unnamed(attachment.host_link);
  }
  auto host = links_.borrow();
  const auto link = find(host, attachment);
  if (!link) {
    return link.error();
  }
  const auto addresses = *link ? addresses_behind(host, **link, attachment)
                               : Result<std::vector<IpAddress>>(attachment.addresses);
  if (!addresses) {
    return addresses.error();
  }
  if (*link) {
    if (auto released = host->execute(attach::release(*addresses, **link)); !released) {
      return released;
    }
  } else if (attachment.bandwidth.egress.rate > 0) {  // it outlives the namespace of the pod
    netlink::Batch batch;
    attach::delete_limits(batch, attachment.host_ifindex);
    if (auto deleted = host->execute(batch); !deleted) {
      return deleted;
    }
  }
  if (attachment.bridge) {
    if (auto dismissed = guard_.dismiss(attachment); !dismissed) {
      return dismissed;
    }
  }
  return addresses->empty() ? Result<void>()
                            : nat::forget_connections(filters_.borrow(), *addresses);
}

Result<std::size_t> Attachments::State::reap() {
  auto host = links_.borrow();
  const auto links = netlink::list_links(host);
  if (!links) {
    return links.error();
  }
  netlink::Batch batch;
  std::size_t ours = 0;
  bool others = false;
  for (const netlink::Link& link : *links) {
    if (link.group == detached_group) {
      const bool is_ours =
          (link.kind == "veth" || link.kind == "ifb") && link.alias.starts_with(alias_prefix);
      ours += is_ours ? 1 : 0;
      others = others || !is_ours;
    }
  }
  if (ours == 0) {
    return ours;
  }
  if (!others) {
    netlink::delete_group(batch, detached_group);
    batch.tolerate(ENODEV);
  }
  for (const netlink::Link& link : *links) {  // somebody else uses our group: spare theirs
    if (others && link.group == detached_group && link.alias.starts_with(alias_prefix)) {
      netlink::delete_link(batch, link.index, link.name);
      batch.tolerate(ENODEV);
    }
  }
  const auto deleted = host->execute(batch);
  return deleted ? Result<std::size_t>(ours) : deleted.error();
}

Result<std::vector<std::string>> Attachments::State::check(const NetworkNamespace& pod,
                                                           const Attachment& attachment) {
  auto host = links_.borrow();
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  if (!inside) {
    return inside.error();
  }
  return attach::missing(host, *inside, attachment);
}

Result<void> Attachments::State::repair(const Attachment& attachment) {
  auto host = links_.borrow();
  const auto link = find(host, attachment);
  if (!link) {
    return link.error();
  }
  if (!*link) {
    return failure(ENODEV, "repair " + attachment.id.alias());
  }
  Attachment present = attachment;
  present.host_link = (*link)->name;
  present.host_ifindex = (*link)->index;
  const auto bridge = bridge_of(host, present);
  if (!bridge) {
    return bridge.error();
  }
  if (present.bridge) {
    if (auto admitted = guard_.admit(present); !admitted) {
      return admitted;
    }
  }
  return host->execute(attach::host_side_again(present, *bridge));
}

Result<std::vector<std::string>> Attachments::State::ensure_bridges(
    const std::vector<Attachment>& attachments) {
  std::vector<std::string> changes;
  std::vector<std::string> seen;
  auto host = links_.borrow();
  for (const Attachment& attachment : attachments) {
    if (std::find(seen.begin(), seen.end(), attachment.bridge->bridge) != seen.end()) {
      continue;
    }
    seen.push_back(attachment.bridge->bridge);
    const auto bridge = attach::ensure_bridge(host, *attachment.bridge, changes);
    if (!bridge) {
      return bridge.error();
    }
  }
  const auto living = [&]() -> Result<std::set<std::uint32_t>> {
    const auto links = netlink::list_links(host);
    if (!links) {
      return links.error();
    }
    std::set<std::uint32_t> indices;
    for (const netlink::Link& link : *links) {
      if (link.group == pod_group) {
        indices.insert(link.index);
      }
    }
    return indices;
  };
  auto guarded = guard_.ensure(attachments, living);
  if (!guarded) {
    return guarded;
  }
  changes.insert(changes.end(), guarded->begin(), guarded->end());
  return changes;
}

Result<std::vector<FoundAttachment>> Attachments::State::list() {
  auto host = links_.borrow();
  const auto links = netlink::list_links(host);
  if (!links) {
    return links.error();
  }
  const auto routes = netlink::list_routes(host, route_protocol, 0);
  if (!routes) {
    return routes.error();
  }
  std::vector<FoundAttachment> found;
  for (const netlink::Link& link : *links) {
    if (link.group == pod_group && link.kind == "veth") {
      const auto bridge = std::find_if(links->begin(), links->end(), [&](const auto& other) {
        return other.index == link.master;
      });
      found.push_back({link.name,
                       link.index,
                       AttachmentId::from_alias(link.alias),
                       {},
                       link.master == 0 || bridge == links->end() ? std::string() : bridge->name});
    }
  }
  const auto earlier = [](const FoundAttachment& left, const FoundAttachment& right) {
    return left.host_ifindex < right.host_ifindex;
  };
  std::sort(found.begin(), found.end(), earlier);
  for (const netlink::Route& route : *routes) {
    const auto owner = std::lower_bound(found.begin(), found.end(),
                                        FoundAttachment{{}, route.link, {}, {}, {}}, earlier);
    if (owner != found.end() && owner->host_ifindex == route.link) {
      owner->addresses.push_back(route.destination.address);
    }
  }
  return found;
}

Attachments::Attachments(const NetworkNamespace& host) : state_(std::make_unique<State>(host)) {}
Attachments::~Attachments() = default;

Result<Attachment> Attachments::plan(const AttachRequest& request) {
  if (auto why_not = attach::objection(request)) {
    return failure(EINVAL, "attach " + request.id.alias() + ": " + *why_not);
  }
  Attachment planned;
  planned.id = request.id;
  planned.host_ifindex = random_index();
  planned.pod_ifindex = planned.host_ifindex;
  planned.host_link =
      request.host_link.empty() ? host_link_name(planned.host_ifindex) : request.host_link;
  planned.host_mac = MacAddress::random();
  planned.pod_mac = request.mac ? *request.mac : MacAddress::random();
  planned.mtu = request.mtu;
  planned.addresses = request.addresses;
  planned.subnets = request.subnets;
  planned.gateways = request.gateways;
  planned.routes = request.routes;
  planned.bridge = request.bridge;
  planned.ports = request.ports;
  planned.bandwidth = request.bandwidth;
  return planned;
}

Result<void> Attachments::make(const NetworkNamespace& pod, const Attachment& planned) {
  return state_->make(pod, planned);
}

Result<Attachment> Attachments::attach(const NetworkNamespace& pod, const AttachRequest& request) {
  for (int attempt = 1;; ++attempt) {
    auto planned = plan(request);
    if (!planned) {
      return planned;
    }
    const auto made = make(pod, *planned);
    if (made) {
      return planned;
    }
    if (made.error().code.value() != EBUSY || attempt == index_attempts) {
      return made.error();
    }
  }
}
Result<void> Attachments::detach(const Attachment& attachment) {
  return state_->detach(attachment);
}
Result<std::size_t> Attachments::reap() { return state_->reap(); }
Result<std::vector<std::string>> Attachments::check(const NetworkNamespace& pod,
                                                    const Attachment& attachment) {
  return state_->check(pod, attachment);
}
Result<void> Attachments::repair(const Attachment& attachment) {
  return state_->repair(attachment);
}
Result<std::vector<std::string>> Attachments::ensure_bridges(
    const std::vector<Attachment>& attachments) {
  return state_->ensure_bridges(attachments);
}
Result<std::vector<FoundAttachment>> Attachments::list() { return state_->list(); }

}  // namespace paddock::net
