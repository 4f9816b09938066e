// SPDX-License-Identifier: Apache-2.0
#include "netd/registered_pods.hpp"

#include "netd/peers.hpp"

#include <algorithm>
#include <map>

namespace paddock::netd {
namespace {

using Pairs = std::map<std::string, std::string>;

constexpr const char* aliases_annotation = "paddock.io/aliases";

// The base's pairs with ours over them.
metadata::TextMap merged(const metadata::TextMap& base, const Pairs& ours) {
  std::vector<metadata::TextPair> pairs(base.begin(), base.end());
  for (const auto& [key, value] : ours) pairs.push_back({key, value});
  return metadata::TextMap(std::move(pairs));
}

// A host that says how it is reached says all of it: what it said before of the other family goes.
metadata::TextMap without_peer(const metadata::TextMap& base, const Pairs& ours) {
  std::vector<metadata::TextPair> kept;
  std::ranges::copy_if(base, std::back_inserter(kept), [&](const metadata::TextPair& pair) {
    const std::string_view key = pair.key;
    const auto slash = key.rfind('/');
    if (slash == std::string_view::npos || !is_peer_annotation(key.substr(slash + 1))) return true;
    return !ours.contains(std::string(key.substr(0, slash + 1)) + "backend-type");
  });
  return metadata::TextMap(std::move(kept));
}

Pairs annotations_of(const net::PodIdentity& pod) {
  Pairs annotations{{attached_by, "netd"}};
  std::string aliases;
  for (const auto& alias : pod.aliases) aliases += (aliases.empty() ? "" : ",") + alias;
  if (!aliases.empty()) annotations[aliases_annotation] = aliases;
  return annotations;
}

}  // namespace

metadata::Key key_of(const net::PodIdentity& pod) {
  return {metadata::Kind::pod, pod.name_space, pod.name};
}

std::shared_ptr<const metadata::Pod> updated_pod(const metadata::Pod* base,
                                                 const std::vector<net::Lease>& attachments,
                                                 const std::string& host) {
  auto pod = base ? metadata::clone(*base) : std::make_shared<metadata::Pod>();
  const auto& first = attachments.front();
  pod->ns = first.pod.name_space;
  pod->name = first.pod.name;
  if (!first.pod.uid.empty()) pod->uid = first.pod.uid;
  Pairs labels;
  std::vector<net::IpAddress> addresses;
  for (const auto& lease : attachments) {
    labels.insert(lease.pod.labels.begin(), lease.pod.labels.end());
    std::ranges::copy(lease.attachment.addresses, std::back_inserter(addresses));
  }
  pod->labels = merged(pod->labels, labels);
  pod->annotations = merged(pod->annotations, annotations_of(first.pod));
  pod->external_id = first.attachment.id.container;
  pod->host = host;
  pod->addresses = std::move(addresses);
  pod->mac = first.attachment.pod_mac.to_string();
  pod->interface = first.attachment.id.ifname;
  pod->network = first.attachment.id.network;
  if (base && metadata::equal(*base, *pod)) return nullptr;
  return pod;
}

bool is_ours(const metadata::Pod& pod) { return pod.annotations.find(attached_by) != nullptr; }

std::shared_ptr<const metadata::Host> updated_host(const metadata::Host* base,
                                                   const HostFacts& facts) {
  if (facts.is_assigned && !base) return nullptr;
  auto host = base ? metadata::clone(*base) : std::make_shared<metadata::Host>();
  if (!facts.is_assigned) {
    host->name = facts.name;
    host->addresses = facts.addresses;
    std::vector<metadata::Prefix> subnets;
    for (const auto& subnet : facts.subnets)
      subnets.push_back({subnet.address, static_cast<std::uint8_t>(subnet.length)});
    host->subnets = std::move(subnets);
  }
  host->annotations = merged(without_peer(host->annotations, facts.annotations), facts.annotations);
  if (base && metadata::equal(*base, *host)) return nullptr;
  return host;
}

}  // namespace paddock::netd
