// SPDX-License-Identifier: Apache-2.0
#include "documents/snapshot.hpp"

#include "model/hash.hpp"
#include "model/uuid.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace paddock::metadata::documents {
namespace {

// "ns/name", or "name" in the pod's own namespace.
std::pair<std::string_view, std::string_view> named_service(const Pod& pod) {
  const std::string_view text = pod.service;
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return {pod.ns, text};
  return {text.substr(0, slash), text.substr(slash + 1)};
}

std::uint64_t hash_of(const TextPair& pair) { return hash_text(pair.value, hash_text(pair.key)); }

template <class T>
void collect_namespaces(const Cluster& cluster, std::set<std::string>& names) {
  const auto all = cluster.all<T>();
  for (std::size_t i = 0; i < all.size();) {
    const std::string_view ns = all[i].ns;
    names.emplace(ns);
    i += cluster.all_in<T>(ns).size();
  }
}

// Calls `visit` with every service of the group that selects the pod.
template <class Selecting, class Visit>
void each_selecting(const Selecting& selecting, const Pod& pod, Visit visit) {
  for (const TextPair& label : pod.labels) {
    const auto [first, last] = selecting.equal_range(hash_of(label));
    for (auto entry = first; entry != last; ++entry) {
      const Service& service = *entry->second;
      // By accident another pair may have this hash: the pair is looked at again.
      if (service.selector.begin()->key == label.key && pod.labels.matches(service.selector)) {
        visit(service);
      }
    }
  }
}

}  // namespace

Snapshot::Snapshot(std::shared_ptr<const Edition> edition, const Snapshot* before)
    : edition_(std::move(edition)) {
  const Changes& changes = edition_->changes;
  if (before == nullptr || changes.is_everything) return;
  groups_ = before->groups_;
  for (const auto& ns : changes.namespaces) groups_.erase(ns);
  const bool has_same_namespaces =
      std::ranges::find(changes.marks, mark_of_namespaces()) == changes.marks.end();
  if (has_same_namespaces) namespaces_ = before->namespaces_;
}

Snapshot::Group& Snapshot::group(std::string_view ns) const {
  if (const auto known = groups_.find(ns); known != groups_.end()) return *known->second;
  auto made = std::make_shared<Group>();
  for (const Service& service : cluster().all_in<Service>(ns)) {
    if (!service.selector.empty()) {
      made->selecting.emplace(hash_of(*service.selector.begin()), &service);
    }
  }
  return *groups_.emplace(std::string(ns), std::move(made)).first->second;
}

const Service* Snapshot::service_of(const Pod& pod) const {
  if (!pod.service.empty()) {
    const auto [ns, name] = named_service(pod);
    return cluster().find<Service>(ns, name).get();  // the cluster keeps it alive
  }
  if (pod.labels.empty()) return nullptr;
  const auto& selecting = group(pod.ns).selecting;
  if (selecting.empty()) return nullptr;
  const Service* first = nullptr;
  each_selecting(selecting, pod, [&first](const Service& service) {
    if (first == nullptr || service.name < first->name) first = &service;
  });
  return first;
}

void Snapshot::add_members(Group& home, const Service& service) const {
  for (const Pod& pod : cluster().all_in<Pod>(service.ns)) {
    if (!pod.service.empty()) {
      const auto [ns, name] = named_service(pod);
      if (ns == service.ns) home.members[name].push_back(&pod);
      continue;
    }
    each_selecting(home.selecting, pod,
                   [&](const Service& selecting) { home.members[selecting.name].push_back(&pod); });
  }
}

const std::vector<const Pod*>& Snapshot::pods_of(const Service& service) const {
  Group& home = group(service.ns);
  if (!std::exchange(home.has_members, true)) add_members(home, service);
  static const std::vector<const Pod*> none;
  const auto found = home.members.find(service.name);
  return found == home.members.end() ? none : found->second;
}

const std::vector<std::string>& Snapshot::namespaces() const {
  if (!namespaces_) {
    std::set<std::string> names;
    for (const Namespace& object : cluster().namespaces()) names.insert(object.name.str());
    collect_namespaces<Service>(cluster(), names);
    collect_namespaces<Pod>(cluster(), names);
    namespaces_ = std::make_shared<const std::vector<std::string>>(names.begin(), names.end());
  }
  return *namespaces_;
}

std::string Snapshot::uuid_of_namespace(std::string_view ns) const {
  const auto object = cluster().find<Namespace>(ns);
  if (object && !object->uid.empty()) return object->uid.str();
  std::string& made = group(ns).made_uuid;
  if (made.empty()) made = uuid_from(cluster().store() + "/" + std::string(ns));
  return made;
}

}  // namespace paddock::metadata::documents
