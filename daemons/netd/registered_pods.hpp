// SPDX-License-Identifier: Apache-2.0
//
// From leases to the Pod and Host objects of the registry: pure. Objects may carry what others
// wrote into them (labels, a service); only what netd knows is set.
#pragma once

#include <paddock/metadata/objects.hpp>
#include <paddock/net/lease_store.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace paddock::netd {

// An annotation that tells our pods from those others registered on this host.
inline constexpr const char* attached_by = "paddock.io/attached-by";

metadata::Key key_of(const net::PodIdentity& pod);

// The object for a pod with these attachments (at least one, in the order they were made), on the
// base of what the registry has (may be null). Null when the base says it all already.
std::shared_ptr<const metadata::Pod> updated_pod(const metadata::Pod* base,
                                                 const std::vector<net::Lease>& attachments,
                                                 const std::string& host);

// True when netd registered it.
bool is_ours(const metadata::Pod& pod);

struct HostFacts {
  std::string name;
  std::vector<net::IpAddress> addresses;
  std::vector<net::Prefix> subnets;
  std::map<std::string, std::string> annotations = {};  // how other hosts reach it
  // The registry knows the host by itself, as nodes of Kubernetes: only the annotations are ours.
  bool is_assigned = false;
};
// Null, too, while an assigned host is not known.
std::shared_ptr<const metadata::Host> updated_host(const metadata::Host* base,
                                                   const HostFacts& facts);

}  // namespace paddock::netd
