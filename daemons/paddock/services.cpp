// SPDX-License-Identifier: Apache-2.0
#include "paddock/api.hpp"
#include "paddock/list.hpp"

#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

int run(const Arguments& arguments) {
  Api api(arguments);
  const auto space = arguments.words.empty() ? "" : "/" + arguments.words.front();
  const auto services = api.get("/v1/services" + space).at("objects");
  if (const auto format = arguments.value("output", "table"); format != "table") {
    print(rendered(services, format));
    return exit_done;
  }
  const auto endpoints = api.get("/v1/endpoints" + space).at("objects");
  const auto sheet = sheet_of_services(services, endpoints, now_in_milliseconds());
  print(sheet.rows.empty() ? "no services" + (space.empty() ? "" : " in " + space.substr(1)) + "\n"
                           : table(sheet.head, sheet.rows));
  return exit_done;
}

}  // namespace

Command services_command() {
  return {.name = "services",
          .words = "[NAMESPACE]",
          .summary = "Show the services: kind, address, ports, endpoints that are ready.",
          .details = "",
          .examples = "  paddock services\n  paddock services shop -o yaml\n",
          .flags = {output_flag(), socket_flag()},
          .least_words = 0,
          .most_words = 1,
          .offers = {},
          .run = run};
}

}  // namespace paddock::cli
