// SPDX-License-Identifier: Apache-2.0
#include "pods/attach_result.hpp"
#include "pods/reaper.hpp"
#include "pods/records.hpp"
#include "pods/turns.hpp"

#include <paddock/net/pod_network.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

namespace paddock::net {
namespace {

using std::chrono::system_clock;

// Shorter than the plugin's patience, so that the runtime gets our sentence and not a time-out.
constexpr std::chrono::seconds turn_patience{50};

cni::Failure to_failure(const Error& error, const std::string& version) {
  using boost::system::errc::errc_t;
  cni::Failure failure{cni::Code::internal, error.text, {}, version};
  const auto is = [&](errc_t code) { return error.code == code; };
  if (is(errc_t::no_buffer_space) || is(errc_t::address_in_use)) {
    failure.code = cni::Code::try_again;
    failure.details = "paddock status shows how full the subnet is";
  } else if (is(errc_t::address_not_available)) {
    failure.code = cni::Code::bad_config;
    failure.details = "ask for an address of this host's subnet, or for none";
  } else if (is(errc_t::no_space_on_device)) {
    failure.code = cni::Code::try_again;
    failure.details = "free space where paddock-netd keeps its state";
  } else if (is(errc_t::operation_not_permitted)) {
    failure.code = cni::Code::bad_namespace;
  } else if (is(errc_t::file_exists)) {
    failure.details = "something else has made this interface or route; remove it first";
  }
  return failure;
}

AttachmentId id_of(const cni::Request& request) {
  return {request.network, request.container, request.ifname};
}

std::string join(const std::vector<std::string>& texts) {
  std::string result;
  for (const auto& text : texts) result += (result.empty() ? "" : "; ") + text;
  return result;
}

// True when the path leads to the very namespace the lease was made for.
bool namespace_exists(const Lease& lease) {
  struct stat status {};
  return !lease.netns_path.empty() && ::stat(lease.netns_path.c_str(), &status) == 0 &&
         NamespaceIdentity{status.st_dev, status.st_ino} == lease.netns;
}

}  // namespace

class PodNetwork::State {
 public:
  State(const NetworkNamespace& host, PodNetworkOptions wanted)
      : options(std::move(wanted)),
        boot_id(options.boot_id.empty() ? current_boot_id() : options.boot_id),
        attachments(host),
        records(options.pool, options.state_directory,
                [this](const std::string& text) { tell(options.events.failed, text); }),
        reaper(attachments,
               [this](const std::string& text) { tell(options.events.failed, text); }) {}

  cni::Expected<std::string> add(const cni::Request& request, const NetworkNamespace& pod);
  cni::Expected<std::string> del(const cni::Request& request);
  cni::Expected<std::string> check(const cni::Request& request, const NetworkNamespace& pod);
  cni::Expected<std::string> collect(const cni::Request& request);
  cni::Expected<std::string> status(const cni::Request& request);
  Result<void> reconcile();

 private:
  template <class Event, class Value>
  static void tell(const Event& event, const Value& value) {
    if (event) event(value);
  }

  Turns::Turn turn(const AttachmentId& id, std::chrono::milliseconds patience) {
    return turns.take(id.container + "/" + id.ifname, patience);
  }

  std::optional<cni::Expected<std::string>> answer_again(const cni::Request& request,
                                                         const NetworkNamespace& pod,
                                                         std::vector<IpAddress>& addresses);
  cni::Expected<std::string> attach(const cni::Request& request, const NetworkNamespace& pod,
                                    const std::vector<IpAddress>& requested);
  Result<void> release(const Records::LeasePointer& lease);
  Result<void> detach_unknown(const AttachmentId& id, const std::string& link);
  void reconcile_lease(const Records::LeasePointer& lease, const std::set<std::string>& links,
                       bool links_known);
  void reconcile_link(const FoundAttachment& link);

 public:
  PodNetworkOptions options;
  const std::string boot_id;
  mutable std::mutex settings_mutex;  // options.mtu and options.dns may change at run time
  Attachments attachments;
  Records records;

