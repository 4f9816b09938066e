// SPDX-License-Identifier: Apache-2.0
#include "attach/bridge.hpp"
#include "attach/inspection.hpp"
#include "attach/state.hpp"
#include "attach/wiring.hpp"
#include "failure.hpp"
#include "marks.hpp"
#include "netlink/requests.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

namespace paddock::net {
namespace {

constexpr int index_attempts = 4;

std::uint32_t random_index() {
  std::uint32_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) != sizeof bits) {
    throw std::system_error(errno, std::generic_category(), "read random bytes for a link index");
  }
  return first_pod_index | (bits & 0x3fffffffU);
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
    const auto bridge = attach::ensure_bridge(links_.where(), host, *attachment.bridge, changes);
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

Result<std::optional<FoundAttachment>> Attachments::State::find(std::uint32_t host_ifindex) {
  auto host = links_.borrow();
  const auto link = netlink::find_link(host, host_ifindex);
  if (!link) {
    return link.error();
  }
  if (!*link || (*link)->group != pod_group || (*link)->kind != "veth") {
    return std::optional<FoundAttachment>();
  }
  const auto routes = netlink::list_routes(host, route_protocol, host_ifindex);
  if (!routes) {
    return routes.error();
  }
  FoundAttachment found{
      (*link)->name, host_ifindex, AttachmentId::from_alias((*link)->alias), {}, {}};
  for (const netlink::Route& route : *routes) {
    found.addresses.push_back(route.destination.address);
  }
  if ((*link)->master != 0) {
    const auto bridge = netlink::find_link(host, (*link)->master);
    if (!bridge) {
      return bridge.error();
    }
    found.bridge = *bridge ? (*bridge)->name : std::string();
  }
  return std::optional(std::move(found));
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
  planned.has_own_gateways = request.has_own_gateways;
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
Result<void> Attachments::disconnect(const Attachment& attachment) {
  const auto disconnected = state_->disconnect(attachment);
  return disconnected ? Result<void>() : disconnected.error();
}
Result<void> Attachments::forget(const std::vector<Attachment>& attachments) {
  return state_->forget(attachments);
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
Result<std::optional<FoundAttachment>> Attachments::find(std::uint32_t host_ifindex) {
  return state_->find(host_ifindex);
}

}  // namespace paddock::net
