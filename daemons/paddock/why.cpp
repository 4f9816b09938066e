// SPDX-License-Identifier: Apache-2.0
#include "paddock/command.hpp"
#include "paddock/daemons.hpp"
#include "paddock/kinds.hpp"
#include "paddock/list.hpp"
#include "paddock/output.hpp"

#include <paddock/metadata/client.hpp>

#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

ordered_json ask_netd(const std::string& admin, const metadata::Key& pod) {
  metadata::Client client("http://" + admin, std::chrono::seconds{5});
  const auto answer = client.get("/pods/" + pod.ns + "/" + pod.name);
  if (!answer)
    throw Failure(exit_unreachable, "netd does not answer at " + admin,
                  "systemctl start paddock-netd");
  auto report = ordered_json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !report.is_object())
    throw Failure(exit_unreachable, "who answers at " + admin + " is no netd",
                  "admin_listen in netd.yaml says where it is");
  return report;
}

// The sentences below `title`; true when there are none.
bool show(std::string& text, const std::string& title, const ordered_json& sentences,
          const std::string& otherwise) {
  text += "  " + title + ": " + (sentences.empty() ? otherwise : "") + "\n";
  for (const auto& sentence : sentences) text += "    " + sentence.get<std::string>() + "\n";
  return sentences.empty();
}

// What to print; whether all is well with the pod.
bool describe(std::string& text, const ordered_json& report) {
  bool well = true;
  for (const auto& attachment : report.at("attachments")) {
    text += attachment.at("interface").get<std::string>() + " on network " +
            attachment.at("network").get<std::string>() + ":";
    for (const auto& address : attachment.at("addresses")) text += " " + address.get<std::string>();
    const auto age = now_in_milliseconds() - attachment.at("since").get<long long>();
    text += ", attached " + span_text(age / 1000) + " ago, container " +
            attachment.at("container").get<std::string>() + "\n";
    well = show(text, "kernel", attachment.at("kernel"), "as the record says") && well;
    well = show(text, "registry", attachment.at("registry"), "as the record says") && well;
  }
  for (const auto& repair : report.at("repairs"))
    text += "  repaired " +
            span_text((now_in_milliseconds() - repair.at("when").get<long long>()) / 1000) +
            " ago: " + repair.at("what").get<std::string>() + "\n";
  return well;
}

int run(const Arguments& arguments) {
  const auto pod = key_of(metadata::Kind::pod, arguments.words.front());
  const auto report =
      ask_netd(admin_of("netd", arguments.value("config-dir", "/etc/paddock")), pod);
  if (report.at("attachments").empty())
    throw Failure(exit_not_so, "no pod " + pod.ns + "/" + pod.name + " is attached to this host",
                  "paddock pods shows where pods are; the runtime's log, whether it tried");
  std::string text;
  const bool well = describe(text, report);
  const auto format = arguments.value("output", "table");
  print(format == "table" ? text : rendered(report, format));
  return well ? exit_done : exit_not_so;
}

}  // namespace

Command why_command() {
  return {.name = "why",
          .words = "[NAMESPACE/]POD",
          .summary = "Say what is wrong with a pod's network on this host.",
          .details =
              "Compares netd's record of the pod with the kernel and with the registry, and "
              "shows what was repaired lately. Exit status 0 when they agree, else 1.",
          .examples = "  paddock why shop/web-1\n",
          .flags = {{"config-dir", 0, "FOLDER",
                     "Where the daemons' files are. Default: /etc/paddock.", Offer::folder},
                    output_flag()},
          .least_words = 1,
          .most_words = 1,
          .offers = {Offer::pod},
          .run = run};
}

}  // namespace paddock::cli
