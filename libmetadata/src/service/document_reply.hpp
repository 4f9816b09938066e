// SPDX-License-Identifier: Apache-2.0
//
// One worker of the document service: from a request to what Rancher's metadata service would
// answer, to the byte where that is right.
#pragma once

#include "answers/answers.hpp"
#include "documents/snapshot.hpp"
#include "service/document_answer.hpp"
#include "service/document_fields.hpp"
#include "service/document_waiters.hpp"
#include "service/reply_cache.hpp"
#include "service/session_tokens.hpp"

#include <paddock/metadata/http_server.hpp>
#include <paddock/metadata/service.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::metadata::service {

class DocumentWorker {
 public:
  // Workers that share an address must share the tokens, which must outlive them.
  DocumentWorker(const DocumentOptions& options, const SessionTokens& tokens, HttpOptions http);

  // On the server's thread: the newest edition, which follows on the last one given.
  void take(std::shared_ptr<const documents::Edition> edition);
  // Or a data file, whole.
  void take(std::shared_ptr<const Answers> answers);

 private:
  class Wait;
  enum class Body { wanted, only_known };
  [[nodiscard]] Response serve(const Request& request);
  [[nodiscard]] Response route(const Request& request, const DocumentFields& fields);
  [[nodiscard]] Response wait_for_change(const Request& request, const DocumentFields& fields,
                                         DocumentQuestion question, std::string value);
  [[nodiscard]] Response list_versions(const DocumentQuestion& question,
                                       std::string_view known_tags) const;
  [[nodiscard]] bool is_forwarded(const DocumentFields& fields) const;
  [[nodiscard]] DocumentClient client_of(const Request& request,
                                         const DocumentFields& fields) const;
  [[nodiscard]] Response begin_session(const Request& request, const DocumentFields& fields) const;
  // An answer when the request must not go on.
  [[nodiscard]] std::optional<Response> check_session(const Request& request,
                                                      const DocumentFields& fields) const;
  [[nodiscard]] bool has_version(std::string_view version) const;
  [[nodiscard]] std::shared_ptr<const documents::Sight> sight_of(
      const DocumentQuestion& question) const;
  // Sets key_ to what the request's question is known by.
  void read_key(const Request& request, const DocumentFields& fields);
  // The answer now, kept or made. Without `Body::wanted` a large one comes without its stream.
  [[nodiscard]] MadeAnswer answer(const ReplyCache::Key& key, const DocumentQuestion& question,
                                  Body body);

  const DocumentOptions& options_;
  const SessionTokens& tokens_;
  std::shared_ptr<documents::Snapshot> snapshot_;  // null: a data file, or nothing yet
  std::shared_ptr<const Answers> answers_;
  DocumentWaiters waiters_;
  ReplyCache cache_;
  ReplyCache::Key key_;  // of the request under way, from which it borrows
  std::string client_;   // of the request under way, unless it was forwarded

 public:
  HttpServer server;  // last: ends its connections before what they refer to goes
};

}  // namespace paddock::metadata::service
