// SPDX-License-Identifier: Apache-2.0
//
// What Attachments are inside. making.cpp has what ADD needs, detaching.cpp what DEL needs,
// attachments.cpp what looks at all of them.
#pragma once

#include "attach/guard.hpp"
#include "netlink/socket_pool.hpp"
#include "netlink/values.hpp"

#include <paddock/net/attachment.hpp>

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net {

class Attachments::State {
 public:
  explicit State(const NetworkNamespace& host)
      : links_(host, NETLINK_ROUTE), filters_(host, NETLINK_NETFILTER) {}

  Result<void> make(const NetworkNamespace& pod, const Attachment& planned);
  Result<void> detach(const Attachment& attachment);
  // The addresses that were behind the link.
  Result<std::vector<IpAddress>> disconnect(const Attachment& attachment);
  Result<void> forget(const std::vector<Attachment>& attachments);
  Result<std::size_t> reap();
  Result<std::vector<std::string>> check(const NetworkNamespace& pod, const Attachment& attachment);
  Result<void> repair(const Attachment& attachment);
  Result<std::vector<std::string>> ensure_bridges(const std::vector<Attachment>& attachments);
  Result<std::vector<FoundAttachment>> list();
  Result<std::optional<FoundAttachment>> find(std::uint32_t host_ifindex);

 private:
  Result<void> free_ifname(netlink::Socket& pod, const std::string& ifname);
  // The index of the attachment's bridge, which is made as needed; 0 when it has none.
  Result<std::uint32_t> bridge_of(netlink::Socket& host, const Attachment& attachment);
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

}  // namespace paddock::net
