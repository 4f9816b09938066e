// SPDX-License-Identifier: Apache-2.0
//
// What each command of the CNI protocol does.
#include "failure.hpp"
#include "pods/answers.hpp"
#include "pods/attach_result.hpp"
#include "pods/state.hpp"
#include "standard/former_reservations.hpp"

#include <algorithm>
#include <iterator>
#include <set>

namespace paddock::net {

using std::chrono::system_clock;

Result<std::vector<std::string>> PodNetwork::State::check_and_repair(const NetworkNamespace& pod,
                                                                     const Attachment& attachment) {
  auto missing = attachments.check(pod, attachment);
  if (!missing || missing->empty() || !attachments.repair(attachment)) return missing;
  return attachments.check(pod, attachment);
}

// An impatient runtime asks again: answers from the record when the pod is as the record says.
// Absent: attach anew, with `addresses` if there are any.
std::optional<cni::Expected<std::string>> PodNetwork::State::answer_again(
    const cni::Request& request, const NetworkNamespace& pod, std::vector<IpAddress>& addresses) {
  const auto lease = records.find(id_of(request));
  if (!lease) return {};
  const bool same_pod = lease->state == LeaseState::attached && lease->boot_id == boot_id &&
                        lease->netns == pod.identity();
  if (same_pod) {
    const auto missing = check_and_repair(pod, lease->attachment);
    if (!missing) return to_failure(missing.error(), request.version);
    if (missing->empty()) {
      if (!lease->attachment.addresses.empty()) tell(options.events.attached, *lease);
      auto stored = cni::parse_result(lease->result, cni::newest_version);
      if (stored) return cni::format(*stored, request.version);
    }
    tell(options.events.repaired,
         lease->attachment.id.alias() + " is attached again: " + join(*missing));
    addresses = lease->attachment.addresses;
  }
  if (auto released = release(lease); !released)
    return to_failure(released.error(), request.version);
  return {};
}

cni::Expected<std::string> PodNetwork::State::attach(const cni::Request& request,
                                                     const NetworkNamespace& pod,
                                                     const std::vector<IpAddress>& requested) {
  const auto id = id_of(request);
  Lease lease{.state = LeaseState::attached,
              .attachment = {},
              .netns_path = request.netns,
              .netns = pod.identity(),
              .boot_id = boot_id,
              .pod = identify(request),
              .result = {},
              .changed = system_clock::now(),
              .kept = {}};
  const auto reserved =
      reserve({.network = request.network,
               .requested = requested,
               .ranges = request.ranges,
               .owner = request.is_sticky ? owner_of(lease.pod, id) : std::string()});
  if (!reserved) return to_failure(reserved.error(), request.version);
  lease.attachment.id = id;
  lease.attachment.addresses = reserved->addresses;
  if (auto taken = ports.take(id.alias(), request.ports, reserved->addresses); !taken) {
    records.cancel(lease);
    return to_failure(taken.error(), request.version);
  }
  auto answer = plan(request, *reserved, lease);
  if (answer) {
    if (auto made = contained([&] { return make(pod, lease); }); !made)
      answer = to_failure(made.error(), request.version);
  }
  if (!answer) {
    (void)ports.withdraw(id.alias());
    records.cancel(lease);
    return answer;
  }
  records.show(lease);
  tell(options.events.attached, lease);
  return answer;
}

// Fills in the attachment and the result; what the runtime is to be told.
cni::Expected<std::string> PodNetwork::State::plan(const cni::Request& request,
                                                   const Reservation& reserved, Lease& lease) {
  std::unique_lock settings(settings_mutex);
  const auto wanted =
      to_attach_request(lease.attachment.id, request, reserved, {options.data_path, options.mtu});
  const auto dns = merge(request.dns, options.dns, lease.pod.name_space);
  settings.unlock();
  auto planned = Attachments::plan(wanted);
  if (!planned) return to_failure(planned.error(), request.version);
  lease.attachment = std::move(*planned);
  const auto result = to_result(request, lease.attachment, dns);
  auto stored = cni::format(result, cni::newest_version);
  if (!stored) return stored.error();
  lease.result = std::move(*stored);
  return cni::format(result, request.version);
}

// The record comes first. A crash in between leaves one of a pod that is not whole: as its runtime
// got no answer, it asks again, and finds it broken, or takes it away.
Result<void> PodNetwork::State::make(const NetworkNamespace& pod, const Lease& lease) {
  if (auto written = records.write(lease); !written) return written;
  if (auto made = attachments.make(pod, lease.attachment); !made) return made;
  auto done = ports.publish(lease.attachment.id.alias());
  if (!done) {
    (void)attachments.detach(lease.attachment);
    reaper.wake();
  }
  return done;
}

cni::Expected<std::string> PodNetwork::State::add(const cni::Request& request,
                                                  const NetworkNamespace& pod) {
  const auto held = turn(id_of(request), turn_patience);
  if (!held) return busy(request);
  std::vector<IpAddress> addresses;
  if (auto again = answer_again(request, pod, addresses)) return *again;
  return attach(request, pod, request.addresses.empty() ? addresses : request.addresses);
}

Result<void> PodNetwork::State::release(const Records::LeasePointer& lease) {
  records.begin_release();
  if (auto disconnected = disconnect(lease); !disconnected) return disconnected;
  auto done = forget({lease->attachment});
  if (done) done = records.release(*lease);
  if (!done) records.abandon(*lease);
  reaper.wake();
  return done;
}

Result<void> PodNetwork::State::begin_release(const Records::LeasePointer& lease, Turns::Turn held,
                                              std::function<void()>& rest) {
  // Who asked a port of the host must not meet its connection again at the next pod of that port.
  if (!lease->attachment.ports.empty()) return release(lease);
  records.begin_release();
  if (auto disconnected = disconnect(lease); !disconnected) return disconnected;
  auto kept = std::make_shared<Turns::Turn>(std::move(held));  // what is called is copyable
  rest = [this, lease, kept = std::move(kept)]() mutable {
    farewells.add({lease, std::move(kept)});
  };
  return {};
}

void PodNetwork::State::end_releases(const std::vector<Farewells::Leaving>& leaving) {
  std::vector<Attachment> gone;
  for (const auto& [lease, held] : leaving) gone.push_back(lease->attachment);
  const auto forgotten = forget(gone);
  for (const auto& [lease, held] : leaving) {
    auto done = forgotten ? records.release(*lease) : forgotten;
    if (done) continue;
    tell(options.events.failed,
         lease->attachment.id.alias() + " is not gone yet: " + done.error().text);
    records.abandon(*lease);  // the next reconcile() tries again
  }
  reaper.wake();
}

Result<void> PodNetwork::State::disconnect(const Records::LeasePointer& lease) {
  auto done = contained([&] { return take_from_host(*lease); });
  if (!done) records.abandon(*lease);
  return done;
}

Result<void> PodNetwork::State::take_from_host(const Lease& lease) {
  tell(options.events.detached, lease);
  const auto owner = lease.attachment.id.alias();
  if (auto dropped = elements.drop(owner); !dropped)
    tell(options.events.failed, dropped.error().text);
  // First, or a packet would make a connection again that the next line forgets.
  if (auto closed = ports.withdraw(owner); !closed)
    tell(options.events.failed, closed.error().text);
  if (auto disconnected = attachments.disconnect(lease.attachment); !disconnected)
    return disconnected;
  if (const auto note = lease.kept.find("flannel"); note != lease.kept.end()) {
    std::error_code ignored;  // it is the original's, who does without it, too
    std::filesystem::remove(note->second, ignored);
  }
  if (const auto folder = lease.kept.find("host-local"); folder != lease.kept.end()) {
    const auto& id = lease.attachment.id;
    if (auto freed = host_local.release(folder->second, {id.container, id.ifname}); !freed)
      tell(options.events.failed, freed.error().text);
  }
  return {};
}

Result<void> PodNetwork::State::forget(const std::vector<Attachment>& gone) {
  return contained([&] { return attachments.forget(gone); });
}

Result<void> PodNetwork::State::detach_unknown(const AttachmentId& id, const std::string& link) {
  Attachment attachment;
  attachment.id = id;
  attachment.host_link = link;
  auto detached = attachments.detach(attachment);
  if (detached) reaper.wake();
  return detached;
}

cni::Expected<std::string> PodNetwork::State::del(const cni::Request& request,
                                                  std::function<void()>& rest) {
  const auto id = id_of(request);
  auto held = turn(id, turn_patience);
  if (!held) return busy(request);
  const auto lease = records.find(id);
  auto released = lease ? begin_release(lease, std::move(held), rest) : detach_unknown(id, {});
  if (!lease && released) released = release_reservations(id);
  if (!released) return to_failure(released.error(), request.version);
  return std::string();
}

cni::Expected<std::string> PodNetwork::State::check(const cni::Request& request,
                                                    const NetworkNamespace& pod) {
  const auto held = turn(id_of(request), turn_patience);
  if (!held) return busy(request);
  const auto lease = records.find(id_of(request));
  if (!lease || lease->state != LeaseState::attached || lease->boot_id != boot_id)
    return cni::Failure{cni::Code::unknown_container, "no record of " + id_of(request).alias(),
                        "the pod has to be attached again", request.version};
  if (lease->netns != pod.identity())
    return cni::Failure{cni::Code::broken, request.netns + " is not the namespace of this pod",
                        "the pod has to be attached again", request.version};
  const auto expected = expected_of(*lease, *request.previous);
  auto missing = attachments.check(pod, expected);
  if (!missing) return to_failure(missing.error(), request.version);
  const auto mapped = ports.is_published(id_of(request).alias());
  if (!mapped) return to_failure(mapped.error(), request.version);
  if (!*mapped) missing.value().push_back("ports of the host are not mapped to the pod");
  std::ranges::copy(missing_in(*request.previous, request.netns, expected),
                    std::back_inserter(missing.value()));
  if (!missing.value().empty())
    return cni::Failure{cni::Code::broken, join(missing.value()),
                        "the pod has to be attached again", request.version};
  return std::string();
}

cni::Expected<std::string> PodNetwork::State::collect(const cni::Request& request) {
  const std::set<cni::ValidAttachment> valid(request.valid->begin(), request.valid->end());
  const auto is_valid = [&](const AttachmentId& id) {
    return id.network != request.network || valid.contains({id.container, id.ifname});
  };
  std::vector<std::string> problems;
  records.settle();
  for (const auto& lease : records.all()) {
    const auto& id = lease->attachment.id;
    if (is_valid(id)) continue;
    const auto held = turn(id, turn_patience);
    const auto now = held ? records.find(id) : nullptr;
    if (!held) problems.push_back(id.alias() + " is in use by another request");
    if (!now) continue;
    if (auto released = release(now); !released) problems.push_back(released.error().text);
  }
  std::ranges::copy(collect_reservations(standard::usual_reservations / request.network, request),
                    std::back_inserter(problems));
  auto links = attachments.list();
  if (!links) problems.push_back(links.error().text);
  for (const auto& link : links ? *links : std::vector<FoundAttachment>{}) {
    if (!link.id || is_valid(*link.id) || records.find(*link.id)) continue;
    if (auto gone = detach_unknown(*link.id, link.host_link); !gone)
      problems.push_back(gone.error().text);
  }
  if (!problems.empty())
    return cni::Failure{cni::Code::internal, join(problems), "the rest was removed",
                        request.version};
  return std::string();
}

cni::Expected<std::string> PodNetwork::State::status(const cni::Request& request) {
  records.settle();
  for (const bool v4 : {true, false}) {
    std::uint64_t size = 0;
    std::uint64_t used = 0;
    for (const auto& usage : records.usage(request.network)) {
      if (usage.network.address.is_v4() != v4) continue;
      size += usage.size;  // 0 of a closed one, whose pods take nothing from the others
      used += std::min(usage.size, usage.taken + usage.resting);
    }
    if (size > 0 && used >= size)
      return cni::Failure{cni::Code::cannot_add,
                          std::string(v4 ? "the IPv4" : "the IPv6") + " subnet of network " +
                              request.network + " is used up",
                          "remove pods or give this host another subnet", request.version};
  }
  if (!options.events.status) return std::string();
  auto failure = options.events.status();
  if (!failure) return std::string();
  failure->version = request.version;
  return *failure;
}

}  // namespace paddock::net
