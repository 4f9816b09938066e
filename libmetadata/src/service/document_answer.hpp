// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the documents, and the answer: with its entity tag, and with the marks of all
// it was made of, so that it can be given again until one of them changes.
#pragma once

#include "documents/media_type.hpp"
#include "documents/sight.hpp"

#include <paddock/metadata/http_server.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::service {

// Who asks: the address that the connection comes from, or the name that a trusted proxy gives.
struct DocumentClient {
  std::string name;
  std::optional<boost::asio::ip::address> address;  // nothing: the name is no address
};

// Kept beyond the request.
struct DocumentQuestion {
  std::string version;
  std::vector<std::string> path;  // below the version
  DocumentClient client;
  documents::MediaType media;
};

struct DocumentAnswer {
  int status = 200;
  std::string_view content_type;
  std::string headers;
  std::string tag;                  // the opaque part, with its quotes; empty: no document
  std::optional<std::string> text;  // of a value that is no map or list: as text
  // Nothing when it is too large to be kept: then the answer is made anew as it is sent.
  std::optional<ReadyAnswer> ready;
  std::vector<documents::Mark> marks;
  bool is_personal = false;  // for this client only

  // Whether a client that says it knows `value` knows this. A path that is not there has nothing
  // to tell; a map or list is known by its tag, with or without quotes, or by all of its text.
  [[nodiscard]] bool is_known_as(std::string_view value) const;
};

struct MadeAnswer {
  std::shared_ptr<const DocumentAnswer> answer;
  std::unique_ptr<ChunkSource> stream;  // of one that is not ready
};

// The answer that the client sees now.
[[nodiscard]] MadeAnswer make_answer(const std::shared_ptr<const documents::Sight>& sight,
                                     const DocumentQuestion& question);

// As a response; 304 when If-None-Match (`known`) lists its tag.
[[nodiscard]] Response respond(MadeAnswer made, std::string_view known);
// The same of one that is kept until something else is asked, and ready unless it is known.
[[nodiscard]] Response respond(const std::shared_ptr<const DocumentAnswer>& kept,
                               std::string_view known);

// A 404 of a path below a version, in the form asked for, as Rancher's.
[[nodiscard]] Response missing(const documents::MediaType& media, std::string_view message);

inline constexpr std::string_view cors = "Access-Control-Allow-Origin: *\r\n";
inline constexpr std::string_view sniffing = "X-Content-Type-Options: nosniff\r\n";

}  // namespace paddock::metadata::service
