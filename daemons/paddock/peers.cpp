// SPDX-License-Identifier: Apache-2.0
#include "paddock/command.hpp"
#include "paddock/daemons.hpp"
#include "paddock/list.hpp"

#include <paddock/metadata/client.hpp>

#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstdio>

namespace paddock::cli {
namespace {

std::string joined(const nlohmann::ordered_json& texts) {
  std::string all;
  for (const auto& text : texts) all += (all.empty() ? "" : ",") + text.get<std::string>();
  return all;
}

std::string latency_of(const nlohmann::ordered_json& peer) {
  const auto& answers = peer.at("answers");
  if (answers.is_null()) return "-";  // not asked yet, or not to be asked
  if (!answers.get<bool>()) return "none";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f ms", peer.at("latency_ms").get<double>());
  return text.data();
}

nlohmann::ordered_json ask_peers() {
  const auto admin = admin_of("netd", "/etc/paddock");
  metadata::Client client("http://" + admin, std::chrono::seconds{2});
  const auto answer = client.get("/peers");
  auto page = answer && answer->status == 200
                  ? nlohmann::ordered_json::parse(answer->body, nullptr, false)
                  : nlohmann::ordered_json();
  if (!page.is_object())
    throw Failure(exit_unreachable, "netd does not answer at " + admin, "paddock status says more");
  return page;
}

int run(const Arguments& arguments) {
  const auto page = ask_peers();
  const auto& peers = page.at("peers");
  if (const auto format = arguments.value("output", "table"); format != "table") {
    print(rendered(peers, format));
    return exit_done;
  }
  if (peers.empty()) {
    print("no other hosts (overlay: " + page.at("overlay").get<std::string>() + ")\n");
    return exit_done;
  }
  std::vector<Row> rows;
  for (const auto& peer : peers) {
    const auto since = now_in_milliseconds() - peer.at("since").get<long long>();
    rows.push_back({peer.at("host"), peer.at("path"), joined(peer.at("underlay")),
                    joined(peer.at("subnets")), span_text(since / 1000), latency_of(peer),
                    peer.at("trouble")});
  }
  print(table({"HOST", "PATH", "UNDERLAY", "SUBNETS", "SINCE", "LATENCY", "TROUBLE"}, rows));
  return exit_done;
}

}  // namespace

Command peers_command() {
  return {
      .name = "peers",
      .words = "",
      .summary = "Show the other hosts, and how packets get to their pods.",
      .details =
          "SINCE is how long the path and its trouble have been what they are, LATENCY how long "
          "the host's last answer took: \"none\" when it did not come, which a firewall against "
          "ICMP brings about, too.",
      .examples = "  paddock peers\n  paddock peers -o json\n",
      .flags = {output_flag()},
      .least_words = 0,
      .most_words = 0,
      .offers = {},
      .run = run};
}

}  // namespace paddock::cli
