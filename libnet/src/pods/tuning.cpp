// SPDX-License-Identifier: Apache-2.0
//
// The plugin tuning: variables and properties of the pod's interface. What they were is kept in the
// record, and comes back with DEL.
#include "netlink/requests.hpp"
#include "pods/answers.hpp"
#include "pods/standard_pods.hpp"
#include "standard/chain_settings.hpp"

#include <linux/netlink.h>
#include <nlohmann/json.hpp>

namespace paddock::net {
namespace {

using cni::Code;
using cni::Json;

constexpr std::string_view below_net = "net/";

// What NetworkNamespace calls it.
std::string variable(const std::string& path) { return path.substr(below_net.size()); }

netlink::LinkTuning to_tuning(const standard::TuningSettings& settings, std::uint32_t link,
                              const std::string& ifname) {
  return {link,
          ifname,
          settings.mac,
          settings.mtu,
          settings.queue_length,
          settings.is_promiscuous,
          settings.takes_all_multicast};
}

void add_to(Json& kept, const netlink::Link& link, const standard::TuningSettings& settings) {
  if (settings.mac && link.mac) kept["mac"] = link.mac->to_string();
  if (settings.mtu) kept["mtu"] = link.mtu;
  if (settings.queue_length) kept["txQLen"] = link.queue_length;
  if (settings.is_promiscuous) kept["promisc"] = link.promiscuous;
  if (settings.takes_all_multicast) kept["allmulti"] = link.all_multicast;
}

}  // namespace

cni::Expected<void> StandardPods::tune(const cni::Request& request, const NetworkNamespace& pod,
                                       Lease& lease, cni::AddResult& result) {
  const auto settings = cni::attempt(request.version, [&] {
    return standard::tuning_settings(cni::parse_object(request.config), request);
  });
  if (!settings) return settings.error();
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  if (!inside) return to_failure(inside.error(), request.version);
  const auto link = netlink::find_link(*inside, request.ifname);
  if (!link || !*link)
    return cni::Failure{Code::bad_config, "the pod has no interface " + request.ifname,
                        "tuning comes after the plugin that makes it", request.version};
  Json kept = Json::object();
  add_to(kept, **link, *settings);
  const auto previous = lease;
  for (const auto& [path, value] : settings->sysctls) {
    const auto before = pod.read_sysctl(variable(path));
    const auto written = before ? pod.write_sysctl(variable(path), value) : before.error();
    if (!written) {
      lease.kept["tuning"] = kept.dump();
      (void)untune(request, pod, lease);
      lease = previous;
      return to_failure(written.error(), request.version);
    }
    kept["sysctl"][path] = *before;
  }
  lease.kept["tuning"] = kept.dump();
  netlink::Batch batch;
  netlink::tune_link(batch, to_tuning(*settings, (*link)->index, request.ifname));
  if (auto done = inside->execute(batch); !done) {
    (void)untune(request, pod, lease);
    lease = previous;
    return to_failure(done.error(), request.version);
  }
  if (settings->mtu) set_mtu(lease, *settings->mtu);
  for (auto& interface : result.interfaces) {
    if (interface.name != request.ifname || interface.sandbox.empty()) continue;
    if (settings->mac) interface.mac = settings->mac->to_string();
    if (settings->mtu) interface.mtu = *settings->mtu;
  }
  // CHECK compares the record with the kernel: what was asked for is right.
  if (settings->mac) lease.attachment.pod_mac = *settings->mac;
  return {};
}

// Both ends of a link have one, or large packets vanish on the way.
void StandardPods::set_mtu(Lease& lease, std::uint32_t mtu) {
  if (lease.attachment.host_ifindex == 0) return;
  netlink::Batch batch;
  netlink::tune_link(
      batch, {lease.attachment.host_ifindex, lease.attachment.host_link, {}, mtu, {}, {}, {}});
  if (links_.borrow()->execute(batch)) lease.attachment.mtu = mtu;
}

Result<void> StandardPods::untune(const cni::Request& request, const NetworkNamespace& pod,
                                  Lease& lease) {
  const auto kept = lease.kept.find("tuning");
  if (kept == lease.kept.end()) return {};
  const auto before = Json::parse(kept->second, nullptr, false);
  if (!before.is_object()) return {};
  Result<void> result;
  if (before.contains("sysctl")) {
    for (const auto& [path, value] : before["sysctl"].items()) {
      const auto written = pod.write_sysctl(variable(path), value.get<std::string>());
      if (!written) result = written.error();
    }
  }
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  if (!inside) return inside.error();
  const auto link = netlink::find_link(*inside, request.ifname);
  if (!link || !*link) return link ? result : link.error();
  netlink::LinkTuning tuning{(*link)->index, request.ifname, {}, {}, {}, {}, {}};
  if (before.contains("mac")) {
    tuning.mac = MacAddress::parse(before["mac"].get<std::string>());
    if (tuning.mac) lease.attachment.pod_mac = *tuning.mac;
  }
  if (before.contains("mtu")) {
    tuning.mtu = before["mtu"].get<std::uint32_t>();
    set_mtu(lease, *tuning.mtu);
  }
  if (before.contains("txQLen")) tuning.queue_length = before["txQLen"].get<std::uint32_t>();
  if (before.contains("promisc")) tuning.promiscuous = before["promisc"].get<bool>();
  if (before.contains("allmulti")) tuning.all_multicast = before["allmulti"].get<bool>();
  netlink::Batch batch;
  netlink::tune_link(batch, tuning);
  const auto done = inside->execute(batch);
  return done ? result : done;
}

std::vector<std::string> StandardPods::untuned(const cni::Request& request,
                                               const NetworkNamespace& pod) {
  const auto settings = cni::attempt(request.version, [&] {
    return standard::tuning_settings(cni::parse_object(request.config), request);
  });
  if (!settings) return {settings.error().msg};
  std::vector<std::string> missing;
  for (const auto& [path, value] : settings->sysctls) {
    const auto now = pod.read_sysctl(variable(path));
    if (!now || *now != value) missing.push_back("sysctl " + path + " is not " + value);
  }
  auto inside = netlink::Socket::open(pod, NETLINK_ROUTE);
  const auto link = inside ? netlink::find_link(*inside, request.ifname)
                           : Result<std::optional<netlink::Link>>(std::nullopt);
  if (!link || !*link) {
    missing.push_back("the pod has no interface " + request.ifname);
    return missing;
  }
  const auto compare = [&](const auto& wanted, const auto& present, const char* what) {
    if (wanted && *wanted != present)
      missing.push_back(request.ifname + " has another " + what + " than it should");
  };
  compare(settings->mac, (*link)->mac.value_or(MacAddress{}), "MAC address");
  compare(settings->mtu, (*link)->mtu, "MTU");
  compare(settings->queue_length, (*link)->queue_length, "queue length");
  compare(settings->is_promiscuous, (*link)->promiscuous, "promiscuous mode");
  compare(settings->takes_all_multicast, (*link)->all_multicast, "allmulti mode");
  return missing;
}

}  // namespace paddock::net
