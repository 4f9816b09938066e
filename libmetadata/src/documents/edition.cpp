// SPDX-License-Identifier: Apache-2.0
#include "documents/edition.hpp"

#include "model/uuid.hpp"

#include <algorithm>
#include <utility>

namespace paddock::metadata::documents {
namespace {

// Of a larger difference, telling who is concerned costs more than asking everybody.
constexpr std::size_t most_differences = 4096;

// So far a catalog may be behind: then one walk puts all of it in, what changed often only once.
constexpr std::size_t most_not_in_catalog = 1024;

template <class T>
void keep_each_once(std::vector<T>& items) {
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
}

void mark_addresses(std::vector<Mark>& marks, const Object* object) {
  const Pod* pod = as<Pod>(object);
  if (pod == nullptr) return;
  for (const auto& address : pod->addresses) marks.push_back(mark_of_address(address));
}

void mark_uid(std::vector<Mark>& marks, const Object* object) {
  if (object != nullptr && !object->uid.empty()) {
    marks.push_back(mark_of_uid(object->kind, object->uid));
  }
}

void mark(Changes& changes, const Difference& difference) {
  const Object& object = difference.either();
  auto& marks = changes.marks;
  marks.push_back(mark_of_object(object.kind, object.ns, object.name));
  marks.push_back(mark_of_all(object.kind));
  if (has_namespace(object.kind)) {
    marks.push_back(mark_of_all_in(object.kind, object.ns));
    marks.push_back(mark_of_name(object.kind, object.name));
    if (object.kind != Kind::endpoints) changes.namespaces.push_back(object.ns.str());
    if (object.kind == Kind::service) changes.service_namespaces.push_back(object.ns.str());
  }
  for (const ObjectPtr* side : {&difference.before, &difference.after}) {
    mark_uid(marks, side->get());
    mark_addresses(marks, side->get());
  }
  if (!is_in_documents(object.kind)) return;
  marks.push_back(mark_of_everything());
  const bool is_other_set = !difference.before || !difference.after;
  if (is_other_set && (has_namespace(object.kind) || object.kind == Kind::name_space)) {
    marks.push_back(mark_of_namespaces());
  }
}

std::uint64_t says_what_is_seen(const ObjectPtr& object) {
  if (!object || (object->kind != Kind::pod && object->kind != Kind::name_space)) return 0;
  return object->annotations.find(visibility_annotation) != nullptr ? 1 : 0;
}

// A source may change without a new revision: the version changes all the same.
std::string next_version(const Cluster& cluster, const std::string& before) {
  auto version = uuid_from(cluster.store() + "@" + std::to_string(cluster.revision()));
  return version == before ? uuid_from(version) : version;
}

}  // namespace

std::shared_ptr<const Edition> next_edition(const Edition* before,
                                            std::shared_ptr<const Cluster> cluster,
                                            Environment environment) {
  auto next = before == nullptr ? std::make_shared<Edition>() : std::make_shared<Edition>(*before);
  if (before != nullptr) ++next->number;
  const Cluster none;
  const bool is_other = before == nullptr || before->cluster->store() != cluster->store();
  std::array<bool, std::size(all_kinds)> is_changed;
  is_changed.fill(is_other);
  std::size_t count = 0;
  next->changes = {.is_everything = is_other};
  diff(before == nullptr ? none : *before->cluster, *cluster, [&](const Difference& difference) {
    const Kind kind = difference.either().kind;
    next->visibilities += says_what_is_seen(difference.after);
    next->visibilities -= says_what_is_seen(difference.before);
    is_changed[static_cast<std::size_t>(kind)] = true;
    if (++count > most_differences) next->changes = {};
    if (!next->changes.is_everything) mark(next->changes, difference);
    return true;
  });
  // From the first of them on, and after the last, what is shown depends on who asks, or no more.
  if (before != nullptr && (before->visibilities == 0) != (next->visibilities == 0)) {
    next->changes = {};
  }
  keep_each_once(next->changes.marks);
  keep_each_once(next->changes.namespaces);
  keep_each_once(next->changes.service_namespaces);
  const std::string version = next_version(*cluster, next->version);
  for (const Kind kind : all_kinds) {
    const auto slot = static_cast<std::size_t>(kind);
    if (!is_changed[slot]) continue;
    next->versions[slot] = version;
    if (is_in_documents(kind)) next->version = version;
  }
  next->not_in_catalog += count;
  if (is_other || next->not_in_catalog > most_not_in_catalog) {
    next->catalog.follow(cluster);
    next->not_in_catalog = 0;
  }
  next->cluster = std::move(cluster);
  next->environment = std::move(environment);
  return next;
}

}  // namespace paddock::metadata::documents
