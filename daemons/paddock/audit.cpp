// SPDX-License-Identifier: Apache-2.0
#include "paddock/audit.hpp"

#include "paddock/api.hpp"
#include "paddock/output.hpp"

#include <nlohmann/json.hpp>

#include <ctime>
#include <sstream>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

std::string shown(const ordered_json& entry, const char* key) {
  const auto found = entry.find(key);
  if (found == entry.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

// In UTC, as in the log.
std::string time_text(long long milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

int run(const Arguments& arguments) {
  const auto limit = arguments.value("limit", "20");
  if (limit.find_first_not_of("0123456789") != std::string::npos || limit.empty()) {
    throw Failure(exit_usage, "--limit " + limit + ": allowed: a whole number");
  }
  Api api(arguments);
  const auto answer =
      api.send({.method = "GET", .target = "/v1/audit?limit=" + limit, .headers = {}, .body = {}});
  if (!answer.is_success()) throw Failure(exit_not_so, reason_of(answer));
  auto entries = ordered_json::array();
  std::istringstream lines(answer.body);
  for (std::string line; std::getline(lines, line);) {
    auto entry = ordered_json::parse(line, nullptr, false);
    if (entry.is_object()) entries.push_back(std::move(entry));
  }
  if (const auto format = arguments.value("output", "table"); format != "table") {
    print(rendered(entries, format));
    return exit_done;
  }
  std::vector<Row> rows;
  for (const auto& entry : entries) rows.push_back(audit_row(entry));
  print(rows.empty() ? "no writes yet\n"
                     : table({"TIME", "REVISION", "WHAT", "OBJECT", "WHO"}, rows));
  return exit_done;
}

}  // namespace

std::vector<std::string> audit_row(const ordered_json& entry) {
  const bool was = entry.contains("before") && !entry.at("before").is_null();
  const bool is = entry.contains("after") && !entry.at("after").is_null();
  return {time_text(entry.value("time", 0LL)), shown(entry, "revision"),
          !is    ? "deleted"
          : !was ? "created"
                 : "changed",
          shown(entry, "key"), shown(entry, "who")};
}

Command audit_command() {
  return {.name = "audit",
          .words = "",
          .summary = "Show the last accepted writes: who changed what, and when.",
          .details = "-o json also has the objects before and after.",
          .examples = "  paddock audit\n  paddock audit --limit 100 -o json\n",
          .flags = {{"limit", 'n', "COUNT", "How many, from the newest. Default: 20."},
                    output_flag(),
                    socket_flag()},
          .least_words = 0,
          .most_words = 0,
          .offers = {},
          .run = run};
}

}  // namespace paddock::cli
