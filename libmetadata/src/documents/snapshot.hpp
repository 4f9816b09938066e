// SPDX-License-Identifier: Apache-2.0
//
// An edition with what belongs together worked out when it is first asked for, and kept: also for
// the editions after it, as long as nothing changes in the namespace. For one thread.
#pragma once

#include "documents/edition.hpp"

#include <paddock/metadata/cluster.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace paddock::metadata::documents {

class Snapshot {
 public:
  // `before` is of the edition before, or null. What it has worked out and still holds goes over to
  // this one; where somebody else has it too, as a copy.
  explicit Snapshot(std::shared_ptr<const Edition> edition,
                    std::shared_ptr<Snapshot> before = nullptr);

  [[nodiscard]] const Edition& edition() const noexcept { return *edition_; }
  [[nodiscard]] const Cluster& cluster() const noexcept { return *edition_->cluster; }

  // Of this cluster.
  [[nodiscard]] const Catalog& catalog() const;
  // The service it names, else the first by name of its namespace that selects it. Null: none.
  [[nodiscard]] const Service* service_of(const Pod& pod) const;
  // In the order of their names.
  [[nodiscard]] const std::vector<const Pod*>& pods_of(const Service& service) const;
  // Every namespace there is, by an object or because something lives in it; sorted.
  [[nodiscard]] const std::vector<std::string>& namespaces() const;
  // The Namespace's uid, or one made of its name.
  [[nodiscard]] std::string uuid_of_namespace(std::string_view ns) const;

 private:
  // What is worked out of one namespace. Its objects live in the cluster of every edition that
  // has this group.
  struct Group {
    // Services with a selector, by its first pair: whoever is selected has that label.
    std::unordered_multimap<std::uint64_t, const Service*> selecting;
    std::string made_uuid;  // while there is no Namespace that has one
  };
  // Of a namespace: by the name of the service, which one of the objects lends.
  using Members = std::unordered_map<std::string_view, std::vector<const Pod*>>;
  template <class T>
  using ByNamespace = std::map<std::string, std::shared_ptr<T>, std::less<>>;
  // What is worked out when it is first asked for.
  struct Worked {
    Catalog catalog;
    ByNamespace<Group> groups;     // hold while no service of the namespace changes
    ByNamespace<Members> members;  // hold while no pod does either
    std::shared_ptr<const std::vector<std::string>> namespaces;
  };
  [[nodiscard]] Group& group(std::string_view ns) const;
  [[nodiscard]] std::shared_ptr<Members> members_in(std::string_view ns) const;

  std::shared_ptr<const Edition> edition_;
  mutable Worked worked_;
};

}  // namespace paddock::metadata::documents
