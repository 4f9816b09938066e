// SPDX-License-Identifier: Apache-2.0
//
// The Kubernetes API as a store: namespaces, services, endpoint slices, nodes and pods, kept up
// with by list and watch (docs/kubernetes.md). Of all that only one object can be written, and of
// it not much: the Host of the node that this is. What was last known is served while the API
// server is away, marked stale, also across restarts.
#pragma once

#include <paddock/metadata/remote_store.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace paddock::metadata {

// Where an API server is and how one gets in. `files` keeps what the kubeconfig held inline; the
// access is of use while it lives.
struct KubernetesServer {
  std::string url;   // without path
  std::string base;  // "" or "/k8s/clusters/local": comes before every path of the API
  Access access;
  std::shared_ptr<void> files;
};

// What a kubeconfig says of a context; empty: its current one. Errors name the file, the field and
// what to do: a field that would weaken or change how one gets in (insecure-skip-tls-verify, exec,
// auth-provider, proxy-url, tls-server-name, as) is refused, never ignored.
[[nodiscard]] PADDOCK_METADATA_EXPORT Result<KubernetesServer> read_kubeconfig(
    const std::string& file, const std::string& context = {});

// The server that a pod is told by its environment, with the token of its service account, which is
// read again whenever it is renewed. An Error when this is no pod.
[[nodiscard]] PADDOCK_METADATA_EXPORT Result<KubernetesServer> find_kubernetes_server();

struct KubernetesStoreOptions : RemoteOptions {
  KubernetesServer server;  // its access is used; RemoteOptions::access is not
  // The node that this host is. Its Host takes the annotations of an overlay, which also say that
  // its network is up, and labels that nobody else has set. Empty: nothing is written, and the
  // pods of all nodes are read.
  std::string node;
  bool all_pods = false;                      // those of all nodes, not only of this one
  bool imports = false;                       // also ServiceImports (multicluster.x-k8s.io)
  bool ingresses = false;                     // also Ingresses, as load balancer services
  bool cordon = false;                        // the node is cordoned while its Host is inactive
  std::chrono::milliseconds silence{75'000};  // of a watch; bookmarks come every minute
};

// Does not wait for the API server. Throws std::runtime_error when the directory cannot be used.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::unique_ptr<Store> open_kubernetes_store(
    KubernetesStoreOptions options);

}  // namespace paddock::metadata
