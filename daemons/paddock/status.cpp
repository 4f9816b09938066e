// SPDX-License-Identifier: Apache-2.0
#include "paddock/command.hpp"
#include "paddock/daemons.hpp"
#include "paddock/output.hpp"
#include "paddock/status_report.hpp"

#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

int run(const Arguments& arguments) {
  std::vector<DaemonAnswer> answers;
  for (const auto daemon : daemon_names) {
    const auto admin = admin_of(daemon, arguments.value("config-dir", "/etc/paddock"));
    answers.push_back({std::string(daemon), admin, ask_status(daemon, admin)});
  }
  const auto report = status_report(answers);
  const auto format = arguments.value("output", "table");
  print(format == "table" ? status_text(report) : rendered(report, format));
  return report.value("well", false) ? exit_done : exit_not_so;
}

}  // namespace

Command status_command() {
  return {.name = "status",
          .words = "",
          .summary = "Say what is wrong and what to do about it.",
          .details = "Exit status 0 when all is well (warnings allowed), else 1.",
          .examples = "  paddock status\n  paddock status -o json\n",
          .flags = {{"config-dir", 0, "FOLDER",
                     "Where the daemons' files are. Default: /etc/paddock.", Offer::folder},
                    output_flag()},
          .least_words = 0,
          .most_words = 0,
          .offers = {},
          .run = run};
}

}  // namespace paddock::cli
