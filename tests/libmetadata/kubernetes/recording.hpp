// SPDX-License-Identifier: Apache-2.0
//
// Exchanges recorded from a real Kubernetes API server (tests/fixtures/kubernetes), to be given
// again: the same chunks, without the waits between them.
#pragma once

#include "codec/base64.hpp"
#include "support/api_server.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace paddock::metadata::testing {

class Recording {
 public:
  // "list/services": tests/fixtures/kubernetes/list/services.json.
  explicit Recording(const std::string& name) {
    std::ifstream file(std::string(KUBERNETES_FIXTURES) + "/" + name + ".json");
    if (!file) throw std::runtime_error("no recording " + name);
    whole_ = nlohmann::json::parse(file);
  }

  // The body's pieces as they were sent, each a chunk.
  [[nodiscard]] std::vector<std::string> chunks() const {
    std::vector<std::string> chunks;
    const auto& response = whole_.at("response");
    if (!response.contains("chunks")) return {bytes_of(response, "body")};
    for (const auto& chunk : response.at("chunks")) chunks.push_back(bytes_of(chunk, "data"));
    return chunks;
  }
  [[nodiscard]] std::string body() const {
    std::string body;
    for (const auto& chunk : chunks()) body += chunk;
    return body;
  }
  // 0: the server ended the connection without an answer.
  [[nodiscard]] int status() const { return whole_.at("response").value("status", 0); }
  [[nodiscard]] std::string target() const { return whole_.at("request").at("target"); }
  [[nodiscard]] std::string header(const std::string& name) const {
    const auto headers = whole_.at("response").value("headers", nlohmann::json::object());
    return headers.value(name, "");
  }

  // The whole answer as bytes of the wire. `ends`: as the server ended it, else cut behind the
  // last chunk.
  [[nodiscard]] std::string wire(bool ends = true) const {
    const auto& response = whole_.at("response");
    if (status() == 0) return {};
    std::string bytes = "HTTP/1.1 " + std::to_string(status()) + " Recorded\r\n";
    for (const auto& [name, value] : response.at("headers").items()) {
      bytes += name + ": " + value.get<std::string>() + "\r\n";
    }
    bytes += "\r\n";
    if (response.at("framing") != "chunked") return bytes + body();
    for (const auto& chunk : chunks()) {
      char size[16];
      std::snprintf(size, sizeof size, "%zx\r\n", chunk.size());
      bytes += size + chunk + "\r\n";
    }
    if (ends && response.at("end") == "zero-chunk") bytes += "0\r\n\r\n";
    return bytes;
  }

 private:
  // Bytes that are no text were recorded in base64.
  static std::string bytes_of(const nlohmann::json& object, const std::string& key) {
    const auto encoded = object.find(key + "_base64");
    if (encoded == object.end()) return object.value(key, "");
    return decode_base64(encoded->get<std::string>()).value();
  }

  nlohmann::json whole_;
};

// Sent at once, then the connection ends.
inline test::ApiAnswer answer_with(std::string wire) {
  return {.pieces = {std::move(wire)}, .then = test::ApiAnswer::Then::close};
}

// A watch that has begun and stays silent.
inline test::ApiAnswer silent_watch() {
  return {.pieces = {"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n"},
          .then = test::ApiAnswer::Then::hold};
}

}  // namespace paddock::metadata::testing
