// SPDX-License-Identifier: Apache-2.0
#include "paddock/api.hpp"

#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>

namespace paddock::cli {

using nlohmann::ordered_json;

std::string socket_of(const Arguments& arguments) {
  const char* named = std::getenv("PADDOCK_METADATAD_SOCKET");
  return arguments.value("socket", named != nullptr ? named : "/run/paddock/metadata.sock");
}

std::string reason_of(const metadata::ClientResponse& response) {
  const auto body = ordered_json::parse(response.body, nullptr, false);
  if (!body.is_object()) return "HTTP status " + std::to_string(response.status);
  auto text = body.value("detail", body.value("title", std::to_string(response.status)));
  for (const auto& error : body.value("errors", ordered_json::array())) {
    text += "\n    " + error.value("field", "") + ": " + error.value("message", "");
  }
  return text;
}

Api::Api(const Arguments& arguments) : socket_(socket_of(arguments)), client_("unix:" + socket_) {}

Failure Api::unreachable(const metadata::Error& why) const {
  std::error_code ignored;
  if (!std::filesystem::exists(socket_, ignored)) {
    return {exit_unreachable, "metadatad is not running: there is no socket " + socket_,
            "paddock up"};
  }
  if (why.code == boost::system::errc::connection_refused) {
    return {exit_unreachable, "metadatad is not running: nobody listens on " + socket_,
            "paddock up"};
  }
  if (why.code == boost::system::errc::permission_denied) {
    return {exit_unreachable, "no right to use " + socket_,
            "run it as root, or join the group that owns the socket"};
  }
  return {exit_unreachable, "metadatad does not answer: " + why.text, "paddock status"};
}

metadata::ClientResponse Api::send(const metadata::ClientRequest& request) {
  auto response = client_.send(request);
  if (!response) throw unreachable(response.error());
  return std::move(*response);
}

ordered_json Api::get(const std::string& target) {
  const auto response = send({.method = "GET", .target = target, .headers = {}, .body = {}});
  if (response.status == 404) throw Failure(exit_not_so, reason_of(response));
  if (!response.is_success()) throw Failure(exit_not_so, reason_of(response), "paddock status");
  auto body = ordered_json::parse(response.body, nullptr, false);
  if (body.is_discarded()) throw Failure(exit_not_so, "metadatad's answer is not JSON: " + target);
  return body;
}

}  // namespace paddock::cli
