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

Snapshot::Snapshot(std::shared_ptr<const Edition> edition, std::shared_ptr<Snapshot> before)
    : edition_(std::move(edition)) {
  const Changes& changes = edition_->changes;
  if (before == nullptr || changes.is_everything) {
    worked_.catalog = edition_->catalog;
    return;
  }
  worked_ = before.use_count() == 1 ? std::move(before->worked_) : before->worked_;
  for (const auto& ns : changes.service_namespaces) worked_.groups.erase(ns);
  for (const auto& ns : changes.namespaces) worked_.members.erase(ns);
  // Else the one from before is as new or newer: it may have been asked for.
  if (edition_->not_in_catalog == 0) worked_.catalog = edition_->catalog;
  const bool has_same_namespaces =
      std::ranges::find(changes.marks, mark_of_namespaces()) == changes.marks.end();
  if (!has_same_namespaces) worked_.namespaces.reset();
}

const Catalog& Snapshot::catalog() const {
  worked_.catalog.follow(edition_->cluster);
  return worked_.catalog;
}

Snapshot::Group& Snapshot::group(std::string_view ns) const {
  auto& groups = worked_.groups;
  if (const auto known = groups.find(ns); known != groups.end()) return *known->second;
  auto made = std::make_shared<Group>();
  for (const Service& service : cluster().all_in<Service>(ns)) {
    if (!service.selector.empty()) {
      made->selecting.emplace(hash_of(*service.selector.begin()), &service);
    }
  }
  return *groups.emplace(std::string(ns), std::move(made)).first->second;
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

std::shared_ptr<Snapshot::Members> Snapshot::members_in(std::string_view ns) const {
  auto members = std::make_shared<Members>();
  const auto& selecting = group(ns).selecting;
  for (const Pod& pod : cluster().all_in<Pod>(ns)) {
    if (!pod.service.empty()) {
      const auto [its_ns, name] = named_service(pod);
      if (its_ns == ns) (*members)[name].push_back(&pod);
      continue;
    }
    each_selecting(selecting, pod,
                   [&](const Service& service) { (*members)[service.name].push_back(&pod); });
  }
  return members;
}

const std::vector<const Pod*>& Snapshot::pods_of(const Service& service) const {
  auto known = worked_.members.find(service.ns.view());
  if (known == worked_.members.end()) {
    known = worked_.members.emplace(service.ns.str(), members_in(service.ns)).first;
  }
  static const std::vector<const Pod*> none;
  const auto found = known->second->find(service.name);
  return found == known->second->end() ? none : found->second;
}

const std::vector<std::string>& Snapshot::namespaces() const {
  if (!worked_.namespaces) {
    std::set<std::string> names;
    for (const Namespace& object : cluster().namespaces()) names.insert(object.name.str());
    collect_namespaces<Service>(cluster(), names);
    collect_namespaces<Pod>(cluster(), names);
    worked_.namespaces =
        std::make_shared<const std::vector<std::string>>(names.begin(), names.end());
  }
  return *worked_.namespaces;
}

std::string Snapshot::uuid_of_namespace(std::string_view ns) const {
  const auto object = cluster().find<Namespace>(ns);
  if (object && !object->uid.empty()) return object->uid.str();
  std::string& made = group(ns).made_uuid;
  if (made.empty()) made = uuid_from(cluster().store() + "/" + std::string(ns));
  return made;
}

}  // namespace paddock::metadata::documents
