// SPDX-License-Identifier: Apache-2.0
#include "pods/standard_pods.hpp"

#include "failure.hpp"
#include "netlink/requests.hpp"
#include "pods/answers.hpp"
#include "pods/attach_result.hpp"
#include "standard/flannel.hpp"

#include <linux/rtnetlink.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

namespace paddock::net {
namespace {

using cni::Code;
using cni::Command;
using cni::Plugin;
using std::chrono::system_clock;

constexpr std::uint32_t usual_mtu = 1500;  // the kernel's for veth

bool makes_link(Plugin plugin) { return plugin == Plugin::bridge || plugin == Plugin::ptp; }

// Whether the addresses are netd's own.
bool gives_from_pool(const cni::Request& request) {
  const auto config = cni::Json::parse(request.config);
  const auto* ipam = cni::find(config, "ipam");
  const auto* type = ipam && ipam->is_object() ? cni::find(*ipam, "type") : nullptr;
  return type && *type == "paddock";
}

std::vector<Prefix> prefixes_of(const Attachment& attachment) {
  std::vector<Prefix> prefixes;
  for (const auto& address : attachment.addresses)
    prefixes.push_back(attachment.prefix_of(address));
  return prefixes;
}

// What the other plugin printed.
cni::Expected<cni::AddResult> delegated(const cni::Request& request) {
  auto result = cni::parse_result(request.delegated.value_or(""), request.version);
  if (!result)
    return cni::Failure{Code::undecodable, request.delegate + " did not answer with a result",
                        result.error().msg + " " + result.error().details, request.version};
  if (result->ips.empty())
    return cni::Failure{
        Code::bad_config, request.delegate + " gave no address", {}, request.version};
  return result;
}

}  // namespace

std::vector<nat::Element> elements_of(const Lease& lease) {
  std::vector<nat::Element> elements;
  if (const auto guest = lease.kept.find("guest"); guest != lease.kept.end())
    elements = nat::guest_elements(prefixes_of(lease.attachment), guest->second == "masqueraded"
                                                                      ? nat::Leaving::masqueraded
                                                                      : nat::Leaving::as_it_is);
  if (const auto asker = lease.kept.find("askers"); asker != lease.kept.end())
    std::ranges::copy(
        nat::asker_elements(lease.attachment.addresses,
                            asker->second == "as the host" ? nat::Asker::host : nat::Asker::itself),
        std::back_inserter(elements));
  for (const auto* name : {"fence", "fence-closed"}) {
    const auto fence = lease.kept.find(name);
    if (fence == lease.kept.end()) continue;
    const bool closed = std::string_view(name) == "fence-closed";
    std::ranges::copy(
        nat::fence_elements(fence->second, closed ? nat::Inside::closed : nat::Inside::reachable),
        std::back_inserter(elements));
  }
  return elements;
}

cni::Expected<std::string> StandardPods::answer(const cni::Request& request,
                                                const NetworkNamespace* pod) {
  if (request.plugin == Plugin::flannel) return answer_flannel(request, pod);
  switch (request.command) {
    case Command::add:
      return add(request, pod);
    case Command::del:
      return del(request, pod);
    case Command::check:
      return check(request, pod);
    case Command::gc:
      return collect(request);
    case Command::status:
      return status(request);
    case Command::version:
      break;
  }
  return cni::format_versions();
}

cni::Expected<std::string> StandardPods::answer_flannel(const cni::Request& request,
                                                        const NetworkNamespace* pod) {
  const auto delegate = standard::flannel_delegate(request);
  if (!delegate) {
    auto failure = delegate.error();
    if (request.command == Command::status) failure.code = Code::cannot_add;
    return failure;
  }
  if (request.command != Command::add && request.command != Command::del)
    return answer(*delegate, pod);
  const auto note = standard::flannel_note(request);
  if (!note) return note.error();
  if (request.command == Command::add) {
    note_ = *note;
    if (auto noted = standard::write_note(note_, *delegate); !noted)
      return to_failure(noted.error(), request.version);
  }
  auto answered = answer(*delegate, pod);
  const bool is_unneeded = request.command == Command::del
                               ? answered.has_value()
                               : !answered && !state_.records.find(id_of(request));
  std::error_code ignored;
  if (is_unneeded) std::filesystem::remove(*note, ignored);
  return answered;
}

cni::Expected<std::string> StandardPods::add(const cni::Request& request,
                                             const NetworkNamespace* pod) {
  if (request.plugin == Plugin::host_local) return add_addresses(request);
  if (request.plugin == Plugin::loopback) return add_loopback(request, *pod);
  return makes_link(request.plugin) ? add_link(request, *pod) : add_chained(request, *pod);
}

cni::Expected<std::string> StandardPods::del(const cni::Request& request,
                                             const NetworkNamespace* pod) {
  if (request.plugin == Plugin::host_local) return del_addresses(request);
  if (request.plugin == Plugin::loopback) return pod ? del_loopback(request, *pod) : std::string();
  return makes_link(request.plugin) ? del_link(request, pod) : del_chained(request, pod);
}

cni::Expected<std::string> StandardPods::check(const cni::Request& request,
                                               const NetworkNamespace* pod) {
  if (request.plugin == Plugin::host_local) return check_addresses(request);
  if (request.plugin == Plugin::loopback) return check_loopback(request, *pod);
  return makes_link(request.plugin) ? check_link(request, *pod) : check_chained(request, *pod);
}

cni::Expected<std::string> StandardPods::add_link(const cni::Request& request,
                                                  const NetworkNamespace& pod) {
  const auto plan = cni::attempt(request.version, [&] {
    const auto config = cni::parse_object(request.config);
    Plan read{standard::link_settings(config, request), {}};
    if (read.settings.ipam == standard::Ipam::host_local)
      read.host_local = standard::host_local_settings(config, request);
    return read;
  });
  if (!plan) return plan.error();
  const auto held = state_.turn(id_of(request), turn_patience);
  if (!held) return busy(request);
  std::vector<IpAddress> addresses;
  if (auto again = state_.answer_again(request, pod, addresses)) return *again;
  return attach(request, pod, *plan);
}

// Whatever fails, nothing stays behind; a crash leaves a record that the next start undoes.
cni::Expected<std::string> StandardPods::attach(const cni::Request& request,
                                                const NetworkNamespace& pod, const Plan& plan) {
  Lease lease{.state = LeaseState::detaching,  // what a crash would have to lead to
              .attachment = {},
              .netns_path = request.netns,
              .netns = pod.identity(),
              .boot_id = state_.boot_id,
              .pod = identify(request),
              .result = {},
              .changed = system_clock::now(),
              .kept = {{"plugin", std::string(cni::name_of(request.plugin))}}};
  lease.attachment.id = id_of(request);
  if (plan.settings.ipam == standard::Ipam::host_local)
    lease.kept["host-local"] = plan.host_local.folder;
  if (!note_.empty()) lease.kept["flannel"] = note_;
  // Before the address is taken, which has a file of its own.
  if (auto begun = state_.records.write(lease); !begun)
    return to_failure(begun.error(), request.version);
  const auto fail = [&](cni::Failure failure) {
    give_up(lease);
    return failure;
  };
  auto given = addresses_for(request, plan, lease);
  if (given)
    given = cni::attempt(request.version,
                         [&] { return standard::complete(plan.settings, std::move(*given)); });
  if (!given) return fail(given.error());
  const auto wanted = standard::attach_request(request, plan.settings, *given, usual_mtu);
  if (auto prepared = switch_forwarding_on(wanted); !prepared)
    return fail(to_failure(prepared.error(), request.version));
  auto attached = state_.attachments.attach(pod, wanted);
  if (!attached) return fail(to_failure(attached.error(), request.version));
  lease.attachment = *attached;
  lease.state = LeaseState::attached;
  if (!attached->addresses.empty())
    lease.kept["guest"] = plan.settings.masquerade ? "masqueraded" : "as it is";
  std::optional<MacAddress> bridge_mac;
  if (attached->bridge) {
    const auto bridge = netlink::find_link(links_.borrow(), attached->bridge->bridge);
    if (bridge && *bridge) bridge_mac = (*bridge)->mac;
  }
  const auto result = standard::add_result(request, lease.attachment, bridge_mac, *given);
  const auto answer = cni::format(result, request.version);
  if (!answer) return fail(answer.error());
  lease.result = cni::format(result, cni::newest_version).value();
  if (auto needed = state_.elements.need(lease.attachment.id.alias(), elements_of(lease)); !needed)
    return fail(to_failure(needed.error(), request.version));
  if (auto kept = keep(lease); !kept) return fail(to_failure(kept.error(), request.version));
  if (!attached->addresses.empty()) PodNetwork::State::tell(state_.options.events.attached, lease);
  return answer;
}

cni::Expected<cni::AddResult> StandardPods::addresses_for(const cni::Request& request,
                                                          const Plan& plan, Lease& lease) {
  using standard::Ipam;
  cni::AddResult given;
  if (plan.settings.ipam == Ipam::none) return given;
  if (plan.settings.ipam == Ipam::delegate) return delegated(request);
  if (plan.settings.ipam == Ipam::host_local) {
    auto ips = state_.host_local.reserve(plan.host_local, {request.container, request.ifname});
    if (!ips) {
      // Whose it is already is not ours to free again.
      if (ips.error().code.value() == EEXIST) lease.kept.erase("host-local");
      return not_reserved(ips.error(), request);
    }
    given.ips = std::move(*ips);
    given.routes = plan.host_local.routes;
    given.dns = plan.host_local.dns;
    return given;
  }
  const auto reserved = state_.reserve({.network = request.network,
                                        .requested = request.addresses,
                                        .ranges = request.ranges,
                                        .owner = {}});
  if (!reserved) return to_failure(reserved.error(), request.version);
  lease.attachment.addresses = reserved->addresses;
  for (std::size_t i = 0; i < reserved->addresses.size(); ++i)
    given.ips.push_back({.address = {reserved->addresses[i], reserved->subnets[i].length},
                         .gateway = reserved->gateways[i],
                         .interface = {}});
  return given;
}

Result<void> StandardPods::switch_forwarding_on(const AttachRequest& wanted) {
  for (const bool v4 : {true, false}) {
    if (std::ranges::find(wanted.gateways, v4, &IpAddress::is_v4) == wanted.gateways.end())
      continue;
    const auto on =
        links_.where().write_sysctl(v4 ? "ipv4/ip_forward" : "ipv6/conf/all/forwarding", "1");
    if (!on) return on.error();
  }
  return {};
}

// Undoes what attach() did for the lease before it failed.
void StandardPods::give_up(const Lease& lease) {
  const auto& id = lease.attachment.id;
  (void)state_.elements.drop(id.alias());
  if (!lease.attachment.host_link.empty()) {
    (void)state_.attachments.detach(lease.attachment);
    state_.reaper.wake();
  }
  if (const auto folder = lease.kept.find("host-local"); folder != lease.kept.end())
    (void)state_.host_local.release(folder->second, {id.container, id.ifname});
  state_.records.cancel(lease);
}

cni::Expected<std::string> StandardPods::del_link(const cni::Request& request,
                                                  const NetworkNamespace* pod) {
  auto held = state_.turn(id_of(request), turn_patience);
  if (!held) return busy(request);
  const auto id = id_of(request);
  const auto lease = state_.records.find(id);
  const auto gone =
      lease ? state_.begin_release(lease, std::move(held), rest_) : state_.detach_unknown(id, {});
  if (!gone) return to_failure(gone.error(), request.version);
  if (lease) return std::string();
  // It may have been attached by the plugin whose place we took.
  if (auto freed = del_addresses(request); !freed) return freed;
  if (!pod || pod->identity() == links_.where().identity()) return std::string();
  auto inside = netlink::Socket::open(*pod, NETLINK_ROUTE);
  const auto link = inside ? netlink::find_link(*inside, request.ifname)
                           : Result<std::optional<netlink::Link>>(std::nullopt);
  if (!link || !*link || (*link)->kind != "veth") return std::string();
  netlink::Batch batch;
  netlink::delete_link(batch, (*link)->index, request.ifname);
  batch.tolerate(ENODEV);
  const auto deleted = inside->execute(batch);
  return deleted ? Answer(std::string()) : to_failure(deleted.error(), request.version);
}

cni::Expected<std::string> StandardPods::check_link(const cni::Request& request,
                                                    const NetworkNamespace& pod) {
  auto answered = state_.check(request, pod);
  if (!answered) return answered;
  const auto lease = state_.records.find(id_of(request));
  if (!lease || !lease->kept.contains("host-local")) return answered;
  const auto holds =
      state_.host_local.holds(lease->kept.at("host-local"), {request.container, request.ifname});
  if (holds && *holds) return answered;
  return cni::Failure{Code::broken, "the pod's addresses are reserved for nobody",
                      "the pod has to be attached again", request.version};
}

cni::Expected<std::string> StandardPods::collect(const cni::Request& request) {
  // As an address plugin it is asked by one that knows which links there are.
  auto answered =
      request.plugin == Plugin::host_local ? Answer(std::string()) : state_.collect(request);
  const auto problems = collect_addresses(request);
  if (!answered || problems.empty()) return answered;
  return cni::Failure{Code::internal, join(problems), "the rest was freed", request.version};
}

cni::Expected<std::string> StandardPods::status(const cni::Request& request) {
  if (makes_link(request.plugin) && gives_from_pool(request)) return state_.status(request);
  const auto settings = cni::attempt(request.version, [&] {
    return standard::host_local_settings(cni::parse_object(request.config), request);
  });
  const auto used_up = settings ? state_.host_local.is_used_up(*settings) : Result<bool>(false);
  if (!used_up || *used_up)
    return cni::Failure{Code::cannot_add,
                        used_up ? "a set of ranges is used up" : used_up.error().text,
                        "remove pods, or give the network more addresses", request.version};
  if (request.plugin == Plugin::host_local || !state_.options.events.status) return std::string();
  auto failure = state_.options.events.status();
  if (!failure) return std::string();
  failure->version = request.version;
  return *failure;
}

}  // namespace paddock::net
