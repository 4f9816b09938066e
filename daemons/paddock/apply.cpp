// SPDX-License-Identifier: Apache-2.0
//
// Puts every object of a file. What metadatad has already is told from what changes by the revision
// before and after the write.
#include "paddock/api.hpp"
#include "paddock/documents_file.hpp"
#include "paddock/kinds.hpp"
#include "paddock/output.hpp"

#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

struct Outcome {
  std::string key;
  std::string result;  // created, changed, unchanged or refused
  std::string reason;  // of refused
};

// The fields that the store adds and a file does not have.
ordered_json without_store_fields(ordered_json object, const ordered_json& wanted) {
  for (const auto* field : {"created", "revision", "uid"}) {
    if (!wanted.contains(field)) object.erase(field);
  }
  return object;
}

Outcome compare(Api& api, const metadata::Object& object) {
  const auto key = object.key();
  const auto present =
      api.send({.method = "GET", .target = target_of(key), .headers = {}, .body = {}});
  Outcome outcome{metadata::format(key), "created", ""};
  if (present.status == 404) return outcome;
  if (!present.is_success()) return {outcome.key, "refused", reason_of(present)};
  const auto wanted = ordered_json::parse(metadata::format_json(object));
  const auto stored = without_store_fields(ordered_json::parse(present.body), wanted);
  outcome.result = nlohmann::json(stored) == nlohmann::json(wanted) ? "unchanged" : "changed";
  return outcome;
}

Outcome put(Api& api, const metadata::Object& object) {
  const auto key = object.key();
  const auto before =
      api.send({.method = "HEAD", .target = target_of(key), .headers = {}, .body = {}});
  const auto answer = api.send({.method = "PUT",
                                .target = target_of(key),
                                .headers = {{"Content-Type", "application/json"}},
                                .body = metadata::format_json(object)});
  Outcome outcome{metadata::format(key), "changed", ""};
  if (!answer.is_success()) return {outcome.key, "refused", reason_of(answer)};
  if (answer.status == 201) {
    outcome.result = "created";
  } else if (before.is_success() && before.header("etag") == answer.header("etag")) {
    outcome.result = "unchanged";
  }
  return outcome;
}

int run(const Arguments& arguments) {
  if (!arguments.has("file")) {
    throw Failure(exit_usage, "apply needs -f FILE, or -f - for standard input");
  }
  const auto documents = read_documents(arguments.value("file"));
  Api api(arguments);
  const bool is_dry = arguments.has("dry-run");
  const bool as_table = arguments.value("output", "table") == "table";
  int status = exit_done;
  auto report = ordered_json::array();
  for (const auto& entry : documents.objects) {
    const auto outcome = is_dry ? compare(api, *entry.object) : put(api, *entry.object);
    if (outcome.result == "refused") status = exit_not_so;
    if (as_table) {
      print(outcome.key + " " + (is_dry && outcome.result != "refused" ? "would be " : "") +
            outcome.result + (outcome.reason.empty() ? "" : ": " + outcome.reason) + "\n");
    }
    report.push_back(
        {{"object", outcome.key}, {"result", outcome.result}, {"reason", outcome.reason}});
  }
  if (!as_table) print(rendered(report, arguments.value("output")));
  return status;
}

}  // namespace

Command apply_command() {
  return {
      .name = "apply",
      .words = "-f FILE",
      .summary = "Create or change the objects of a file.",
      .details =
          "The file is YAML or JSON, with one or several documents or lists "
          "(docs/objects.md). When anything in it is wrong, all of that is said with its "
          "line and nothing is changed.",
      .examples =
          "  paddock apply -f shop.yaml\n  paddock apply -f shop.yaml --dry-run\n"
          "  echo '{kind: Service, name: web, cluster_ips: [10.43.0.5]}' | paddock apply -f -\n",
      .flags = {{"file", 'f', "FILE", "The file; - is standard input.", Offer::file},
                {"dry-run", 0, "", "Say what would happen, change nothing."},
                output_flag(),
                socket_flag()},
      .least_words = 0,
      .most_words = 0,
      .offers = {},
      .run = run};
}

}  // namespace paddock::cli
