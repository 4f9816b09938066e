// SPDX-License-Identifier: Apache-2.0
//
// One worker of the document service: from a request to what Rancher's metadata service would
// answer, to the byte where that is right.
#pragma once

#include "documents/media_type.hpp"
#include "documents/node.hpp"
#include "documents/tree.hpp"

#include <paddock/metadata/http_server.hpp>
#include <paddock/metadata/service.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace paddock::metadata::service {

// What is asked for, kept beyond the request.
struct DocumentQuestion {
  documents::Version version = documents::Version::v2016_07_29;
  std::vector<std::string> path;  // below the version
  std::optional<boost::asio::ip::address> client;
  documents::MediaType media;
  std::string known_tag;  // If-None-Match
};

// Answers of the present snapshot, by who asks for what in which words: the same few are asked for
// again and again. Bounded; starts again when it is full or the content changes.
class ReplyCache {
 public:
  // The key of a request; empty when its answer is not to be kept.
  [[nodiscard]] const std::string& key_of(const Request& request, bool trust_forwarded_for);
  [[nodiscard]] std::optional<Response> find(const std::string& key) const;
  // Keeps the answer if it is one that is made whole; gives it back to be sent.
  [[nodiscard]] Response keep(const std::string& key, Response response);
  void clear();

 private:
  struct Entry {
    std::string_view content_type;
    std::string headers;
    std::shared_ptr<const std::string> body;
  };
  std::unordered_map<std::string, Entry> entries_;
  std::size_t bytes_ = 0;
  std::string key_;  // of the request under way
};

class DocumentWorker {
 public:
  DocumentWorker(const DocumentOptions& options, HttpOptions http);

  // On the server's thread: the newest snapshot.
  void take(std::shared_ptr<const documents::Snapshot> snapshot);

  // The answer to a question now; nothing when `unwanted` is given and is still the value's text,
  // or there is still no value.
  [[nodiscard]] std::optional<Response> answer(const DocumentQuestion& question,
                                               const std::string* unwanted) const;

 private:
  class Wait;
  [[nodiscard]] Response serve(const Request& request);
  [[nodiscard]] Response route(const Request& request);
  [[nodiscard]] Response list_versions(const documents::MediaType& media) const;
  [[nodiscard]] Response wait_for_change(const Request& request, DocumentQuestion question,
                                         std::string value);
  [[nodiscard]] std::optional<boost::asio::ip::address> client_of(const Request& request) const;
  [[nodiscard]] std::shared_ptr<const documents::View> view_of(
      const DocumentQuestion& question) const;

  const DocumentOptions& options_;
  std::shared_ptr<const documents::Snapshot> snapshot_;
  std::set<ConnectionId> waiting_;
  ReplyCache cache_;

 public:
  HttpServer server;  // last: ends its connections before what they refer to goes
};

}  // namespace paddock::metadata::service