 private:
  Turns turns;
  Reaper reaper;
};

// An impatient runtime asks again: answers from the record when the pod is as the record says.
// Absent: attach anew, with `addresses` if there are any.
std::optional<cni::Expected<std::string>> PodNetwork::State::answer_again(
    const cni::Request& request, const NetworkNamespace& pod, std::vector<IpAddress>& addresses) {
  const auto lease = records.find(id_of(request));
  if (!lease) return {};
  const bool same_pod = lease->state == LeaseState::attached && lease->boot_id == boot_id &&
                        lease->netns == pod.identity();
  if (same_pod) {
    const auto missing = attachments.check(pod, lease->attachment);
    if (!missing) return to_failure(missing.error(), request.version);
    if (missing.value().empty()) {
      tell(options.events.attached, *lease);
      auto stored = cni::parse_result(lease->result, cni::newest_version);
      if (stored) return cni::format(*stored, request.version);
    }
    tell(options.events.repaired,
         lease->attachment.id.alias() + " is attached again: " + join(missing.value()));
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
  const auto addresses = records.reserve(requested);
  if (!addresses) return to_failure(addresses.error(), request.version);
  Lease lease{.state = LeaseState::attaching,
              .attachment = {},
              .netns_path = request.netns,
              .netns = pod.identity(),
              .boot_id = boot_id,
              .pod = identify(request),
              .result = {},
              .changed = system_clock::now()};
  lease.attachment.id = id;
  lease.attachment.addresses = *addresses;
  // Written while the kernel works: a crash in between leaves a link that carries our alias and
  // has no record, which the next start removes.
  auto begun = records.begin(lease);
  std::unique_lock settings(settings_mutex);
  const auto wanted =
      to_attach_request(id, request, *addresses, records.gateways_of(*addresses), options.mtu);
  const auto dns = merge(request.dns, options.dns, lease.pod.name_space);
  settings.unlock();
  auto attached = attachments.attach(pod, wanted);
  if (!attached) {
    (void)begun.wait();
    records.cancel(id, *addresses);
    return to_failure(attached.error(), request.version);
  }
  lease.state = LeaseState::attached;
  lease.attachment = *attached;
  const auto result = to_result(request, lease.attachment, dns);
  auto stored = cni::format(result, cni::newest_version);
  auto answer = cni::format(result, request.version);
  lease.result = stored ? *stored : std::string();
  auto ended = records.begin(lease);
  const auto first = begun.wait();
  const auto second = ended.wait();
  if (!first || !second || !answer) {
    (void)attachments.detach(lease.attachment);
    reaper.wake();
    records.cancel(id, *addresses);
    if (!answer) return answer.error();
    return to_failure(second ? first.error() : second.error(), request.version);
  }
  records.show(lease);
  tell(options.events.attached, lease);
  return answer;
}

cni::Expected<std::string> PodNetwork::State::add(const cni::Request& request,
                                                  const NetworkNamespace& pod) {
  const auto held = turn(id_of(request), turn_patience);
  if (!held)
    return cni::Failure{cni::Code::try_again, "another request for this interface is still running",
                        "try again", request.version};
  std::vector<IpAddress> addresses;
  if (auto again = answer_again(request, pod, addresses)) return *again;
  return attach(request, pod, request.addresses.empty() ? addresses : request.addresses);
}

// Takes an attachment away, whatever is left of it. Its turn is held.
Result<void> PodNetwork::State::release(const Records::LeasePointer& lease) {
  tell(options.events.detached, *lease);
  auto going = records.begin_release(lease);
  const auto detached = attachments.detach(lease->attachment);
  if (!detached) {
    records.abandon_release(going);
    return detached;
  }
  reaper.wake();
  return records.finish_release(going);
}

Result<void> PodNetwork::State::detach_unknown(const AttachmentId& id, const std::string& link) {
  Attachment attachment;
  attachment.id = id;
  attachment.host_link = link;
  auto detached = attachments.detach(attachment);
  if (detached) reaper.wake();
  return detached;
}

cni::Expected<std::string> PodNetwork::State::del(const cni::Request& request) {
  const auto id = id_of(request);
  const auto held = turn(id, turn_patience);
  if (!held)
    return cni::Failure{cni::Code::try_again, "another request for this interface is still running",
                        "try again", request.version};
  const auto lease = records.find(id);
  auto released = lease ? release(lease) : detach_unknown(id, {});
  if (!released) return to_failure(released.error(), request.version);
  return std::string();
}

cni::Expected<std::string> PodNetwork::State::check(const cni::Request& request,
                                                    const NetworkNamespace& pod) {
  const auto held = turn(id_of(request), turn_patience);
  if (!held)
    return cni::Failure{cni::Code::try_again, "another request for this interface is still running",
                        "try again", request.version};
  const auto lease = records.find(id_of(request));
  if (!lease || lease->state != LeaseState::attached || lease->boot_id != boot_id)
    return cni::Failure{cni::Code::unknown_container, "no record of " + id_of(request).alias(),
                        "the pod has to be attached again", request.version};
  if (lease->netns != pod.identity())
    return cni::Failure{cni::Code::broken, request.netns + " is not the namespace of this pod",
                        "the pod has to be attached again", request.version};
  auto missing = attachments.check(pod, lease->attachment);
  if (!missing) return to_failure(missing.error(), request.version);
  std::ranges::copy(missing_in(*request.previous, lease->attachment),
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
  for (const auto& lease : records.all()) {
    const auto& id = lease->attachment.id;
    if (is_valid(id)) continue;
    const auto held = turn(id, turn_patience);
    const auto now = held ? records.find(id) : nullptr;
    if (!held) problems.push_back(id.alias() + " is in use by another request");
    if (!now) continue;
    if (auto released = release(now); !released) problems.push_back(released.error().text);
  }
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
  for (const bool v4 : {true, false}) {
    std::uint64_t size = 0;
    std::uint64_t used = 0;
    for (const auto& usage : records.usage()) {
      if (usage.network.address.is_v4() != v4) continue;
      size += usage.size;
      used += usage.taken + usage.resting;
    }
    if (size > 0 && used >= size)
      return cni::Failure{cni::Code::cannot_add,
                          std::string(v4 ? "the IPv4" : "the IPv6") + " subnet is used up",
                          "remove pods or give this host another subnet", request.version};
  }
  if (!options.events.status) return std::string();
  auto failure = options.events.status();
  if (!failure) return std::string();
  failure->version = request.version;
  return *failure;
}

void PodNetwork::State::reconcile_lease(const Records::LeasePointer& lease,
                                        const std::set<std::string>& links, bool links_known) {
  const auto& id = lease->attachment.id;
  const auto held = turn(id, std::chrono::milliseconds(0));
  if (!held || records.find(id) != lease) return;  // somebody is at it
  std::string reason;
  if (lease->boot_id != boot_id)
    reason = "it is of another boot";
  else if (lease->state == LeaseState::attaching)
    reason = "its attaching was interrupted";
  else if (lease->state == LeaseState::detaching)
    reason = "its detaching was interrupted";
  else if (links_known && !links.contains(id.alias()) && !namespace_exists(*lease))
    reason = "its link and namespace are gone";
  if (reason.empty()) return;
  if (auto released = release(lease); !released)
    tell(options.events.failed, id.alias() + " cannot be removed: " + released.error().text);
  else
    tell(options.events.repaired, id.alias() + " was removed: " + reason);
}

void PodNetwork::State::reconcile_link(const FoundAttachment& link) {
  const auto id = link.id.value_or(AttachmentId{});
  const auto held = turn(id, std::chrono::milliseconds(0));
  if (!held || (link.id && records.find(id))) return;
  if (auto gone = detach_unknown(id, link.host_link); !gone)
    tell(options.events.failed, link.host_link + " cannot be removed: " + gone.error().text);
  else
    tell(options.events.repaired, link.host_link + " was removed: no record knows it");
}

Result<void> PodNetwork::State::reconcile() {
  const auto leases = records.all();  // before the links: a link of any of these was there already
  const auto found = attachments.list();
  std::set<std::string> links;
  for (const auto& link : found ? *found : std::vector<FoundAttachment>{}) {
    if (link.id) links.insert(link.id->alias());
  }
  for (const auto& lease : leases) reconcile_lease(lease, links, found.has_value());
  if (!found) return found.error();
  for (const auto& link : *found) reconcile_link(link);
  return {};
}

PodNetwork::PodNetwork(const NetworkNamespace& host, PodNetworkOptions options)
    : state_(std::make_unique<State>(host, std::move(options))) {
  state_->reconcile().value();
}

PodNetwork::~PodNetwork() = default;

cni::Expected<std::string> PodNetwork::answer(const cni::Request& request,
                                              const NetworkNamespace* pod) {
  using cni::Command;
  if (!pod && (request.command == Command::add || request.command == Command::check))
    return cni::Failure{cni::Code::bad_namespace,
                        "CNI_NETNS " + request.netns + " is not a network namespace",
                        "the runtime has to make it before it attaches the pod", request.version};
  switch (request.command) {
    case Command::add:
      return state_->add(request, *pod);
    case Command::del:
      return state_->del(request);
    case Command::check:
      return state_->check(request, *pod);
    case Command::gc:
      return state_->collect(request);
    case Command::status:
      return state_->status(request);
    case Command::version:
      break;
  }
  return cni::format_versions();
}

Result<void> PodNetwork::reconcile() { return state_->reconcile(); }

std::vector<Lease> PodNetwork::leases() const {
  std::vector<Lease> result;
  for (const auto& lease : state_->records.all()) {
    if (lease->state == LeaseState::attached) result.push_back(*lease);
  }
  return result;
}

std::vector<AddressPool::Usage> PodNetwork::usage() const { return state_->records.usage(); }

void PodNetwork::set_mtu(std::uint32_t mtu) {
  const std::lock_guard lock(state_->settings_mutex);
  state_->options.mtu = mtu;
}

void PodNetwork::set_dns(cni::Dns dns) {
  const std::lock_guard lock(state_->settings_mutex);
  state_->options.dns = std::move(dns);
}

}  // namespace paddock::net
