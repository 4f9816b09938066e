// SPDX-License-Identifier: Apache-2.0
//
// What a metadatad serves: ApiService, the way in and the stream out for processes of this host
// (docs/stream-api.md), and DocumentService, what a container may read about itself and its
// surroundings (docs/metadata-paths.md). Each answers on threads of its own.
#pragma once

#include <paddock/metadata/error.hpp>
#include <paddock/metadata/http_server.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace paddock::metadata {

class Answers;
class Cluster;
class Store;

// What POST /v1/reload sets going. It must not block; the answer may be given on any thread, once,
// also after the service is gone. An error is answered 500 with its sentence.
using ReloadAnswer = std::function<void(Result<void>)>;
using Reload = std::function<void(ReloadAnswer)>;

struct ApiOptions {
  HttpOptions http;  // where to listen; its body_limit is set to 16 MiB
  // Who comes over TCP shows a token of this file (docs/stores.md), or a certificate that the
  // server verified. Empty, and no client_ca_file either: anybody may come; for loopback only.
  std::string token_file;
  std::string version;  // of the program, for /v1/status
  Reload reload;        // empty: there is nothing to read, and that is OK
};

class PADDOCK_METADATA_EXPORT ApiService {
 public:
  // Listens; throws as HttpServer does. The store must outlive the service.
  ApiService(Store& store, ApiOptions options);
  ~ApiService();
  ApiService(const ApiService&) = delete;
  ApiService& operator=(const ApiService&) = delete;

  void start();
  // Ends the streams and waits for answers and writes under way, as HttpServer::stop.
  void stop(std::chrono::milliseconds grace);

  [[nodiscard]] HttpCounters counters() const;
  [[nodiscard]] std::vector<TcpEndpoint> tcp_endpoints() const;
  [[nodiscard]] std::vector<int> sockets() const;  // as HttpServer::sockets

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Of which pods, services and stacks a pod may read, from most to least. One that nobody knows
// reads of none unless of all.
enum class Visibility {
  all,
  own_namespace,
  self  // itself, its service, its stack
};

struct DocumentOptions {
  HttpOptions http;      // where to listen; several workers share its addresses (SO_REUSEPORT)
  unsigned workers = 1;  // threads
  // The client is whom X-Forwarded-For names, when present (Rancher's --xff). Only behind a
  // proxy that sets it.
  bool trust_forwarded_for = false;
  // At most; a pod or its namespace may be annotated with less (docs/metadata-paths.md).
  Visibility visibility = Visibility::all;
  // EC2's paths want the token of a session (IMDSv2); else they take one and do without.
  bool require_session_token = false;
  std::string host;  // name of the Host this runs on: self/host of clients nobody knows
  std::string environment_name = "Default";
  std::string environment_uuid;
  std::string region_name;
};

class PADDOCK_METADATA_EXPORT DocumentService {
 public:
  // Listens; throws as HttpServer does. Answers 503 until the first publish().
  explicit DocumentService(DocumentOptions options);
  ~DocumentService();
  DocumentService(const DocumentService&) = delete;
  DocumentService& operator=(const DocumentService&) = delete;

  void start();
  void stop(std::chrono::milliseconds grace);

  // Answers are made of this cluster from now on; long polls that it concerns are answered. Any
  // thread. Null is ignored: what is known stays.
  void publish(std::shared_ptr<const Cluster> cluster);
  // Or of Rancher's data files (answers.hpp); whichever was published last is served.
  void publish(std::shared_ptr<const Answers> answers);

  // Sums of all workers.
  [[nodiscard]] HttpCounters counters() const;
  [[nodiscard]] std::vector<TcpEndpoint> tcp_endpoints() const;
  [[nodiscard]] std::vector<int> sockets() const;  // as HttpServer::sockets

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// POST /v1/reload at an address of its own, as Rancher's services have it.
class PADDOCK_METADATA_EXPORT ReloadService {
 public:
  // Listens; throws as HttpServer does.
  ReloadService(HttpOptions http, Reload reload);
  ~ReloadService();
  ReloadService(const ReloadService&) = delete;
  ReloadService& operator=(const ReloadService&) = delete;

  void start();
  void stop(std::chrono::milliseconds grace);
  [[nodiscard]] std::vector<TcpEndpoint> tcp_endpoints() const;
  [[nodiscard]] std::vector<int> sockets() const;  // as HttpServer::sockets

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::metadata
