// SPDX-License-Identifier: Apache-2.0
//
// The header fields that say something about a document: read in one pass, for most requests are
// answered from what is kept, and reading the header is much of their cost.
#pragma once

#include <paddock/metadata/http_server.hpp>

#include <optional>
#include <string_view>

namespace paddock::metadata::service {

// The first of each name; nothing when there is none. They borrow from the request.
struct DocumentFields {
  std::string_view accept;         // empty: none
  std::string_view if_none_match;  // likewise
  std::optional<std::string_view> forwarded_for;
  std::optional<std::string_view> session_token;
};

inline constexpr std::string_view session_token_field = "X-aws-ec2-metadata-token";

[[nodiscard]] DocumentFields fields_of(const Request& request);

}  // namespace paddock::metadata::service
