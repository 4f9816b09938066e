// SPDX-License-Identifier: Apache-2.0
#include "service/document_fields.hpp"

#include "http/head_parser.hpp"

namespace paddock::metadata::service {

DocumentFields fields_of(const Request& request) {
  std::optional<std::string_view> accept;
  std::optional<std::string_view> if_none_match;
  DocumentFields fields;
  for (const auto& [name, value] : request.headers) {
    const auto take = [&](std::string_view wanted, std::optional<std::string_view>& field) {
      if (!field && http::equals_ignoring_case(name, wanted)) field = value;
    };
    switch (name.size()) {  // tells them apart, and from most others
      case 6:
        take("Accept", accept);
        break;
      case 13:
        take("If-None-Match", if_none_match);
        break;
      case 15:
        take("X-Forwarded-For", fields.forwarded_for);
        break;
      case session_token_field.size():
        take(session_token_field, fields.session_token);
        break;
      default:
        break;
    }
  }
  fields.accept = accept.value_or("");
  fields.if_none_match = if_none_match.value_or("");
  return fields;
}

}  // namespace paddock::metadata::service
