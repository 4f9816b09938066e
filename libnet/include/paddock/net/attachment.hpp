// SPDX-License-Identifier: Apache-2.0
//
// Connects pods to this host: one veth pair per attachment, which is routed (a host route to each
// pod address, and in the pod a route to the gateway) or the port of a bridge. Everything is made
// with batched netlink in two namespaces; nothing is executed and nothing is waited for.
// docs/network.md shows the result, and says when to use which.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/capability.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/export.hpp>
#include <paddock/net/namespace.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net {

// Which attachment: the key of the CNI protocol. Written on the host link as its alias,
// "paddock:<network>/<container>/<ifname>", so that it survives any restart of ours.
struct PADDOCK_NET_EXPORT AttachmentId {
  std::string network;
  std::string container;
  std::string ifname;  // name of the interface in the pod

  std::string alias() const;
  // Absent when the alias is not one of ours.
  static std::optional<AttachmentId> from_alias(std::string_view alias);

  friend bool operator==(const AttachmentId&, const AttachmentId&) = default;
};

// A route in the pod. Without a gateway it is on link. mtu, metric and advmss 0: not given.
struct PodRoute {
  Prefix destination;
  std::optional<IpAddress> gateway;
  std::uint32_t mtu = 0;
  std::uint32_t metric = 0;
  std::uint32_t advmss = 0;
  std::uint32_t table = 254;                         // main
  std::optional<std::uint8_t> scope = std::nullopt;  // as follows from the gateway

  friend bool operator==(const PodRoute&, const PodRoute&) = default;
};

// How a pod's link meets the host: by itself, or as a port of a bridge with the others of its
// network.
enum class DataPath { routed, bridge };

// How strictly the host looks at what a bridged pod sends. Nothing comes from a routed pod under an
// address that is not routed to it, and its MAC address means nothing to anybody.
enum class SourceGuard {
  none,
  mac,        // frames carry the MAC address of the pod's end
  addresses,  // and packets, ARP and neighbour advertisements the pod's addresses
};

// The bridge a pod joins, and its port there.
struct BridgePort {
  std::string bridge;               // made when it is not there
  std::vector<Prefix> addresses;    // the bridge's own: gateways of its pods; none: layer 2 only
  bool replaces_addresses = false;  // others of the family on the bridge go; else they are an error
  bool is_promiscuous = false;      // the bridge
  bool is_hairpin = false;          // frames may go out where they came in
  bool is_isolated = false;         // no frames from or to other isolated ports
  bool leaves_pod_down = false;     // the pod brings its end up, if it wants to
  SourceGuard guard = SourceGuard::addresses;

  friend bool operator==(const BridgePort&, const BridgePort&) = default;
};

struct AttachRequest {
  AttachmentId id;
  std::vector<IpAddress> addresses;  // at least one, except on a bridge
  // The pods' subnets: on a bridge the pod reaches them directly, else by its gateway. An address
  // in one of them is set with its length, another with full length.
  std::vector<Prefix> subnets;
  std::vector<IpAddress> gateways;   // routed: one per family of addresses
  bool has_own_gateways = false;     // routed: they are on the host's end; else they are paddock0's
  std::vector<PodRoute> routes;      // besides those to the gateways; default routes belong here
  std::optional<BridgePort> bridge;  // absent: routed
  std::string host_link;             // name of the host's end; chosen when empty
  std::optional<MacAddress> mac;     // of the pod's end; random when absent
  std::uint32_t mtu = 1500;
  std::vector<PortMapping> ports;  // noted, and the link lets packets of 127.0.0.1 through
  Bandwidth bandwidth;
};

// What attach made, and what detach and check need: keep it in the lease.
struct Attachment {
  AttachmentId id;
  std::string host_link;           // when attach chose it, never reused while the host is up
  std::uint32_t host_ifindex = 0;  // in the host's namespace
  std::uint32_t pod_ifindex = 0;   // in the pod's namespace
  MacAddress host_mac;
  MacAddress pod_mac;
  std::uint32_t mtu = 0;
  std::vector<IpAddress> addresses;
  std::vector<Prefix> subnets;
  std::vector<IpAddress> gateways;
  bool has_own_gateways = false;
  std::vector<PodRoute> routes;
  std::optional<BridgePort> bridge;
  std::vector<PortMapping> ports;
  Bandwidth bandwidth;

