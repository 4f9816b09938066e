// SPDX-License-Identifier: Apache-2.0
#include "paddock/status_report.hpp"

#include "paddock/output.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

ordered_json problem(const std::string& daemon, const std::string& severity,
                     const std::string& text, const std::string& remedy) {
  return {{"daemon", daemon}, {"severity", severity}, {"text", text}, {"remedy", remedy}};
}

void report_down(const DaemonAnswer& answer, std::size_t down, ordered_json& report) {
  report["daemons"].push_back({{"daemon", answer.daemon},
                               {"state", "down"},
                               {"summary", "does not answer at " + answer.admin}});
  const auto remedy = down == 3 ? std::string("paddock up")
                                : "paddock up, or systemctl start paddock-" + answer.daemon;
  report["problems"].push_back(
      problem(answer.daemon, "error", "paddock-" + answer.daemon + " is not running", remedy));
}

// Where nobody is to ask, that it runs may be.
void report_hidden(const DaemonAnswer& answer, ordered_json& report) {
  report["daemons"].push_back(
      {{"daemon", answer.daemon}, {"state", "not known"}, {"summary", "has no admin address"}});
  report["problems"].push_back(problem(answer.daemon, "warning",
                                       "cannot be asked how it is: its admin_listen is none",
                                       "name an address there: docs/status.md"));
}

void report_up(const DaemonAnswer& answer, ordered_json& report) {
  const auto& status = *answer.status;
  const bool is_ready = status.value("ready", false);
  report["daemons"].push_back({{"daemon", answer.daemon},
                               {"state", is_ready ? "ready" : "not ready"},
                               {"summary", status.value("summary", "")},
                               {"uptime_seconds", status.value("uptime_seconds", 0LL)},
                               {"pid", status.value("pid", 0)},
                               {"version", status.value("version", "")},
                               {"detail", status.value("detail", ordered_json::object())}});
  bool is_explained = is_ready;
  for (const auto& item : status.value("problems", ordered_json::array())) {
    is_explained = is_explained || item.value("severity", "") == "error";
    report["problems"].push_back(problem(answer.daemon, item.value("severity", "warning"),
                                         item.value("text", ""), item.value("remedy", "")));
  }
  if (!is_explained) {
    report["problems"].push_back(
        problem(answer.daemon, "error", "not ready, and does not say why", "see its log"));
  }
}

std::string headline(const ordered_json& report) {
  const auto& problems = report.at("problems");
  const auto errors = std::ranges::count_if(
      problems, [](const ordered_json& item) { return item.value("severity", "") == "error"; });
  const auto warnings = static_cast<std::ptrdiff_t>(problems.size()) - errors;
  const auto count = [](std::ptrdiff_t n, const std::string& word) {
    return std::to_string(n) + " " + word + (n == 1 ? "" : "s");
  };
  if (errors == 0 && warnings == 0) return "Paddock is well.";
  if (errors == 0) return "Paddock works, with " + count(warnings, "warning") + ".";
  return "Paddock is not well: " + count(errors, "problem") +
         (warnings == 0 ? "" : " and " + count(warnings, "warning")) + ".";
}

}  // namespace

ordered_json status_report(const std::vector<DaemonAnswer>& answers) {
  ordered_json report{
      {"well", true}, {"daemons", ordered_json::array()}, {"problems", ordered_json::array()}};
  const auto is_down = [](const DaemonAnswer& answer) {
    return !answer.status && answer.admin != "none";
  };
  const auto down = static_cast<std::size_t>(std::ranges::count_if(answers, is_down));
  for (const auto& answer : answers) {
    if (answer.status) {
      report_up(answer, report);
    } else if (!is_down(answer)) {
      report_hidden(answer, report);
    } else {
      report_down(answer, down, report);
    }
  }
  report["well"] = std::ranges::none_of(report["problems"], [](const ordered_json& item) {
    return item.value("severity", "") == "error";
  });
  return report;
}

std::string status_text(const ordered_json& report) {
  std::string out = headline(report) + "\n\n";
  std::vector<Row> rows;
  for (const auto& daemon : report.at("daemons")) {
    const bool is_asked = daemon.contains("uptime_seconds");
    rows.push_back({daemon.value("daemon", ""), daemon.value("state", ""),
                    is_asked ? span_text(daemon.value("uptime_seconds", 0LL)) : "",
                    daemon.value("summary", "")});
  }
  out += table({"DAEMON", "STATE", "UP", "WHAT"}, rows);
  for (const auto& item : report.at("problems")) {
    const bool is_error = item.value("severity", "") == "error";
    out += std::string("\n") + (is_error ? "✗ " : "! ") + item.value("daemon", "") + ": " +
           item.value("text", "") + "\n";
    if (const auto remedy = item.value("remedy", ""); !remedy.empty()) {
      out += "  → " + remedy + "\n";
    }
  }
  return out;
}

}  // namespace paddock::cli
