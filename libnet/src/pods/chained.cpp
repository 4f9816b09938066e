// SPDX-License-Identifier: Apache-2.0
//
// Plugins of a chain. They add to the record of the pod, which may be another plugin's, so that
// DEL, GC and the reconciling of records take back what they did even if they are never asked to.
#include "attach/limits.hpp"
#include "netlink/requests.hpp"
#include "pods/answers.hpp"
#include "pods/standard_pods.hpp"
#include "standard/chain_settings.hpp"

#include <linux/netlink.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iterator>

namespace paddock::net {
namespace {

using cni::Code;
using cni::Plugin;

cni::Failure not_chained(const cni::Request& request) {
  return {Code::bad_config,
          std::string(cni::name_of(request.plugin)) +
              " comes after another plugin: prevResult is missing",
          "put it behind the plugin that makes the interface", request.version};
}

// Addresses of the pod's interface, each with the length of its network.
void read_addresses(const cni::AddResult& result, Attachment& attachment) {
  const auto is_pods = [&](const cni::Interface& interface) {
    return interface.name == attachment.id.ifname && !interface.sandbox.empty();
  };
  for (const auto& ip : result.ips) {
    if (ip.interface && !is_pods(result.interfaces.at(*ip.interface))) continue;
    attachment.addresses.push_back(ip.address.address);
    attachment.subnets.push_back(ip.address.network());
    if (ip.gateway) attachment.gateways.push_back(*ip.gateway);
  }
}

std::vector<std::string> host_interfaces(const cni::AddResult& result) {
  std::vector<std::string> names;
  for (const auto& interface : result.interfaces) {
    if (interface.sandbox.empty()) names.push_back(interface.name);
  }
  return names;
}

// The host's end of the pod's interface, if it is a veth and prevResult names it.
Result<std::optional<netlink::Link>> host_end(netlink::Socket& host, const NetworkNamespace& pod,
                                              const cni::Request& request) {
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  if (!inside) return inside.error();
  const auto pods_end = netlink::find_link(*inside, request.ifname);
  if (!pods_end) return pods_end;
  if (!*pods_end || (*pods_end)->kind != "veth") return std::optional<netlink::Link>();
  auto end = netlink::find_link(host, (*pods_end)->peer);
  const auto names = host_interfaces(*request.previous);
  const bool is_named = end && *end && (*end)->kind == "veth" &&
                        std::ranges::find(names, (*end)->name) != names.end();
  return end && !is_named ? Result<std::optional<netlink::Link>>(std::nullopt) : end;
}

}  // namespace

Lease StandardPods::lease_for(const cni::Request& request, const NetworkNamespace& pod) {
  if (const auto lease = state_.records.find(id_of(request))) return *lease;
  Lease lease{.state = LeaseState::attached,
              .attachment = {},
              .netns_path = request.netns,
              .netns = pod.identity(),
              .boot_id = state_.boot_id,
              .pod = identify(request),
              .result = {},
              .changed = std::chrono::system_clock::now(),
              .kept = {{"guest", "as it is"}}};
  lease.attachment.id = id_of(request);
  read_addresses(*request.previous, lease.attachment);
  return lease;
}

Result<void> StandardPods::keep(Lease lease) {
  if (auto written = state_.records.write(lease); !written) return written;
  state_.records.show(std::move(lease));
  return {};
}

cni::Expected<std::string> StandardPods::add_chained(const cni::Request& request,
                                                     const NetworkNamespace& pod) {
  if (!request.previous) return not_chained(request);
  const auto held = state_.turn(id_of(request), turn_patience);
  if (!held) return busy(request);
  auto lease = lease_for(request, pod);
  const auto before = lease;
  cni::AddResult result = *request.previous;
  const auto done = [&]() -> cni::Expected<void> {
    if (request.plugin == Plugin::portmap) return map_ports(request, lease);
    if (request.plugin == Plugin::firewall) return fence(request, lease);
    if (request.plugin == Plugin::bandwidth) return limit(request, pod, lease, result);
    return tune(request, pod, lease, result);
  }();
  if (!done) return done.error();
  auto answer = cni::format(result, request.version);
  if (answer && lease == before) return answer;
  const auto kept = answer ? keep(lease) : Result<void>();
  if (!answer || !kept) {  // what no record knows of, no DEL would take back
    (void)take_back(request, &pod, lease);
    return answer ? Answer(to_failure(kept.error(), request.version)) : answer;
  }
  const auto needed = state_.elements.need(lease.attachment.id.alias(), elements_of(lease));
  return needed ? answer : to_failure(needed.error(), request.version);
}

cni::Expected<void> StandardPods::map_ports(const cni::Request& request, Lease& lease) {
  const auto as_host = cni::attempt(request.version, [&] {
    return standard::portmap_settings(cni::parse_object(request.config));
  });
  if (!as_host) return as_host.error();
  if (request.ports.empty()) return {};
  const auto owner = lease.attachment.id.alias();
  if (auto taken = state_.ports.take(owner, request.ports, lease.attachment.addresses); !taken)
    return to_failure(taken.error(), request.version);
  netlink::Batch batch;
  auto host = links_.borrow();
  for (const auto& name : host_interfaces(*request.previous)) {
    const auto link = netlink::find_link(host, name);
    if (!link || !*link) continue;
    netlink::LinkChange change;  // packets of 127.0.0.1 leave by it, as packets of the host
    change.index = (*link)->index;
    change.name = name;
    change.route_loopback = *as_host != standard::AsHost::never;
    // And what a pod asks of its own port comes back to it.
    if (lease.attachment.bridge && name == lease.attachment.host_link)
      change.port = {true, lease.attachment.bridge->is_isolated};
    netlink::change_link(batch, change);
  }
  auto done = host->execute(batch);
  if (done) done = state_.ports.publish(owner);
  if (!done) {
    (void)state_.ports.withdraw(owner);
    return to_failure(done.error(), request.version);
  }
  lease.attachment.ports = request.ports;
  if (*as_host != standard::AsHost::when_needed)
    lease.kept["askers"] = *as_host == standard::AsHost::always ? "as the host" : "as themselves";
  return {};
}

cni::Expected<void> StandardPods::fence(const cni::Request& request, Lease& lease) {
  const auto ingress = cni::attempt(request.version, [&] {
    return standard::firewall_settings(cni::parse_object(request.config));
  });
  if (!ingress) return ingress.error();
  if (*ingress == standard::Ingress::open) return {};
  auto host = links_.borrow();
  for (const auto& name : host_interfaces(*request.previous)) {
    const auto link = netlink::find_link(host, name);
    if (!link || !*link || (*link)->kind != "bridge") continue;
    lease.kept[*ingress == standard::Ingress::isolated ? "fence-closed" : "fence"] = name;
    return {};
  }
  return {};  // without a bridge there is nothing to fence
}

cni::Expected<void> StandardPods::limit(const cni::Request& request, const NetworkNamespace& pod,
                                        Lease& lease, cni::AddResult& result) {
  const auto bandwidth = cni::attempt(request.version, [&] {
    return standard::bandwidth_settings(cni::parse_object(request.config), request);
  });
  if (!bandwidth) return bandwidth.error();
  if (*bandwidth == Bandwidth{}) return {};
  auto host = links_.borrow();
  const auto link = host_end(host, pod, request);
  if (!link) return to_failure(link.error(), request.version);
  if (!*link)
    return cni::Failure{Code::bad_config,
                        "bandwidth needs a veth whose end on the host is in prevResult",
                        "use it behind bridge or ptp", request.version};
  auto& attachment = lease.attachment;
  attachment.host_link = (*link)->name;
  attachment.host_ifindex = (*link)->index;
  attachment.mtu = (*link)->mtu;
  attachment.bandwidth = *bandwidth;
  netlink::Batch batch;
  const auto name = standard::ifb_name(attachment.id.network, attachment.id.container);
  attach::add_limits(batch, attachment, name);
  if (auto done = host->execute(batch); !done) {
    (void)take_back(request, &pod, lease);
    return to_failure(done.error(), request.version);
  }
  const auto detour = netlink::find_link(host, name);
  if (bandwidth->egress.rate > 0 && detour && *detour)
    result.interfaces.push_back({.name = (*detour)->name,
                                 .mac = (*detour)->mac.value_or(MacAddress{}).to_string(),
                                 .mtu = (*detour)->mtu,
                                 .sandbox = {},
                                 .socket_path = {},
                                 .pci_id = {}});
  return {};
}

// What the plugin did for the pod, in the kernel and in the lease.
Result<void> StandardPods::take_back(const cni::Request& request, const NetworkNamespace* pod,
                                     Lease& lease) {
  Result<void> done;
  auto& attachment = lease.attachment;
  if (request.plugin == Plugin::portmap && !attachment.ports.empty()) {
    done = state_.ports.withdraw(attachment.id.alias());
    attachment.ports.clear();
    lease.kept.erase("askers");
  } else if (request.plugin == Plugin::firewall) {
    lease.kept.erase("fence");
    lease.kept.erase("fence-closed");
  } else if (request.plugin == Plugin::bandwidth && attachment.bandwidth != Bandwidth{}) {
    netlink::Batch batch;
    attach::delete_limits(batch, attachment.host_ifindex);
    done = links_.borrow()->execute(batch);
    attachment.bandwidth = {};
  } else if (request.plugin == Plugin::tuning) {
    if (pod) (void)untune(request, *pod, lease);  // what is gone needs no tuning
    lease.kept.erase("tuning");
  }
  return done;
}

cni::Expected<std::string> StandardPods::del_chained(const cni::Request& request,
                                                     const NetworkNamespace* pod) {
  const auto held = state_.turn(id_of(request), turn_patience);
  if (!held) return busy(request);
  const auto lease = state_.records.find(id_of(request));
  if (!lease) return std::string();
  Lease left = *lease;
  const auto done = take_back(request, pod, left);
  if (!done) return to_failure(done.error(), request.version);
  if (left == *lease) return std::string();
  // Made by somebody else, and nothing of ours is left to it.
  const bool is_foreign = !left.kept.contains("plugin") && left.result.empty();
  const bool is_bare = left.attachment.ports.empty() && left.attachment.bandwidth == Bandwidth{} &&
                       left.kept.size() == 1;
  if (is_foreign && is_bare) {
    const auto gone = state_.release(lease);
    return gone ? Answer(std::string()) : to_failure(gone.error(), request.version);
  }
  const auto before = elements_of(*lease);
  auto unneeded = before;
  for (const auto& element : elements_of(left)) std::erase(unneeded, element);
  auto kept = keep(left);
  if (kept) kept = state_.elements.drop(left.attachment.id.alias(), unneeded);
  return kept ? Answer(std::string()) : to_failure(kept.error(), request.version);
}

cni::Expected<std::string> StandardPods::check_chained(const cni::Request& request,
                                                       const NetworkNamespace& pod) {
  const auto held = state_.turn(id_of(request), turn_patience);
  if (!held) return busy(request);
  const auto lease = state_.records.find(id_of(request));
  std::vector<std::string> missing;
  if (request.plugin == Plugin::tuning) missing = untuned(request, pod);
  if (request.plugin == Plugin::portmap && !request.ports.empty()) {
    const auto settings = cni::attempt(request.version, [&] {
      return standard::portmap_settings(cni::parse_object(request.config));
    });
    if (!settings) return settings.error();
    const auto mapped = state_.ports.is_published(id_of(request).alias());
    if (!lease || lease->attachment.ports.empty() || !mapped || !*mapped)
      missing.emplace_back("ports of the host are not mapped to the pod");
  }
  if ((request.plugin == Plugin::firewall || request.plugin == Plugin::portmap) && lease) {
    const auto there = state_.elements.has(elements_of(*lease));
    if (!there || !*there) missing.emplace_back("elements of nftables sets are missing");
  }
  if (request.plugin == Plugin::bandwidth && lease) {
    const auto limits = attach::missing_limits(links_.borrow(), lease->attachment);
    if (!limits) return to_failure(limits.error(), request.version);
    std::ranges::copy(*limits, std::back_inserter(missing));
  }
  if (missing.empty()) return std::string();
  return cni::Failure{Code::broken, join(missing), "the pod has to be attached again",
                      request.version};
}

}  // namespace paddock::net
