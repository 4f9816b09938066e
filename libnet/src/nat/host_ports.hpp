// SPDX-License-Identifier: Apache-2.0
//
// Which port of the host belongs to which pod: in memory, and in the maps of table "inet paddock".
// A pod's mappings cost one transaction of netlink, whatever others have. Any thread.
#pragma once

#include "nat/port_entry.hpp"
#include "netlink/socket_pool.hpp"

#include <paddock/net/capability.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace paddock::net::nat {

class HostPorts {
 public:
  // Throws std::system_error when no netlink socket can be opened there.
  explicit HostPorts(const NetworkNamespace& host);

  // Notes that the ports are the owner's, who is named by an attachment's alias, in place of what
  // it had. Fails with address_in_use, naming both, when another owner has one of them. The kernel
  // does not know yet. Of several addresses of a family the first counts. No ports: nothing
  // happens, and nothing has to be withdrawn.
  Result<void> take(const std::string& owner, const std::vector<PortMapping>& mappings,
                    const std::vector<IpAddress>& addresses);

  // The owner's ports were published by an earlier process: restore() looks after them.
  void adopt(const std::string& owner);

  // Makes the kernel send packets to those ports to the pod, and forget what it knew about them.
  // While the table is not there, which restore() sees to, this is success.
  Result<void> publish(const std::string& owner);

  // Gives the owner's ports back. None is success.
  Result<void> withdraw(const std::string& owner);

  // Whether the kernel has all of the owner's entries.
  Result<bool> is_published(const std::string& owner);

  // Makes the kernel's maps equal to what was published; returns how many entries differed.
  // Without the table: none, since whoever makes the table calls this afterwards.
  Result<std::size_t> restore();

 private:
  struct Mappings {
    std::vector<PortEntry> entries;
    bool published = false;
  };
  Result<std::vector<PortEntry>> listed();

  netlink::SocketPool sockets_;
  std::mutex kernel_;  // one transaction after the other, so that restore() sees all or nothing
  std::mutex mutex_;   // owners_ and taken_: held for memory only
  std::map<std::string, Mappings> owners_;
  std::multimap<std::pair<Protocol, std::uint16_t>, std::string> taken_;
};

}  // namespace paddock::net::nat
