// SPDX-License-Identifier: Apache-2.0
//
// Any store by its location, as it is said to a daemon: "embedded:/var/lib/paddock",
// "file:/etc/paddock/cluster.d", "etcd:https://one:2379,two:2379/paddock",
// "paddock:/run/paddock/metadata.sock", "paddock:https://parent:9760,other:9760", "kubernetes:"
// (docs/stores.md).
#pragma once

#include <paddock/metadata/error.hpp>
#include <paddock/metadata/remote_store.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace paddock::metadata {

struct StoreLocation {
  enum class Kind { embedded, files, etcd, paddock, kubernetes };
  Kind kind = Kind::embedded;
  std::string folder = {};                  // of embedded; empty: StoreOptions::directory
  std::vector<std::string> paths = {};      // of files
  std::vector<std::string> endpoints = {};  // of etcd
  std::string prefix = {};                  // of etcd
  std::string server = {};                  // of paddock, as ClientOptions::server
  std::string kubeconfig = {};              // of kubernetes; empty: the cluster this is a pod of
};

// An Error says what is allowed.
[[nodiscard]] PADDOCK_METADATA_EXPORT Result<StoreLocation> parse_store_location(
    const std::string& text);

// What all stores take, each what concerns it; `directory` is where it keeps its files.
struct StoreOptions : RemoteOptions {
  std::chrono::seconds owner_time{60};  // as EtcdStoreOptions
  std::string node = {};                // as KubernetesStoreOptions, and so are those below
  bool all_pods = false;
  bool imports = false;
  bool ingresses = false;
  bool cordon = false;
};

// Does not wait for what is elsewhere. Throws std::invalid_argument for a location that is none,
// std::runtime_error for a kubeconfig that cannot be used, and as the store's own function does.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::unique_ptr<Store> open_store(const std::string& location,
                                                                        StoreOptions options);

}  // namespace paddock::metadata
