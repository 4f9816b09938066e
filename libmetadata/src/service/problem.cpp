// SPDX-License-Identifier: Apache-2.0
#include "service/problem.hpp"

namespace paddock::metadata::service {
namespace {

std::string_view title_of(int status) noexcept {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 503:
      return "Service Unavailable";
    case 507:
      return "Insufficient Storage";
    default:
      return "Internal Server Error";
  }
}

}  // namespace

Response problem(int status, std::string_view detail, std::span<const Problem> errors) {
  Response response{.status = status, .content_type = "application/problem+json"};
  std::string& body = response.body;
  body = R"({"type":"about:blank","title":)";
  append_json_text(body, title_of(status));
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
