// SPDX-License-Identifier: Apache-2.0
//
// Holds bridged pods to their own addresses: the nftables table "bridge paddock" has rules that
// never change and sets with one or two elements per pod address. A port that is in no set is
// mute. Nothing is loaded before the first bridged pod.
#pragma once

#include "nat/table.hpp"
#include "netlink/socket_pool.hpp"

#include <paddock/net/attachment.hpp>
#include <paddock/net/error.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace paddock::net::attach {

// The text of the table, without elements: pure.
std::string guard_ruleset();

// Any thread.
class Guard {
 public:
  // The sockets are netfilter's, in the host's namespace, and outlive the guard.
  explicit Guard(netlink::SocketPool& sockets) : sockets_(sockets) {}

  // Of attachments that have a bridge, by host_ifindex, pod_mac, addresses and bridge->guard.
  Result<void> admit(const Attachment& attachment);
  // Nothing to dismiss is success.
  Result<void> dismiss(const Attachment& attachment);
  // Admits those of these whose links live, and dismisses whatever belongs to no living link; loads
  // the table anew when it is not what it should be. `living` gives the indices of pods' links; it
  // is asked after the elements were listed, as a link is there before its elements. Returns what
  // it changed, as sentences.
  using Living = std::function<Result<std::set<std::uint32_t>>()>;
  Result<std::vector<std::string>> ensure(const std::vector<Attachment>& attachments,
                                          const Living& living);

 private:
  Result<void> load();

  netlink::SocketPool& sockets_;
  std::mutex mutex_;  // table_, which is one thread's at a time; not held while elements go
  std::unique_ptr<nat::Table> table_;
};

}  // namespace paddock::net::attach