  // The address as the pod has it: with the length of its subnet, or full length.
  PADDOCK_NET_EXPORT Prefix prefix_of(const IpAddress& address) const;

  friend bool operator==(const Attachment&, const Attachment&) = default;
};

// A host link of ours as the kernel has it.
struct FoundAttachment {
  std::string host_link;
  std::uint32_t host_ifindex = 0;
  std::optional<AttachmentId> id;    // absent: a link whose making was interrupted; remove it
  std::vector<IpAddress> addresses;  // that have a host route to this link
  std::string bridge;                // it is a port of; empty: of none
};

// The attachments of one host, which is the namespace it is made with. All functions may be called
// from any thread at the same time; operations on one attachment must not overlap.
class PADDOCK_NET_EXPORT Attachments {
 public:
  // Throws std::system_error when netlink sockets cannot be opened there.
  explicit Attachments(const NetworkNamespace& host);
  ~Attachments();
  Attachments(const Attachments&) = delete;
  Attachments& operator=(const Attachments&) = delete;

  // What attach() would make of the request: names, indices and MAC addresses are chosen, so that
  // a record can be on its way to the disk while the kernel works. Nothing is touched.
  // invalid_argument: the request contradicts itself (text says where).
  static Result<Attachment> plan(const AttachRequest& request);
  // Makes what was planned; errors as of attach(), and device_or_resource_busy: somebody has the
  // index by now. Plan anew then.
  Result<void> make(const NetworkNamespace& pod, const Attachment& planned);

  // Makes the link pair, addresses, routes and neighbours. Whatever fails, nothing stays behind.
  // Errors: file_exists: the pod has an interface of that name, or the host routes the address
  // already; operation_not_permitted: pod is the host's own namespace; invalid_argument: the
  // request contradicts itself, or the bridge (text says where); others as the kernel gave them.
  Result<Attachment> attach(const NetworkNamespace& pod, const AttachRequest& request);

  // Takes the attachment from service at once: its addresses can be given out again when this
  // returns. The links themselves go with the next reap(). Nothing to detach is success, and a
  // link that does not carry the attachment's alias is left alone.
  // Of the attachment only id, host_link and addresses are looked at; when host_link is empty or
  // not there, the link is looked for by alias. Of a bridged one give host_ifindex, pod_mac and
  // bridge, too: they end its guard; of one with a limit host_ifindex and bandwidth: the ifb link
  // may outlive the pod's. With an empty id, host_link is removed if it is one whose making was
  // interrupted (see list()); not while any attach() runs.
  Result<void> detach(const Attachment& attachment);
  // detach() in two steps, for one that has a record: after the first no packet reaches the pod or
  // comes from it, after the second its addresses can be given out again. The second takes hardly
  // longer for many at once; an error means that something may be left of any of them.
  Result<void> disconnect(const Attachment& attachment);
  Result<void> forget(const std::vector<Attachment>& attachments);

  // Removes all links detached so far, both ends, as one group: many cost hardly more than one.
  // Blocks for some milliseconds; call it from a thread of its own. Returns how many went.
  Result<std::size_t> reap();

  // What is missing, as sentences; empty when the attachment is whole. Reads only.
  Result<std::vector<std::string>> check(const NetworkNamespace& pod, const Attachment& attachment);

  // Makes the host's side of an attachment whole again: link settings, limits, routes, neighbours.
  // Needed for those that check() finds broken, and for all after HostNetwork::ensure() had to add
  // a gateway address, since the kernel drops the routes that name a lost address. The pod's side
  // is not touched. Fails with no_such_device when the link is gone: only a new attach helps then.
  Result<void> repair(const Attachment& attachment);

  // Makes what these bridged attachments share what it should be: the bridges, their addresses, and
  // the guard, which forgets those whose links are gone. Returns what it changed, as sentences.
  Result<std::vector<std::string>> ensure_bridges(const std::vector<Attachment>& attachments);

  // All attached links, detached ones not counted: for reconciling leases after a restart.
  Result<std::vector<FoundAttachment>> list();
  // The one with that link; absent: there is none, or it is detached.
  Result<std::optional<FoundAttachment>> find(std::uint32_t host_ifindex);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::net
