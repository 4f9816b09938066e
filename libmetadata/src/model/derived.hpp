// SPDX-License-Identifier: Apache-2.0
//
// The Endpoints that follow from the pods: for each service with a selector, and each that pods
// name as theirs (Pod::service), an object of its name (`derived`) made of the pods of its
// namespace that carry all its labels or name it. An Endpoints object somebody wrote under that
// name stands; then there is no derived one.
#pragma once

#include <paddock/metadata/cluster.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace paddock::metadata {

// Brings the derived objects of the draft up to date, given that it differs from `before` in
// `changed` (and that those of `before` were right). New versions get `revision`. Returns the
// keys of the Endpoints it put or erased, in order. Per changed pod this costs the services of
// its namespace, and the endpoints of those that select it.
std::vector<Key> derive_endpoints(const Cluster& before, Draft& draft, std::span<const Key> changed,
                                  std::uint64_t revision);

// The same from nothing: every derived object of the draft is made anew.
void derive_all_endpoints(Draft& draft, std::uint64_t revision);

// The derived endpoints of a service; of one without members, an empty object.
[[nodiscard]] std::shared_ptr<Endpoints> endpoints_of_selector(const Cluster& cluster,
                                                               const Service& service);

}  // namespace paddock::metadata
