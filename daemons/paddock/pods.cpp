// SPDX-License-Identifier: Apache-2.0
#include "paddock/api.hpp"
#include "paddock/list.hpp"

#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

int run(const Arguments& arguments) {
  Api api(arguments);
  const auto space = arguments.words.empty() ? "" : "/" + arguments.words.front();
  const auto objects = api.get("/v1/pods" + space).at("objects");
  if (const auto format = arguments.value("output", "table"); format != "table") {
    print(rendered(objects, format));
    return exit_done;
  }
  const auto sheet = sheet_of(metadata::Kind::pod, objects, now_in_milliseconds());
  print(sheet.rows.empty() ? "no pods" + (space.empty() ? "" : " in " + space.substr(1)) + "\n"
                           : table(sheet.head, sheet.rows));
  return exit_done;
}

}  // namespace

Command pods_command() {
  return {.name = "pods",
          .words = "[NAMESPACE]",
          .summary = "Show the pods: address, state, host, service.",
          .details = "",
          .examples = "  paddock pods\n  paddock pods shop\n  paddock pods -o json\n",
          .flags = {output_flag(), socket_flag()},
          .least_words = 0,
          .most_words = 1,
          .offers = {},
          .run = run};
}

}  // namespace paddock::cli
