// SPDX-License-Identifier: Apache-2.0
//
// A document service on loopback, asked as the pod at 10.42.0.2 unless said otherwise.
#pragma once

#include "libmetadata/documents/sample_cluster.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/service.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace paddock::metadata::testing {

class ServedDocuments : public ::testing::Test {
 protected:
  void serve(DocumentOptions options = {}) {
    options.http.tcp = {{address("127.0.0.1"), 0}};
    options.trust_forwarded_for = true;
    options.host = "node1";
    service_ = std::make_unique<DocumentService>(std::move(options));
    service_->start();
  }
  void publish(Draft draft, std::uint64_t revision) {
    service_cluster_ = draft.build({.store = "store-1", .revision = revision, .stale_since = 0});
    service_->publish(service_cluster_);
  }
  [[nodiscard]] Client client() const {
    return Client("http://127.0.0.1:" + std::to_string(service_->tcp_endpoints().at(0).port),
                  std::chrono::minutes(1));  // for large documents, with a sanitizer
  }
  ClientResponse send(const std::string& method, const std::string& target,
                      HeaderList headers = {}) const {
    auto response =
        client().send({.method = method, .target = target, .headers = std::move(headers)});
    EXPECT_TRUE(response) << response.error().text;
    return response ? *response : ClientResponse{};
  }
  ClientResponse get(const std::string& target, HeaderList headers = {}) const {
    headers.emplace_back("X-Forwarded-For", "10.42.0.2");
    return send("GET", target, std::move(headers));
  }
  std::unique_ptr<DocumentService> service_;
  std::shared_ptr<const Cluster> service_cluster_;  // as published last
};

}  // namespace paddock::metadata::testing
