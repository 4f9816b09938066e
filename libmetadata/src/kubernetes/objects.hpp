// SPDX-License-Identifier: Apache-2.0
//
// What an object of the Kubernetes API is in a cluster of ours (docs/kubernetes.md has the table).
// Only what somebody reads is kept. Pure.
#pragma once

#include "kubernetes/json.hpp"

#include <paddock/metadata/objects.hpp>

#include <memory>

namespace paddock::metadata::kubernetes {

[[nodiscard]] std::shared_ptr<Namespace> read_namespace(const Json& object);
[[nodiscard]] std::shared_ptr<Host> read_node(const Json& object);
[[nodiscard]] std::shared_ptr<Service> read_service(const Json& object);
[[nodiscard]] std::shared_ptr<Pod> read_pod(const Json& object);
// Null for a slice that belongs to no service, or holds names instead of addresses.
[[nodiscard]] std::shared_ptr<Endpoints> read_endpoint_slice(const Json& object);

// What a ServiceImport adds to the Service of its name.
struct Import {
  Text uid;
  Addresses ips;  // none: headless
  List<Port> ports;
  friend bool operator==(const Import&, const Import&) = default;
};
[[nodiscard]] Import read_service_import(const Json& object);

// The key that an API object has among ours, whatever else is in it. Its name may be empty: then
// the object is no object.
[[nodiscard]] Key key_of(const Json& object, Kind kind);

}  // namespace paddock::metadata::kubernetes
