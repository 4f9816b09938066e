// SPDX-License-Identifier: Apache-2.0
#include "attach/limits.hpp"
#include "attach/state.hpp"
#include "attach/wiring.hpp"
#include "marks.hpp"
#include "nat/connections.hpp"
#include "netlink/requests.hpp"

#include <cerrno>

namespace paddock::net {

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
  const auto addresses = disconnect(attachment);
  if (!addresses) {
    return addresses.error();
  }
  Attachment gone = attachment;
  gone.addresses = *addresses;
  return forget({gone});
}

Result<std::vector<IpAddress>> Attachments::State::disconnect(const Attachment& attachment) {
  auto host = links_.borrow();
  const auto link = find(host, attachment);
  if (!link) {
    return link.error();
  }
  const auto addresses = *link ? addresses_behind(host, **link, attachment)
                               : Result<std::vector<IpAddress>>(attachment.addresses);
  if (!addresses) {
    return addresses;
  }
  if (*link) {
    if (auto released = host->execute(attach::release(*addresses, **link)); !released) {
      return released.error();
    }
  } else if (attachment.bandwidth.egress.rate > 0) {  // it outlives the namespace of the pod
    netlink::Batch batch;
    attach::delete_limits(batch, attachment.host_ifindex);
    if (auto deleted = host->execute(batch); !deleted) {
      return deleted.error();
    }
  }
  return addresses;
}

// What the kernel keeps of the addresses apart from the links.
Result<void> Attachments::State::forget(const std::vector<Attachment>& attachments) {
  std::vector<IpAddress> addresses;
  for (const Attachment& attachment : attachments) {
    if (attachment.bridge) {
      if (auto dismissed = guard_.dismiss(attachment); !dismissed) {
        return dismissed;
      }
    }
    addresses.insert(addresses.end(), attachment.addresses.begin(), attachment.addresses.end());
  }
  return addresses.empty() ? Result<void>() : nat::forget_connections(filters_.borrow(), addresses);
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

}  // namespace paddock::net
