// SPDX-License-Identifier: Apache-2.0
//
// Record against kernel: what a crash, a reboot or a stranger left in disorder.
#include "pods/standard_pods.hpp"
#include "pods/state.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

namespace paddock::net {
namespace {

// True when the path leads to the very namespace the lease was made for.
bool namespace_exists(const Lease& lease) {
  struct stat status {};
  return !lease.netns_path.empty() && ::stat(lease.netns_path.c_str(), &status) == 0 &&
         NamespaceIdentity{status.st_dev, status.st_ino} == lease.netns;
}

// True when the link is a port of its bridge, or the kernel routes every address to it.
bool is_connected(const Attachment& attachment, const FoundAttachment& link) {
  if (attachment.bridge) return link.bridge == attachment.bridge->bridge;
  return std::ranges::all_of(attachment.addresses, [&](const IpAddress& address) {
    return std::ranges::find(link.addresses, address) != link.addresses.end();
  });
}

}  // namespace

std::string PodNetwork::State::objection(const Lease& lease, const Links* links, When when) const {
  if (lease.boot_id != boot_id) return "it is of another boot";
  if (lease.state == LeaseState::detaching) return "its detaching was interrupted";
  if (!links || links->contains(lease.attachment.id.alias())) return {};
  if (!namespace_exists(lease)) return "its link and namespace are gone";
  // Links of pods on their way out are not listed: netd ended in the middle of a DEL.
  const bool made_link = !lease.result.empty() && lease.attachment.host_ifindex != 0;
  return when == When::start && made_link ? "its link is gone" : "";
}

void PodNetwork::State::reconcile_lease(const Records::LeasePointer& lease, const Links* links,
                                        When when) {
  const auto& id = lease->attachment.id;
  const auto held = turn(id, std::chrono::milliseconds(0));
  if (!held || records.find(id) != lease) return;  // somebody is at it
  if (const auto reason = objection(*lease, links, when); !reason.empty()) {
    if (auto released = release(lease); !released)
      tell(options.events.failed, id.alias() + " cannot be removed: " + released.error().text);
    else
      tell(options.events.repaired, id.alias() + " was removed: " + reason);
    return;
  }
  const auto link = links ? links->find(id.alias()) : Links::const_iterator{};
  if (!links || link == links->end() || is_connected(lease->attachment, link->second)) return;
  if (auto repaired = attachments.repair(lease->attachment); !repaired)
    tell(options.events.failed, id.alias() + " cannot be repaired: " + repaired.error().text);
  else
    tell(options.events.repaired, id.alias() + " is connected again");
}

void PodNetwork::State::reconcile_link(const FoundAttachment& link, When when) {
  if (!link.id && when != When::start) return;  // it may be in the making
  const auto id = link.id.value_or(AttachmentId{});
  const auto held = turn(id, std::chrono::milliseconds(0));
  if (!held || (link.id && records.find(id))) return;
  if (when == When::running) {  // its DEL may have come meanwhile
    const auto still = attachments.find(link.host_ifindex);
    if (still && !*still) return;
  }
  if (auto gone = detach_unknown(id, link.host_link); !gone)
    tell(options.events.failed, link.host_link + " cannot be removed: " + gone.error().text);
  else
    tell(options.events.repaired, link.host_link + " was removed: no record knows it");
}

Result<void> PodNetwork::State::reconcile_tables() {
  const auto restored = ports.restore();
  if (restored && *restored > 0)
    tell(options.events.repaired, std::to_string(*restored) + " mapped ports were put right");
  const auto present = elements.restore();
  if (present && *present > 0)
    tell(options.events.repaired, std::to_string(*present) + " elements of sets were put right");
  if (!present) return present.error();
  return restored ? Result<void>() : restored.error();
}

// What bridged pods share.
void PodNetwork::State::reconcile_bridges(const std::vector<Records::LeasePointer>& leases) {
  std::vector<Attachment> bridged;
  for (const auto& lease : leases) {
    if (lease->attachment.bridge && lease->state == LeaseState::attached &&
        lease->boot_id == boot_id)
      bridged.push_back(lease->attachment);
  }
  const auto changes = attachments.ensure_bridges(bridged);
  if (!changes) {
    // While links keep changing no list of them is whole; those changes bring another look.
    if (changes.error().code.value() == EAGAIN) return;
    return tell(options.events.failed, "bridges: " + changes.error().text);
  }
  for (const auto& change : *changes) tell(options.events.repaired, change);
}

void PodNetwork::State::adopt(const std::vector<Records::LeasePointer>& leases) {
  for (const auto& lease : leases) {
    const auto& attachment = lease->attachment;
    const auto owner = attachment.id.alias();
    if (auto taken = ports.take(owner, attachment.ports, attachment.addresses); !taken)
      tell(options.events.failed, taken.error().text);
    else
      ports.adopt(owner);
    elements.adopt(owner, elements_of(*lease));
  }
}

Result<void> PodNetwork::State::reconcile(When when) {
  give_back_withheld();
  const auto leases = records.all();  // before the links: a link of any of these was there already
  reconcile_bridges(leases);
  if (when == When::start) adopt(leases);
  const auto found = attachments.list();
  Links links;
  if (found) {
    for (const auto& link : *found) {
      if (link.id) links.emplace(link.id->alias(), link);
    }
  }
  for (const auto& lease : leases) reconcile_lease(lease, found ? &links : nullptr, when);
  const auto restored = reconcile_tables();
  if (!found) return found.error();
  for (const auto& link : *found) reconcile_link(link, when);
  return restored;
}

Result<void> PodNetwork::State::reconcile(const KernelChange& change) {
  // From there on one look at all of them costs less.
  constexpr std::size_t many = 64;
  if (change.is_wide || change.links.size() > many) return reconcile(When::running);
  Result<void> done;
  if (change.tables) {
    reconcile_bridges(records.all());
    done = reconcile_tables();
  }
  for (const auto link : change.links) {
    if (auto looked = reconcile_changed(link); !looked) done = looked;
  }
  return done;
}

// Most often it was a request: then lease and link agree, or both are gone.
Result<void> PodNetwork::State::reconcile_changed(std::uint32_t host_ifindex) {
  const auto lease = records.find(host_ifindex);  // before the link, as above
  const auto found = attachments.find(host_ifindex);
  if (!found) return found.error();
  Links links;
  if (*found && (*found)->id) links.emplace((*found)->id->alias(), **found);
  if (lease)
    reconcile_lease(lease, &links, When::running);
  else if (*found)
    reconcile_link(**found, When::running);
  return {};
}

std::vector<std::string> PodNetwork::State::examine(const Lease& lease) {
  if (lease.boot_id != boot_id) return {"the record is of another boot"};
  if (!namespace_exists(lease))
    return {"its network namespace is not at " + lease.netns_path + " any more"};
  const auto pod = NetworkNamespace::open(lease.netns_path);
  if (!pod) return {pod.error().text};
  auto missing = attachments.check(*pod, lease.attachment);
  return missing ? *missing : std::vector<std::string>{missing.error().text};
}

}  // namespace paddock::net
