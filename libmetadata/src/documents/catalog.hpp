// SPDX-License-Identifier: Apache-2.0
//
// The objects of a cluster by what people call them: by name whatever the namespace, and by uid.
// A value that shares what did not change, as Cluster does; any thread may read it. It follows its
// cluster when told to: that costs what has changed since, each object once.
#pragma once

#include <paddock/metadata/cluster.hpp>

#include <memory>
#include <string_view>

namespace paddock::metadata::documents {

class Catalog {
 public:
  // Becomes that of another state, whatever lies between.
  void follow(std::shared_ptr<const Cluster> cluster);

  // The service or pod of that name in the first namespace that has one. Null: there is none.
  [[nodiscard]] const Object* named(Kind kind, std::string_view name) const;
  // The first by namespace and name. Null: there is none.
  [[nodiscard]] const Object* with_uid(Kind kind, std::string_view uid) const;

 private:
  void apply(const Difference& difference);
  std::shared_ptr<const Cluster> of_;  // null: nothing is in it
  detail::NodePtr names_[std::size(all_kinds)];
  detail::NodePtr uids_[std::size(all_kinds)];
};

}  // namespace paddock::metadata::documents
