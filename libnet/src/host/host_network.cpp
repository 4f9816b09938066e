// SPDX-License-Identifier: Apache-2.0
#include "failure.hpp"
#include "marks.hpp"
#include "nat/ruleset.hpp"
#include "nat/table.hpp"
#include "netlink/requests.hpp"

#include <paddock/net/host_network.hpp>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cerrno>
#include <mutex>

namespace paddock::net {
namespace {

// Weaker than any route somebody else may want for the same network.
constexpr std::uint32_t unreachable_metric = 4096;
constexpr std::uint32_t usual_mtu = 1500;

netlink::Route unreachable(const Prefix& network) {
  netlink::Route route;
  route.destination = network.network();
  route.metric = unreachable_metric;
  route.protocol = route_protocol;
  route.type = RTN_UNREACHABLE;
  return route;
}

// Link-local ones are good on this host only, and must never become the source of what it sends.
std::uint8_t scope(const IpAddress& address) {
  const bool local = address.is_v4() && address.to_v4().to_uint() >> 16U == 0xa9feU;
  return local ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

std::vector<IpAddress> wanted_addresses(const HostPlan& plan) {
  std::vector<IpAddress> wanted = plan.service_addresses;
  for (const PodSubnet& subnet : plan.subnets) {
    wanted.push_back(subnet.gateway);
  }
  return wanted;
}

bool kernel_made(const IpAddress& address) {
  return address.is_v6() && address.to_v6().is_link_local();
}

bool has_family(const HostPlan& plan, bool v4) {
  return std::any_of(plan.subnets.begin(), plan.subnets.end(),
                     [&](const PodSubnet& subnet) { return subnet.network.address.is_v4() == v4; });
}

}  // namespace

class HostNetwork::State {
 public:
  explicit State(const NetworkNamespace& host)
      : host_(host.duplicate()),
        socket_(netlink::Socket::open(host, NETLINK_ROUTE).value()),
        table_(host, std::string("inet ") + table_name) {}

  Result<std::vector<std::string>> converge(const HostPlan& plan, bool apply);
  Result<void> remove();
  Result<std::uint32_t> default_mtu();

 private:
  using Sentences = std::vector<std::string>;
  Result<netlink::Link> host_link(Sentences& changes, bool apply);
  Result<void> compare_addresses(netlink::Batch& batch, const netlink::Link& link,
                                 const HostPlan& plan, const std::vector<netlink::Route>& routes);
  void compare_routes(netlink::Batch& batch, const HostPlan& plan,
                      const std::vector<netlink::Route>& routes);
  Result<void> compare_forwarding(Sentences& changes, const HostPlan& plan, bool apply);

