// SPDX-License-Identifier: Apache-2.0
//
// Reads the documents as a pod does. What `self` is depends on who asks: from the host it is the
// host.
#include "paddock/command.hpp"
#include "paddock/output.hpp"

#include <paddock/metadata/client.hpp>

#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

constexpr auto usual_server = "http://169.254.169.250:80";

std::string target_of_path(const std::string& path) {
  if (path.starts_with('/')) return path;
  return "/latest/" + path;
}

int run(const Arguments& arguments) {
  const auto server = arguments.value("server", usual_server);
  const auto format = arguments.value("output", "table");
  metadata::Client client = [&] {
    try {
      return metadata::Client(server);
    } catch (const std::invalid_argument& error) {
      throw Failure(exit_usage, "--server " + server + ": " + error.what());
    }
  }();
  const auto path = arguments.words.empty() ? "" : arguments.words.front();
  const auto answer =
      client.send({.method = "GET",
                   .target = target_of_path(path),
                   .headers = {{"Accept", format == "table" ? "text/plain" : "application/json"}},
                   .body = {}});
  if (!answer) {
    throw Failure(exit_unreachable, "no metadata service at " + server + ": " + answer.error().text,
                  "paddock status");
  }
  if (answer->status == 404) {
    throw Failure(exit_not_so, "there is no " + target_of_path(path),
                  "paddock metadata lists what there is");
  }
  if (!answer->is_success()) {
    throw Failure(exit_not_so, "status " + std::to_string(answer->status) + ": " + answer->body);
  }
  const auto& body = answer->body;
  if (format == "yaml") {
    print(rendered(nlohmann::ordered_json::parse(body), format));
  } else {
    print(body.ends_with('\n') ? body : body + "\n");
  }
  return exit_done;
}

}  // namespace

Command metadata_command() {
  return {.name = "metadata",
          .words = "[PATH]",
          .summary = "Read a metadata document as a pod on this host would.",
          .details =
              "PATH is below /latest/ unless it begins with a slash. Asked from the host, `self` "
              "is the host's; run it inside a pod's network namespace to see the pod's.",
          .examples =
              "  paddock metadata\n  paddock metadata services/0/name\n"
              "  paddock metadata containers -o json\n  paddock metadata /2016-07-29/version\n",
          .flags = {{"server", 0, "URL", "Whom to ask. Default: http://169.254.169.250:80."},
                    output_flag()},
          .least_words = 0,
          .most_words = 1,
          .offers = {Offer::path},
          .run = run};
}

}  // namespace paddock::cli
