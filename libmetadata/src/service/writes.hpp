// SPDX-License-Identifier: Apache-2.0
//
// PUT and DELETE of one object: from the request to a Write, and from its result to a response.
#pragma once

#include <paddock/metadata/http_server.hpp>
#include <paddock/metadata/store.hpp>

#include <memory>
#include <mutex>
#include <string>

namespace paddock::metadata::service {

// The way from the store's thread back to a server's. Closed before the server goes.
class Mailbox {
 public:
  explicit Mailbox(HttpServer& server) : server_(&server) {}
  void post(std::function<void(HttpServer&)> work);
  void close();

 private:
  std::mutex mutex_;  // the store answers from its own thread
  HttpServer* server_;
};

// Who wrote, for the audit log: "uid=0 gid=0 pid=4711 comm=paddock-netd".
[[nodiscard]] std::string describe(const Peer& peer);

// The answer comes when the store has written.
[[nodiscard]] Response put(Store& store, const std::shared_ptr<Mailbox>& mailbox,
                           const Request& request, const Key& key);
[[nodiscard]] Response erase(Store& store, const std::shared_ptr<Mailbox>& mailbox,
                             const Request& request, const Key& key);

}  // namespace paddock::metadata::service
