// SPDX-License-Identifier: Apache-2.0
//
// What a PodNetwork is inside; its functions are in requests.cpp and reconcile.cpp.
#pragma once

#include "nat/host_ports.hpp"
#include "nat/needed_elements.hpp"
#include "netlink/socket_pool.hpp"
#include "pods/farewells.hpp"
#include "pods/reaper.hpp"
#include "pods/records.hpp"
#include "pods/turns.hpp"
#include "standard/host_local.hpp"

#include <paddock/net/pod_network.hpp>

#include <linux/netlink.h>

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

namespace paddock::net {

class PodNetwork::State {
 public:
  State(const NetworkNamespace& host, PodNetworkOptions wanted)
      : options(std::move(wanted)),
        boot_id(options.boot_id.empty() ? current_boot_id() : options.boot_id),
        sockets(host, NETLINK_ROUTE),
        attachments(host),
        ports(host),
        elements(host),
        records(Pools(options.pool, options.networks), options.pool.quarantine,
                options.state_directory,
                [this](const std::string& text) { tell(options.events.failed, text); }),
        reaper(attachments, [this](const std::string& text) { tell(options.events.failed, text); }),
        farewells([this](const auto& leaving) { end_releases(leaving); }) {}

  cni::Expected<std::string> add(const cni::Request& request, const NetworkNamespace& pod);
  cni::Expected<std::string> del(const cni::Request& request, std::function<void()>& rest);
  cni::Expected<std::string> check(const cni::Request& request, const NetworkNamespace& pod);
  cni::Expected<std::string> collect(const cni::Request& request);
  cni::Expected<std::string> status(const cni::Request& request);

  // At the start nothing else runs, so what is half made can be told from what is being made.
  enum class When { start, running };
  Result<void> reconcile(When when);
  Result<void> reconcile(const KernelChange& change);
  std::vector<std::string> examine(const Lease& lease);

  PodNetworkOptions options;
  const std::string boot_id;
  std::mutex settings_mutex;  // options.mtu and options.dns may change at run time
  netlink::SocketPool sockets;
  Attachments attachments;
  nat::HostPorts ports;  // owners are aliases of attachments, as of the next
  nat::NeededElements elements;
  standard::HostLocal host_local;
  Records records;

  template <class Event, class Value>
  static void tell(const Event& event, const Value& value) {
    if (event) event(value);
  }

  Turns::Turn turn(const AttachmentId& id, std::chrono::milliseconds patience) {
    return turns.take(id.container + "/" + id.ifname, patience);
  }

  // What is missing of the attachment after an attempt to put it right.
  Result<std::vector<std::string>> check_and_repair(const NetworkNamespace& pod,
                                                    const Attachment& attachment);
  std::optional<cni::Expected<std::string>> answer_again(const cni::Request& request,
                                                         const NetworkNamespace& pod,
                                                         std::vector<IpAddress>& addresses);
  // Takes an attachment away, whatever is left of it. Its turn is held.
  Result<void> release(const Records::LeasePointer& lease);
  // Its first part: nobody reaches the pod any more, and nothing of it is in anybody's way. `rest`
  // becomes the second part, which keeps the turn: connections, the record, the addresses.
  Result<void> begin_release(const Records::LeasePointer& lease, Turns::Turn held,
                             std::function<void()>& rest);
  Result<void> detach_unknown(const AttachmentId& id, const std::string& link);
  // Of addresses that no pod has from before its network was ours.
  Result<Reservation> reserve(const Claim& claim);
  // Frees what that folder of host-local gives to nobody on the list of a GC. Returns sentences
  // about what could not be freed.
  std::vector<std::string> collect_reservations(const std::filesystem::path& folder,
                                                const cni::Request& request);

 private:
  using Links = std::map<std::string, FoundAttachment>;  // by alias

  cni::Expected<std::string> attach(const cni::Request& request, const NetworkNamespace& pod,
                                    const std::vector<IpAddress>& requested);
  cni::Expected<std::string> plan(const cni::Request& request, const Reservation& reserved,
                                  Lease& lease);
  Result<void> make(const NetworkNamespace& pod, const Lease& lease);
  Result<void> release_reservations(const AttachmentId& id);
  void give_back_withheld();
  // After begin_release(); an error has abandoned it.
  Result<void> disconnect(const Records::LeasePointer& lease);
  Result<void> take_from_host(const Lease& lease);
  Result<void> forget(const std::vector<Attachment>& gone);
  void end_releases(const std::vector<Farewells::Leaving>& leaving);
  // Why the lease has no right to exist; empty when it has. `links` null: not known.
  std::string objection(const Lease& lease, const Links* links, When when) const;
  void reconcile_bridges(const std::vector<Records::LeasePointer>& leases);
  Result<void> reconcile_tables();
  Result<void> reconcile_changed(std::uint32_t host_ifindex);
  void reconcile_lease(const Records::LeasePointer& lease, const Links* links, When when);
  void adopt(const std::vector<Records::LeasePointer>& leases);
  void reconcile_link(const FoundAttachment& link, When when);

  Turns turns;

 public:
  Reaper reaper;
  Farewells farewells;
};

}  // namespace paddock::net
