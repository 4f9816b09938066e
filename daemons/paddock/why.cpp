// SPDX-License-Identifier: Apache-2.0
#include "paddock/command.hpp"
#include "paddock/daemons.hpp"
#include "paddock/kinds.hpp"
#include "paddock/list.hpp"
#include "paddock/output.hpp"

#include <paddock/metadata/client.hpp>

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

// Null when netd has no such page.
ordered_json ask_netd(const std::string& admin, const std::string& page) {
  metadata::Client client("http://" + admin, std::chrono::seconds{5});
  const auto answer = client.get(page);
  if (!answer)
    throw Failure(exit_unreachable, "netd does not answer at " + admin,
                  "systemctl start paddock-netd");
  if (answer->status == 404) return nullptr;
  auto report = ordered_json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !report.is_object())
    throw Failure(exit_unreachable, "who answers at " + admin + " is no netd",
                  "admin_listen in netd.yaml says where it is");
  return report;
}

std::string name_of(const metadata::Key& pod) { return pod.ns + "/" + pod.name; }

// What netd knows of the pod, on this host or another.
ordered_json report_on(const std::string& admin, const metadata::Key& pod) {
  auto report = ask_netd(admin, "/pods/" + name_of(pod));
  if (!report.is_object() || (report.at("attachments").empty() && report.at("elsewhere").is_null()))
    throw Failure(exit_not_so,
                  "no pod " + name_of(pod) +
                      " is attached to this host, nor does the registry have one elsewhere",
                  "paddock pods shows where pods are; the runtime's log, whether it tried");
  return report;
}

std::vector<std::string> addresses_in(const ordered_json& report) {
  std::vector<std::string> all;
  for (const auto& attachment : report.at("attachments")) {
    for (const auto& address : attachment.at("addresses")) all.push_back(address);
  }
  if (all.empty()) {
    for (const auto& address : report.at("elsewhere").at("addresses")) all.push_back(address);
  }
  return all;
}

// Where the packets go whose way is asked for: to what was named, else to a pod elsewhere itself.
std::vector<std::string> destinations(const std::string& admin, const Arguments& arguments,
                                      const ordered_json& report) {
  if (arguments.words.size() > 1) {
    const auto& named = arguments.words[1];
    boost::system::error_code failed;
    if (boost::asio::ip::make_address(named, failed); !failed) return {named};
    return addresses_in(report_on(admin, key_of(metadata::Kind::pod, named)));
  }
  return report.at("attachments").empty() ? addresses_in(report) : std::vector<std::string>{};
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

// One line for each decision; whether the packet arrives.
bool describe_path(std::string& text, const ordered_json& path) {
  text += "way to " + path.at("address").get<std::string>() + ":\n";
  for (const auto& step : path.at("steps")) {
    const bool passes = step.at("passes");
    const auto trouble = step.at("trouble").get<std::string>();
    text += std::string(passes ? "  " : "  stops at ") + step.at("decision").get<std::string>();
    text += trouble.empty() ? "\n" : (passes ? ", but " : ": ") + trouble + "\n";
  }
  return path.at("arrives");
}

int run(const Arguments& arguments) {
  const auto pod = key_of(metadata::Kind::pod, arguments.words.front());
  const auto admin = admin_of("netd", arguments.value("config-dir", "/etc/paddock"));
  auto report = report_on(admin, pod);
  const bool is_here = !report.at("attachments").empty();
  std::string text;
  bool well = describe(text, report);
  if (!is_here)
    text += "attached to host " + report.at("elsewhere").at("host").get<std::string>() +
            ", not to this one\n";
  report["paths"] = ordered_json::array();
  for (const auto& address : destinations(admin, arguments, report)) {
    auto path = ask_netd(admin, "/paths/" + (is_here ? name_of(pod) + "/" : "") + address);
    if (!path.is_object()) continue;  // the pod went away meanwhile
    well = describe_path(text, path) && well;
    report["paths"].push_back(std::move(path));
  }
  const auto format = arguments.value("output", "table");
  print(format == "table" ? text : rendered(report, format));
  return well ? exit_done : exit_not_so;
}

}  // namespace

Command why_command() {
  return {.name = "why",
          .words = "[NAMESPACE/]POD [[NAMESPACE/]POD|ADDRESS]",
          .summary = "Say what is wrong with a pod's network, or on the way to another pod.",
          .details =
              "Compares netd's record of a pod on this host with the kernel and with the registry, "
              "and shows what was repaired lately. With a second pod or an address, and for a pod "
              "on another host, it follows a packet's way there, decision by decision, and says "
              "where it would stop. Exit status 0 when all agrees and the packet leaves, else 1.",
          .examples = "  paddock why shop/web-1\n  paddock why shop/web-1 shop/db-1\n",
          .flags = {{"config-dir", 0, "FOLDER",
                     "Where the daemons' files are. Default: /etc/paddock.", Offer::folder},
                    output_flag()},
          .least_words = 1,
          .most_words = 2,
          .offers = {Offer::pod, Offer::pod},
          .run = run};
}

}  // namespace paddock::cli
