// SPDX-License-Identifier: Apache-2.0
#include "paddock/api.hpp"
#include "paddock/documents_file.hpp"
#include "paddock/kinds.hpp"
#include "paddock/output.hpp"

#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

// What is to go; a file is undone from its end, so that services go before their namespace.
std::vector<metadata::Key> keys_of(const Arguments& arguments) {
  std::vector<metadata::Key> keys;
  if (arguments.has("file")) {
    if (!arguments.words.empty()) {
      throw Failure(exit_usage, "delete takes KIND [NAMESPACE/]NAME or -f FILE, not both");
    }
    const auto documents = read_documents(arguments.value("file"));
    for (auto entry = documents.objects.rbegin(); entry != documents.objects.rend(); ++entry) {
      keys.push_back(entry->object->key());
    }
    return keys;
  }
  if (arguments.words.size() != 2) {
    throw Failure(exit_usage, "delete needs KIND [NAMESPACE/]NAME, or -f FILE");
  }
  return {key_of(kind_of(arguments.words[0]), arguments.words[1])};
}

int run(const Arguments& arguments) {
  const auto keys = keys_of(arguments);
  Api api(arguments);
  const bool as_table = arguments.value("output", "table") == "table";
  int status = exit_done;
  auto report = ordered_json::array();
  for (const auto& key : keys) {
    const auto answer =
        api.send({.method = "DELETE", .target = target_of(key), .headers = {}, .body = {}});
    const bool is_absent = answer.status == 404;
    const std::string result = answer.is_success() ? "deleted" : is_absent ? "absent" : "refused";
    const auto reason = result == "refused" ? reason_of(answer) : "";
    if (result == "refused" || (is_absent && !arguments.has("ignore-absent"))) status = exit_not_so;
    if (as_table) {
      print(metadata::format(key) + " " + result + (reason.empty() ? "" : ": " + reason) + "\n");
    }
    report.push_back({{"object", metadata::format(key)}, {"result", result}, {"reason", reason}});
  }
  if (!as_table) print(rendered(report, arguments.value("output")));
  return status;
}

}  // namespace

Command delete_command() {
  return {.name = "delete",
          .words = "KIND [NAMESPACE/]NAME | -f FILE",
          .summary = "Delete an object, or all objects of a file.",
          .details = "",
          .examples = "  paddock delete service shop/web\n  paddock delete -f shop.yaml\n",
          .flags = {{"file", 'f', "FILE", "Delete what this file holds; - is standard input.",
                     Offer::file},
                    {"ignore-absent", 0, "", "It is fine when there is no such object."},
                    output_flag(),
                    socket_flag()},
          .least_words = 0,
          .most_words = 2,
          .offers = {Offer::kind, Offer::name},
          .run = run};
}

}  // namespace paddock::cli
