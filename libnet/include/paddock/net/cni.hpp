// SPDX-License-Identifier: Apache-2.0
//
// The Container Network Interface, versions 0.1.0 to 1.1.0, as values: what a runtime asks
// (environment and stdin of the plugin) becomes a Request, what is answered becomes JSON in the
// version the runtime speaks. Nothing here acts; docs/cni.md says what Paddock makes of a request.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/attachment.hpp>
#include <paddock/net/capability.hpp>
#include <paddock/net/export.hpp>

#include <boost/system/result.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net::cni {

inline constexpr std::string_view newest_version = "1.1.0";
// Oldest first.
PADDOCK_NET_EXPORT std::span<const std::string_view> supported_versions();

// The error codes of the specification that we use, and our own from 100.
enum class Code : unsigned {
  incompatible_version = 1,
  unsupported_field = 2,
  unknown_container = 3,
  bad_environment = 4,
  io_failure = 5,
  undecodable = 6,
  bad_config = 7,
  bad_namespace = 8,
  try_again = 11,
  cannot_add = 50,            // STATUS only
  limited_connectivity = 51,  // STATUS only
  broken = 100,               // ours: CHECK found something missing
  internal = 999,
};

// What a runtime is told instead of a result. msg says what is wrong, details what to do.
struct Failure {
  Code code = Code::internal;
  std::string msg;
  std::string details;
  std::string version{newest_version};  // in which the runtime is answered
};

[[noreturn]] PADDOCK_NET_EXPORT void throw_exception_from_error(
    const Failure& failure, const boost::source_location& where);

template <class T>
using Expected = boost::system::result<T, Failure>;

struct Dns {
  std::vector<std::string> nameservers;
  std::string domain;
  std::vector<std::string> search;
  std::vector<std::string> options;

  PADDOCK_NET_EXPORT bool empty() const;
  friend bool operator==(const Dns&, const Dns&) = default;
};

struct Interface {
  std::string name;
  std::string mac;
  std::uint32_t mtu = 0;  // 0: not said
  std::string sandbox;    // empty: on the host
  std::string socket_path;
  std::string pci_id;

  friend bool operator==(const Interface&, const Interface&) = default;
};

struct Ip {
  Prefix address;
  std::optional<IpAddress> gateway;
  std::optional<std::size_t> interface;  // index into AddResult::interfaces

  friend bool operator==(const Ip&, const Ip&) = default;
};

struct Route {
  Prefix destination;
  std::optional<IpAddress> gateway;
  std::uint32_t mtu = 0;  // 0: not said, as for advmss
  std::uint32_t advmss = 0;
  std::optional<std::uint32_t> priority;
  std::optional<std::uint32_t> table;
  std::optional<std::uint32_t> scope;

  friend bool operator==(const Route&, const Route&) = default;
};

// What ADD made.
struct AddResult {
  std::vector<Interface> interfaces;
  std::vector<Ip> ips;
  std::vector<Route> routes;
  Dns dns;

  friend bool operator==(const AddResult&, const AddResult&) = default;
};

// Addresses to give out: first to last, both included, without the gateway.
struct IpRange {
  Prefix subnet;  // without host bits
  IpAddress first;
  IpAddress last;
  IpAddress gateway;
  bool names_gateway = false;  // else it is the first address of the subnet

  PADDOCK_NET_EXPORT bool contains(const IpAddress& address) const;
  friend bool operator==(const IpRange&, const IpRange&) = default;
};

enum class Command { add, del, check, gc, status, version };

// As which plugin we are asked: our own, or one of the standard ones we take the place of.
enum class Plugin {
  paddock,
  bridge,
  ptp,
  flannel,
  host_local,
  loopback,
  portmap,
  firewall,
  tuning,
  bandwidth,
};
PADDOCK_NET_EXPORT std::string_view name_of(Plugin plugin);

// One of the attachments GC is told to keep.
struct ValidAttachment {
  std::string container;
  std::string ifname;

  friend auto operator<=>(const ValidAttachment&, const ValidAttachment&) = default;
};

// A request that passed every check that needs no knowledge of the host. Fields a command does not
// have are empty.
struct Request {
  Command command = Command::version;
  Plugin plugin = Plugin::paddock;
  std::string version;  // of the configuration, and so of the answer
  std::string network;
  std::string container;
  std::string ifname;
  std::string netns;            // may be empty for DEL
  bool netns_override = false;  // the pod may be the plugin's own namespace

  std::vector<IpAddress> addresses;  // asked for; at most one per family
  std::vector<IpRange> ranges;       // where they have to come from; none of a family: anywhere
  bool is_sticky = false;            // the addresses the pod of that name had before will do
  std::optional<MacAddress> mac;
  std::optional<std::uint32_t> mtu;
  std::optional<DataPath> data_path;
  std::string bridge;  // whose port the pod becomes on that data path; empty: not said
  std::vector<PortMapping> ports;
  Bandwidth bandwidth;
  Dns dns;  // of the configuration, with what the runtime said in its place

  std::string pod_namespace;  // as told, else empty
  std::string pod_name;
  std::string pod_uid;
  std::map<std::string, std::string> labels;
  std::vector<std::string> aliases;

  std::optional<AddResult> previous;                  // prevResult
  std::optional<std::vector<ValidAttachment>> valid;  // GC: always present

  std::string config;    // the configuration as it came; only of plugins other than paddock
  std::string delegate;  // the plugin that gives the addresses, if that is none of ours
  // What it printed; absent: it was not asked yet, which the caller has to see to.
  std::optional<std::string> delegated;
};

using Environment = std::map<std::string, std::string, std::less<>>;

// Reads what a plugin was given. The plugin's own namespace is not known here, so the caller has
// to refuse a pod in it (Code::bad_namespace) unless netns_override is set.
[[nodiscard]] PADDOCK_NET_EXPORT Expected<Request> parse(const Environment& environment,
                                                         std::string_view config);

// A result as JSON of that version, which is a supported one. Fails with
// Code::incompatible_version when the version cannot say it (0.2.0 and older need an address).
[[nodiscard]] PADDOCK_NET_EXPORT Expected<std::string> format(const AddResult& result,
                                                              std::string_view version);
// Reads a result of any supported version; its own "cniVersion" counts, else the one given.
[[nodiscard]] PADDOCK_NET_EXPORT Expected<AddResult> parse_result(std::string_view json,
                                                                  std::string_view version);
// The error object {cniVersion, code, msg, details}.
[[nodiscard]] PADDOCK_NET_EXPORT std::string format(const Failure& failure);
// The answer to VERSION.
[[nodiscard]] PADDOCK_NET_EXPORT std::string format_versions();

}  // namespace paddock::net::cni
