// SPDX-License-Identifier: Apache-2.0
//
// Shows changes as they are accepted. Goes on where it was when metadatad is restarted.
#include "paddock/api.hpp"
#include "paddock/kinds.hpp"
#include "paddock/list.hpp"

#include <nlohmann/json.hpp>

#include <ctime>
#include <thread>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;
using std::chrono::seconds;

struct Place {
  std::string store;
  unsigned long long revision = 0;
};

struct Wanted {
  std::string kind;  // "Pod"; empty: all
  bool as_json = false;
};

std::string clock_text() {
  const auto now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%H:%M:%S", &local)};
}

// "pods/shop/web-1", and for a put what is worth knowing of the object.
std::string sentence(const ordered_json& event) {
  const auto is_put = event.value("type", "") == "put";
  const auto& object = is_put ? event.at("object") : event;
  const auto kind = metadata::kind_of_name(object.value("kind", ""));
  std::string text = clock_text() + "  " + (is_put ? "put     " : "delete  ");
  if (!kind) return text + object.dump();
  const auto sheet = sheet_of(*kind, ordered_json::array({object}), now_in_milliseconds());
  const auto& row = sheet.rows.front();
  text += object.value("kind", "") + " " + row.front();
  if (!is_put) return text;
  for (std::size_t i = 1; i + 1 < row.size(); ++i) {
    if (!row[i].empty()) text += "  " + row[i];
  }
  return text;
}

// Prints one line of the stream and moves the place on.
void take(const std::string_view line, const Wanted& wanted, Place& place) {
  const auto event = ordered_json::parse(line, nullptr, false);
  if (!event.is_object()) return;
  const auto type = event.value("type", "");
  if (type == "bookmark") place.store = event.value("store", place.store);
  if (type == "bookmark" || type == "heartbeat") {
    place.revision = event.value("revision", place.revision);
    return;
  }
  const auto kind = type == "put" ? event.at("object").value("kind", "") : event.value("kind", "");
  if (!wanted.kind.empty() && wanted.kind != kind) return;
  print((wanted.as_json ? std::string(line) : sentence(event)) + "\n");
}

Place present_place(Api& api) {
  const auto status = api.get("/v1/status");
  return {status.value("store", ""), status.value("revision", 0ULL)};
}

int run(const Arguments& arguments) {
  Wanted wanted;
  if (arguments.has("kind")) wanted.kind = metadata::kind_name(kind_of(arguments.value("kind")));
  wanted.as_json = arguments.value("output", "table") == "json";
  Api api(arguments);
  auto place = present_place(api);  // fails at once when there is nothing to watch
  bool is_first = arguments.has("all");
  for (;;) {
    std::string target = "/v1/cluster?watch=true";
    if (!is_first) {
      target += "&since=" + std::to_string(place.revision) + "&store=" + place.store;
    }
    is_first = false;
    const auto ended = api.client().lines(target, seconds{20}, [&](std::string_view line) {
      take(line, wanted, place);
      return true;
    });
    if (ended && ended->status == 410) {
      std::fprintf(stderr,
                   "paddock: the store was replaced or changed too much; watching from now on\n");
      place = present_place(api);
    } else if (ended && !ended->is_success()) {
      throw Failure(exit_not_so, reason_of(*ended));
    } else {
      std::this_thread::sleep_for(seconds{1});  // metadatad is restarting; it says where we were
    }
  }
}

}  // namespace

Command watch_command() {
  return {.name = "watch",
          .words = "",
          .summary = "Show changes as they happen, until interrupted.",
          .details = "",
          .examples =
              "  paddock watch\n  paddock watch --kind pods\n"
              "  paddock watch --all -o json | jq .object.name\n",
          .flags = {{"kind", 'k', "KIND", "Only objects of this kind.", Offer::kind},
                    {"all", 'a', "", "Begin with all there is."},
                    output_flag(),
                    socket_flag()},
          .least_words = 0,
          .most_words = 0,
          .offers = {},
          .run = run};
}

}  // namespace paddock::cli
