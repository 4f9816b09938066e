// SPDX-License-Identifier: Apache-2.0
#include "paddock/api.hpp"
#include "paddock/kinds.hpp"
#include "paddock/list.hpp"

#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

int run(const Arguments& arguments) {
  Api api(arguments);
  const auto kind = kind_of(arguments.words.front());
  const bool is_one = arguments.words.size() == 2 && !arguments.words[1].ends_with('/');
  ordered_json answer;
  if (is_one) {
    answer = api.get(target_of(key_of(kind, arguments.words[1])));
  } else {
    auto target = "/v1/" + std::string(metadata::plural(kind));
    if (arguments.words.size() == 2) {
      target += "/" + arguments.words[1].substr(0, arguments.words[1].size() - 1);
    }
    answer = api.get(target).at("objects");
  }
  const auto format = arguments.value("output", is_one ? "yaml" : "table");
  if (format != "table") {
    print(rendered(answer, format));
    return exit_done;
  }
  const auto objects = is_one ? ordered_json::array({answer}) : answer;
  const auto sheet = sheet_of(kind, objects, now_in_milliseconds());
  print(sheet.rows.empty() ? "none\n" : table(sheet.head, sheet.rows));
  return exit_done;
}

}  // namespace

Command get_command() {
  return {.name = "get",
          .words = "KIND [[NAMESPACE/]NAME]",
          .summary = "Show objects of any kind, or one of them whole.",
          .details =
              "KIND is host, namespace, service, endpoints, pod, network or subnet. A NAME without "
              "namespace is in `default`; NAMESPACE/ alone means all in it.",
          .examples =
              "  paddock get hosts\n  paddock get pod shop/web-1\n"
              "  paddock get services shop/ -o json\n",
          .flags = {output_flag(), socket_flag()},
          .least_words = 1,
          .most_words = 2,
          .offers = {Offer::kind, Offer::name},
          .run = run};
}

}  // namespace paddock::cli
