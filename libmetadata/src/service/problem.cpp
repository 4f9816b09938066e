// SPDX-License-Identifier: Apache-2.0
#include "service/problem.hpp"

#include "http/reason.hpp"

namespace paddock::metadata::service {

Response problem(int status, std::string_view detail, std::span<const Problem> errors) {
  Response response{.status = status, .content_type = "application/problem+json"};
  std::string& body = response.body;
  body = R"({"type":"about:blank","title":)";
  append_json_text(body, http::reason_of(status));
  body += ",\"status\":" + std::to_string(status) + ",\"detail\":";
  append_json_text(body, detail);
  if (!errors.empty()) {
    body += ",\"errors\":[";
    for (const Problem& error : errors) {
      body += &error == errors.data() ? "{\"field\":" : ",{\"field\":";
      append_json_text(body, error.field);
      body += ",\"message\":";
      append_json_text(body, error.message);
      body += '}';
    }
    body += ']';
  }
  body += "}\n";
  return response;
}

Response not_allowed(std::string_view allowed) {
  Response response = problem(405, "allowed here: " + std::string(allowed));
  response.headers = "Allow: " + std::string(allowed) + "\r\n";
  return response;
}

Response not_ready(std::string_view detail) {
  Response response = problem(503, detail);
  response.headers = "Retry-After: 1\r\n";
  return response;
}

}  // namespace paddock::metadata::service
