// SPDX-License-Identifier: Apache-2.0
#include "documents/snapshot.hpp"

#include <cstdint>
#include <cstdio>
#include <set>

namespace paddock::metadata::documents {
namespace {

// FNV-1a.
std::uint64_t hash(std::string_view text, std::uint64_t seed) {
  std::uint64_t value = 0xcbf29ce484222325U ^ seed;
  for (const char c : text) {
    value ^= static_cast<unsigned char>(c);
    value *= 0x100000001b3U;
  }
  return value;
}

// "ns/name", or "name" in the pod's own namespace.
std::pair<std::string_view, std::string_view> named_service(const Pod& pod) {
  const std::string_view text = pod.service;
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {pod.ns, text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

template <class T>
void collect_namespaces(const Cluster& cluster, std::set<std::string>& names) {
  const auto all = cluster.all<T>();
  for (std::size_t i = 0; i < all.size();) {
    const std::string_view ns = all[i].ns;
    names.emplace(ns);
    i += cluster.all_in<T>(ns).size();
  }
}

}  // namespace

std::string uuid_from(std::string_view text) {
  const std::uint64_t high = hash(text, 0);
  const std::uint64_t low = hash(text, 0x9e3779b97f4a7c15U);
  char uuid[40];
  // Version 8 (RFC 9562): bits of our own choice.
  std::snprintf(uuid, sizeof uuid, "%08x-%04x-8%03x-%04x-%012llx",
                static_cast<unsigned>(high >> 32), static_cast<unsigned>(high >> 16) & 0xffffU,
                static_cast<unsigned>(high) & 0xfffU,
                0x8000U | (static_cast<unsigned>(low >> 48) & 0x3fffU),
                static_cast<unsigned long long>(low & 0xffffffffffffU));
  return uuid;
}

Snapshot::Group& Snapshot::group(std::string_view ns) const {
  if (const auto known = groups_.find(ns); known != groups_.end()) return known->second;
  Group& made = groups_[std::string(ns)];
  for (const Service& service : cluster_->all_in<Service>(ns)) {
    if (!service.selector.empty()) made.selecting.push_back(&service);
  }
  return made;
}

const Service* Snapshot::service_of(const Pod& pod) const {
  if (!pod.service.empty()) {
    const auto [ns, name] = named_service(pod);
    return cluster_->find<Service>(ns, name).get();  // the cluster keeps it alive
  }
  if (pod.labels.empty()) return nullptr;
  for (const Service* service : group(pod.ns).selecting) {
    if (pod.labels.matches(service->selector)) return service;
  }
  return nullptr;
}

const std::vector<const Pod*>& Snapshot::pods_of(const Service& service) const {
  Group& home = group(service.ns);
  if (!std::exchange(home.has_members, true)) {
    for (const Pod& pod : cluster_->all_in<Pod>(service.ns)) {
      if (!pod.service.empty()) {
        const auto [ns, name] = named_service(pod);
        if (ns == service.ns) home.members[name].push_back(&pod);
        continue;
      }
      for (const Service* selecting : home.selecting) {
        if (pod.labels.matches(selecting->selector)) home.members[selecting->name].push_back(&pod);
      }
    }
  }
  static const std::vector<const Pod*> none;
  const auto found = home.members.find(service.name);
  return found == home.members.end() ? none : found->second;
}

const std::vector<std::string>& Snapshot::namespaces() const {
  if (!namespaces_) {
    std::set<std::string> names;
    for (const Namespace& object : cluster_->namespaces()) names.insert(object.name.str());
    collect_namespaces<Service>(*cluster_, names);
    collect_namespaces<Pod>(*cluster_, names);
    namespaces_.emplace(names.begin(), names.end());
  }
  return *namespaces_;
}

std::string Snapshot::uuid_of_namespace(std::string_view ns) const {
  const auto object = cluster_->find<Namespace>(ns);
  if (object && !object->uid.empty()) return object->uid.str();
  return uuid_from(cluster_->store() + "/" + std::string(ns));
}

}  // namespace paddock::metadata::documents
