// SPDX-License-Identifier: Apache-2.0
//
// metadatad's API as commands use it: an answer is JSON, everything else is a Failure with a
// remedy.
#pragma once

#include "paddock/command.hpp"

#include <paddock/metadata/client.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace paddock::cli {

class Api {
 public:
  // The socket of --socket, of the environment, or the usual one.
  explicit Api(const Arguments& arguments);

  // Any status of the server is an answer; not reaching it is a Failure(exit_unreachable).
  [[nodiscard]] metadata::ClientResponse send(const metadata::ClientRequest& request);
  // The body of a 200, as JSON. Other statuses: Failure(exit_not_so) in the server's own words.
  [[nodiscard]] nlohmann::ordered_json get(const std::string& target);
  [[nodiscard]] metadata::Client& client() { return client_; }
  [[nodiscard]] Failure unreachable(const metadata::Error& why) const;

 private:
  std::string socket_;
  metadata::Client client_;
};

[[nodiscard]] std::string socket_of(const Arguments& arguments);
// What a problem+json body says, in lines; the status where it says nothing.
[[nodiscard]] std::string reason_of(const metadata::ClientResponse& response);

}  // namespace paddock::cli
