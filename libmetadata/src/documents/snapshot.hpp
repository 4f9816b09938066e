// SPDX-License-Identifier: Apache-2.0
//
// A cluster as the documents see it: with what belongs together worked out when it is first
// asked for, and kept. For one thread.
#pragma once

#include <paddock/metadata/cluster.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace paddock::metadata::documents {

struct Environment {
  std::string name;
  std::string uuid;
  std::string region_name;
};

class Snapshot {
 public:
  // `version` is the documents' `version`.
  Snapshot(std::shared_ptr<const Cluster> cluster, Environment environment, std::string version)
      : cluster_(std::move(cluster)),
        environment_(std::move(environment)),
        version_(std::move(version)) {}

  [[nodiscard]] const std::shared_ptr<const Cluster>& cluster() const noexcept { return cluster_; }
  [[nodiscard]] const Environment& environment() const noexcept { return environment_; }
  [[nodiscard]] const std::string& version() const noexcept { return version_; }

  // The service it names, else the first by name of its namespace that selects it. Null: none.
  [[nodiscard]] const Service* service_of(const Pod& pod) const;
  // In the order of their names.
  [[nodiscard]] const std::vector<const Pod*>& pods_of(const Service& service) const;
  // Every namespace there is, by an object or because something lives in it; sorted.
  [[nodiscard]] const std::vector<std::string>& namespaces() const;
  // The Namespace's uid, or one made of its name.
  [[nodiscard]] std::string uuid_of_namespace(std::string_view ns) const;

 private:
  // What is worked out of one namespace.
  struct Group {
    std::vector<const Service*> selecting;  // services with a selector
    bool has_members = false;
    std::unordered_map<std::string_view, std::vector<const Pod*>> members;  // by service
  };
  [[nodiscard]] Group& group(std::string_view ns) const;

  std::shared_ptr<const Cluster> cluster_;
  Environment environment_;
  std::string version_;
  mutable std::map<std::string, Group, std::less<>> groups_;
  mutable std::optional<std::vector<std::string>> namespaces_;
};

// A UUID that is always the same for the same text.
[[nodiscard]] std::string uuid_from(std::string_view text);

}  // namespace paddock::metadata::documents
