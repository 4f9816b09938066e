// SPDX-License-Identifier: Apache-2.0
#include "paddock/command.hpp"
#include "paddock/output.hpp"

#include <paddock/metadata/client.hpp>

namespace paddock::cli {
namespace {

int run(const Arguments& arguments) {
  const auto& socket = arguments.words.front();
  if (!socket.starts_with('/')) {
    throw Failure(exit_usage, socket + " is no socket", "the path that --admin-socket has");
  }
  metadata::Client client("unix:" + socket, std::chrono::seconds{5});
  const auto answer = client.get(arguments.has("alive") ? "/healthz" : "/readyz");
  if (!answer) throw Failure(exit_unreachable, "no daemon answers: " + answer.error().text);
  print(answer->body);
  return answer->status == 200 ? exit_done : exit_not_so;
}

}  // namespace

Command probe_command() {
  return {.name = "probe",
          .words = "SOCKET",
          .summary = "Say whether the daemon with this admin socket is ready.",
          .details =
              "For probes of containers, where several processes share an address while one "
              "takes another's place. Exit status 0 when it is, 1 when it says why not, 3 "
              "when it does not answer.",
          .examples =
              "  paddock probe /run/admin/dnsd.sock\n"
              "  paddock probe --alive /run/admin/dnsd.sock\n",
          .flags = {{"alive", 0, "", "Whether it turns at all, ready or not."}},
          .least_words = 1,
          .most_words = 1,
          .offers = {Offer::file},
          .run = run};
}

}  // namespace paddock::cli