  std::mutex mutex_;
  NetworkNamespace host_;
  netlink::Socket socket_;
  nat::Table table_;
};

// The link, made if it is missing; when it may not be made, one with index 0 stands for it.
Result<netlink::Link> HostNetwork::State::host_link(Sentences& changes, bool apply) {
  auto found = netlink::find_link(socket_, std::string(gateway_link));
  if (!found) {
    return found.error();
  }
  if (*found && (*found)->group != gateway_group) {
    return failure(EEXIST, std::string("link ") + gateway_link +
                               " is there but not Paddock's; rename or delete it");
  }
  if (*found && (*found)->up) {
    return **found;
  }
  netlink::Batch create;
  if (!*found) {
    netlink::add_bridge(create, {gateway_link, gateway_group, {}});
    changes.push_back(create.operations().front().what);
    const auto created = apply ? socket_.execute(create) : Result<void>();
    found = netlink::find_link(socket_, std::string(gateway_link));
    if (!created || !found) {
      return created ? found.error() : created.error();
    }
  }
  netlink::LinkChange change;
  change.index = *found ? (*found)->index : 0;
  change.name = gateway_link;
  change.no_link_local = true;
  change.up = true;
  netlink::Batch batch;
  netlink::change_link(batch, change);
  changes.push_back(batch.operations().back().what);
  const auto done = apply ? socket_.execute(batch) : Result<void>();
  return done ? Result<netlink::Link>(found->value_or(netlink::Link{})) : done.error();
}

Result<void> HostNetwork::State::compare_addresses(netlink::Batch& batch, const netlink::Link& link,
                                                   const HostPlan& plan,
                                                   const std::vector<netlink::Route>& routes) {
  std::vector<netlink::Address> present;
  if (link.index != 0) {
    const auto listed = netlink::list_addresses(socket_, link.index);
    if (!listed) {
      return listed.error();
    }
    present = *listed;
  }
  const auto wanted = wanted_addresses(plan);
  for (const IpAddress& address : wanted) {
    const Prefix prefix = Prefix::host(address);
    if (std::none_of(present.begin(), present.end(),
                     [&](const auto& other) { return other.prefix == prefix; })) {
      netlink::add_address(batch, {link.index, prefix, scope(address)}, gateway_link);
    }
  }
  for (const netlink::Address& address : present) {
    const IpAddress& ip = address.prefix.address;
    const bool stale =
        !kernel_made(ip) && std::find(wanted.begin(), wanted.end(), ip) == wanted.end();
    // Pods of a subnet that was ours may live on; their routes go with their gateway's address.
    const bool in_use = std::any_of(routes.begin(), routes.end(),
                                    [&](const auto& route) { return route.source == ip; });
    if (stale && !in_use) {
      netlink::delete_address(batch, address, gateway_link);
    }
  }
  return {};
}

void HostNetwork::State::compare_routes(netlink::Batch& batch, const HostPlan& plan,
                                        const std::vector<netlink::Route>& routes) {
  const auto same = [](const netlink::Route& left, const netlink::Route& right) {
    return left.type == right.type && left.destination == right.destination &&
           left.metric == right.metric;
  };
  std::vector<netlink::Route> wanted;
  for (const PodSubnet& subnet : plan.subnets) {
    wanted.push_back(unreachable(subnet.network));
    const auto is_it = [&](const auto& route) { return same(route, wanted.back()); };
    if (std::none_of(routes.begin(), routes.end(), is_it)) {
      netlink::add_route(batch, wanted.back(), "", netlink::Existing::replace);
    }
  }
  for (const netlink::Route& route : routes) {
    const auto is_it = [&](const auto& other) { return same(route, other); };
    if (route.type == RTN_UNREACHABLE && std::none_of(wanted.begin(), wanted.end(), is_it)) {
      netlink::delete_route(batch, unreachable(route.destination), "");
    }
  }
}

Result<void> HostNetwork::State::compare_forwarding(Sentences& changes, const HostPlan& plan,
                                                    bool apply) {
  for (const bool v4 : {true, false}) {
    const std::string name = v4 ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding";
    if (!has_family(plan, v4)) {
      continue;
    }
    const auto value = host_.read_sysctl(name);
    if (!value) {
      return value.error();
    }
    if (*value != "1") {
      changes.push_back("set sysctl net/" + name + " = 1");
      const auto written = apply ? host_.write_sysctl(name, "1") : Result<bool>(false);
      if (!written) {
        return written.error();
      }
    }
  }
  return {};
}

Result<std::vector<std::string>> HostNetwork::State::converge(const HostPlan& plan, bool apply) {
  const std::lock_guard lock(mutex_);
  Sentences changes;
  if (const auto done = compare_forwarding(changes, plan, apply); !done) {
    return done.error();
  }
  const auto link = host_link(changes, apply);
  if (!link) {
    return link.error();
  }
  const auto routes = netlink::list_routes(socket_, route_protocol, 0);
  if (!routes) {
    return routes.error();
  }
  netlink::Batch batch;
  if (const auto done = compare_addresses(batch, *link, plan, *routes); !done) {
    return done.error();
  }
  compare_routes(batch, plan, *routes);
  for (const auto& operation : batch.operations()) {
    changes.push_back(operation.what);
  }
  if (const auto done = apply ? socket_.execute(batch) : Result<void>(); !done) {
    return done.error();
  }
  const std::string ruleset = nat::ruleset(plan);
  if (!table_.matches(ruleset)) {
    changes.push_back(std::string("load nftables table inet ") + table_name);
    if (const auto done = apply ? table_.load(ruleset) : Result<void>(); !done) {
      return done.error();
    }
  }
  return changes;
}

Result<void> HostNetwork::State::remove() {
  const std::lock_guard lock(mutex_);
  const auto link = netlink::find_link(socket_, std::string(gateway_link));
  const auto routes = netlink::list_routes(socket_, route_protocol, 0);
  if (!link || !routes) {
    return link ? routes.error() : link.error();
  }
  netlink::Batch batch;
  for (const netlink::Route& route : *routes) {
    if (route.type == RTN_UNREACHABLE) {
      netlink::delete_route(batch, unreachable(route.destination), "");
      batch.tolerate(ESRCH);
    }
  }
  if (*link && (*link)->group == gateway_group) {
    netlink::delete_link(batch, (*link)->index, gateway_link);
    batch.tolerate(ENODEV);
  }
  netlink::delete_group(batch, bridge_group);
  batch.tolerate(ENODEV);
  for (const auto& done : {socket_.execute(batch), table_.remove(),
                           nat::Table(host_, std::string("bridge ") + table_name).remove()}) {
    if (!done) {
      return done;
    }
  }
  return {};
}

Result<std::uint32_t> HostNetwork::State::default_mtu() {
  const std::lock_guard lock(mutex_);
  const auto routes = netlink::list_routes(socket_, 0, 0);
  if (!routes) {
    return routes.error();
  }
  std::optional<std::uint32_t> smallest;
  for (const bool v4 : {true, false}) {
    const netlink::Route* best = nullptr;
    for (const netlink::Route& route : *routes) {
      if (route.destination.length == 0 && route.destination.address.is_v4() == v4 &&
          route.link != 0 && route.type == RTN_UNICAST &&
          (best == nullptr || route.metric < best->metric)) {
        best = &route;
      }
    }
    const auto link = best == nullptr ? Result<std::optional<netlink::Link>>(std::nullopt)
                                      : netlink::find_link(socket_, best->link);
    if (!link) {
      return link.error();
    }
    if (*link) {
      smallest = std::min(smallest.value_or((*link)->mtu), (*link)->mtu);
    }
  }
  return smallest.value_or(usual_mtu);
}

HostNetwork::HostNetwork(const NetworkNamespace& host) : state_(std::make_unique<State>(host)) {}
HostNetwork::~HostNetwork() = default;

Result<std::vector<std::string>> HostNetwork::ensure(const HostPlan& plan) {
  return state_->converge(plan, true);
}
Result<std::vector<std::string>> HostNetwork::drift(const HostPlan& plan) {
  return state_->converge(plan, false);
}
Result<void> HostNetwork::remove() { return state_->remove(); }
Result<std::uint32_t> HostNetwork::default_mtu() { return state_->default_mtu(); }

}  // namespace paddock::net
