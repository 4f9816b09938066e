// SPDX-License-Identifier: Apache-2.0
//
// The API on a unix socket, over a store in memory.
#pragma once

#include "libmetadata/http/socket_client.hpp"
#include "libmetadata/service/memory_store.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/service.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <utility>

namespace paddock::metadata::testing {

inline std::shared_ptr<Host> host(const std::string& name, const std::string& zone = "") {
  auto made = std::make_shared<Host>();
  made->name = name;
  made->zone = zone;
  return made;
}

inline std::shared_ptr<Pod> pod(const std::string& ns, const std::string& name) {
  auto made = std::make_shared<Pod>();
  made->ns = ns;
  made->name = name;
  return made;
}

class ServedApi : public ::testing::Test {
 protected:
  ServedApi() {
    store_.begin();
    start();
  }
  void start() {
    ApiOptions options;
    options.http.unix_sockets = {{.path = path(), .mode = 0600, .group = {}}};
    options.version = "9.9";
    options.reload = [this](const ReloadAnswer& answer) {
      answer(reload_fails_ ? Result<void>(Error{{}, "cluster.yaml:3: broken"}) : Result<void>());
    };
    api_ = std::make_unique<ApiService>(store_, std::move(options));
    api_->start();
  }
  [[nodiscard]] std::string path() const { return directory_.file("s"); }
  ClientResponse send(const std::string& method, const std::string& target, HeaderList headers = {},
                      const std::string& body = {}) {
    auto response = client().send(
        {.method = method, .target = target, .headers = std::move(headers), .body = body});
    EXPECT_TRUE(response) << response.error().text;
    return response ? *response : ClientResponse{};
  }
  ClientResponse put(const std::string& target, const nlohmann::json& object,
                     HeaderList headers = {}) {
    headers.emplace_back("Content-Type", "application/json; charset=utf-8");
    return send("PUT", target, std::move(headers), object.dump());
  }
  [[nodiscard]] Client client() const { return Client("unix:" + path()); }
  // A connection that has asked for the stream and read its header.
  SocketClient watch(const std::string& parameters = "") {
    auto socket = SocketClient::to(path());
    socket.send("GET /v1/cluster?watch=true" + parameters + " HTTP/1.1\r\nHost: a\r\n\r\n");
    head_ = socket.read_until("\r\n\r\n");
    return socket;
  }
  // The next chunk of the stream.
  static std::string chunk(SocketClient& socket) {
    const std::string size = socket.read_until("\r\n");
    if (size.empty()) return {};
    const std::string text = socket.read_bytes(std::stoul(size, nullptr, 16));
    (void)socket.read_bytes(2);
    return text;
  }
  test::TempFolder directory_;
  MemoryStore store_;
  bool reload_fails_ = false;
  std::string head_;
  std::unique_ptr<ApiService> api_;
};

}  // namespace paddock::metadata::testing
