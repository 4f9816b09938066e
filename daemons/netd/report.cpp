// SPDX-License-Identifier: Apache-2.0
//
// What netd tells operators: /status and /metrics.
#include "netd/lease_json.hpp"
#include "netd/pool_problem.hpp"
#include "netd/service.hpp"

#include <utility>

namespace paddock::netd {
namespace {

using Json = nlohmann::json;

constexpr std::array<const char*, 6> command_names = {"add", "del",    "check",
                                                      "gc",  "status", "version"};
constexpr std::size_t most_pods_shown = 1000;

}  // namespace

std::string Service::summary() const {
  const auto count = pods_->lease_count();
  return std::to_string(count) + (count == 1 ? " pod attached" : " pods attached");
}

runtime::Status Service::status() const {
  using Severity = runtime::Problem::Severity;
  runtime::Status status;
  const auto leases = pods_->leases(most_pods_shown);
  const auto count = pods_->lease_count();
  status.summary = summary();
  Json detail{{"leases", count}, {"subnets", Json::array()}, {"pods", Json::array()}};
  for (const auto& usage : pods_->usage()) {
    detail["subnets"].push_back({{"network", usage.network.to_string()},
                                 {"size", usage.size},
                                 {"taken", usage.taken},
                                 {"resting", usage.resting}});
    if (auto problem = pool_problem(usage)) status.problems.push_back(std::move(*problem));
  }
  for (const auto& lease : leases) detail["pods"].push_back(format_lease(lease));
  if (count > leases.size()) detail["pods_left_out"] = count - leases.size();
  if (registrar_) {
    const auto registry = registrar_->status();
    detail["registry"] = {{"connected", registry.is_connected},
                          {"behind", registry.is_behind},
                          {"refused", registry.refused},
                          {"last_error", registry.last_error}};
    if (!registry.is_connected)
      status.problems.push_back(
          {Severity::warning, "the registry is away, so new pods have no names yet",
           "look after what --metadata names" +
               (registry.last_error.empty() ? "" : ": " + registry.last_error)});
    else if (registry.is_behind)
      status.problems.push_back(
          {Severity::warning, "some pods are not registered yet: " + registry.last_error, ""});
    if (registry.refused != 0)
      status.problems.push_back(
          {Severity::warning,
           "the registry refuses " + std::to_string(registry.refused) +
               " of this host's objects, so that they have no names: " + registry.refusal,
           "name host and pods as docs/objects.md has it; --host-name is the host's"});
  }
  add_peer_problems(status.problems);
  if (const auto found = trouble())
    status.problems.push_back({Severity::error, found->msg, "journalctl -u paddock-netd"});
  status.ready = !trouble();
  status.detail = detail.dump(-1, ' ', false, Json::error_handler_t::replace);
  return status;
}

void Service::metrics(runtime::MetricsText& out) const {
  out.counter("paddock_net_cni_requests_total", "Requests of the CNI plugin answered.");
  for (std::size_t i = 0; i < commands; ++i)
    out.sample(counters_.answered[i].load(), {{"command", command_names[i]}});
  out.counter("paddock_net_cni_failures_total", "Requests answered with an error.");
  for (std::size_t i = 0; i < commands; ++i)
    out.sample(counters_.failed[i].load(), {{"command", command_names[i]}});
  out.counter("paddock_net_cni_invalid_total", "Requests refused before they were understood.");
  out.sample(counters_.invalid.load());
  out.histogram("paddock_net_cni_add_seconds", "Time to answer ADD.", counters_.latency[0]);
  out.histogram("paddock_net_cni_del_seconds", "Time to answer DEL.", counters_.latency[1]);
  out.counter("paddock_net_repairs_total", "Things found in disorder and put right.");
  out.sample(counters_.repairs.load());
  out.gauge("paddock_net_leases", "Pod interfaces attached.");
  out.sample(pods_->lease_count());
  const auto usages = pods_->usage();
  out.gauge("paddock_net_pool_size", "Addresses of a subnet that can be given out.");
  for (const auto& usage : usages) out.sample(usage.size, {{"subnet", usage.network.to_string()}});
  out.gauge("paddock_net_pool_taken", "Addresses given out.");
  for (const auto& usage : usages) out.sample(usage.taken, {{"subnet", usage.network.to_string()}});
  out.gauge("paddock_net_pool_resting", "Addresses freed too short ago to be given out again.");
  for (const auto& usage : usages)
    out.sample(usage.resting, {{"subnet", usage.network.to_string()}});
  peer_metrics(out);
  if (!registrar_) return;
  const auto registry = registrar_->status();
  out.gauge("paddock_net_registry_connected", "1 while the registry is followed.");
  out.sample(registry.is_connected ? 1 : 0);
  out.counter("paddock_net_registry_writes_total",
              "Objects written to or removed from the registry.");
  out.sample(registry.writes);
  out.counter("paddock_net_registry_failures_total", "Writes to the registry that failed.");
  out.sample(registry.failures);
}

}  // namespace paddock::netd
