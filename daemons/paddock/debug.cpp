// SPDX-License-Identifier: Apache-2.0
//
// `paddock debug bundle`: what somebody who cannot log in here needs to find out what is wrong.
#include "paddock/api.hpp"
#include "paddock/bundle.hpp"
#include "paddock/daemons.hpp"
#include "paddock/output.hpp"
#include "paddock/status_report.hpp"
#include "runtime/daemon.hpp"

#include <paddock/metadata/objects.hpp>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <array>
#include <ctime>
#include <filesystem>

namespace paddock::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_of_a_log = 2 << 20;

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "host";
}

std::string utc_now() {
  std::array<char, 32> text{};
  const auto now = std::time(nullptr);
  tm parts{};
  ::gmtime_r(&now, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts)};
}

// Status, metrics, configuration, log and process of one daemon.
DaemonAnswer add_daemon(Bundle& bundle, const std::string& daemon, const Arguments& arguments) {
  const auto config_folder = arguments.value("config-dir", "/etc/paddock");
  DaemonAnswer answer{daemon, admin_of(daemon, config_folder), std::nullopt};
  answer.status = ask_status(daemon, answer.admin);
  if (answer.status) {
    bundle.add(daemon + "/status.json", rendered(*answer.status, "json"));
    metadata::Client client("http://" + answer.admin, std::chrono::seconds{5});
    if (const auto metrics = client.get("/metrics"); metrics && metrics->status == 200)
      bundle.add(daemon + "/metrics.txt", metrics->body);
    const auto process = "/proc/" + std::to_string(answer.status->value("pid", 0)) + "/";
    for (const auto* file : {"status", "limits", "cgroup", "sched"})
      bundle.add_file(daemon + "/process/" + file, process + file, most_of_a_log);
    bundle.add_output(daemon + "/process/descriptors", {"ls", "-l", process + "fd"});
  }
  bundle.add_file(daemon + "/config.yaml", config_folder + "/" + daemon + ".yaml", most_of_a_log);
  const auto log =
      fs::path(arguments.value("log-dir", "/var/log/paddock")) / ("paddock-" + daemon + ".log");
  if (!bundle.add_file(daemon + "/log.txt", log, most_of_a_log))
    bundle.add_output(daemon + "/log.txt", {"journalctl", "--unit", "paddock-" + daemon, "--lines",
                                            "5000", "--no-pager", "--output", "short-iso"});
  return answer;
}

void add_cluster(Bundle& bundle, const Arguments& arguments) {
  Api api(arguments);
  for (const auto kind : metadata::all_kinds) {
    const std::string plural(metadata::plural(kind));
    const auto name = "cluster/" + plural + ".json";
    try {
      const auto objects = api.get("/v1/" + plural).at("objects");
      bundle.add(name, rendered(without_users_data(objects), "json"));
    } catch (const Failure& failure) {
      bundle.add(name, std::string(failure.what()) + "\n");
      return;
    }
  }
}

void add_kernel(Bundle& bundle) {
  bundle.add_output("kernel/uname", {"uname", "-a"});
  bundle.add_output("kernel/links.json", {"ip", "-json", "-details", "-statistics", "link"});
  bundle.add_output("kernel/addresses.json", {"ip", "-json", "address"});
  bundle.add_output("kernel/routes.json", {"ip", "-json", "route", "show", "table", "all"});
  bundle.add_output("kernel/routes6.json", {"ip", "-6", "-json", "route", "show", "table", "all"});
  bundle.add_output("kernel/rules.json", {"ip", "-json", "rule"});
  bundle.add_output("kernel/neighbours.json", {"ip", "-json", "neighbour"});
  bundle.add_output("kernel/fdb.json", {"bridge", "-json", "fdb"});
  bundle.add_output("kernel/nftables.txt", {"nft", "list", "ruleset"});
  bundle.add_output("kernel/sockets.txt", {"ss", "-tulnpe"});
  bundle.add_output("kernel/sysctl.txt", {"sysctl", "net.ipv4", "net.ipv6", "net.netfilter"});
  bundle.add_output("kernel/cni.txt", {"ls", "-lR", "/etc/cni/net.d", "/opt/cni/bin"});
  bundle.add_file("kernel/resolv.conf", "/etc/resolv.conf", most_of_a_log);
}

std::string contents(const Bundle& bundle, const std::string& taken) {
  std::string text = "Paddock " + runtime::version() + " on " + host_name() + ", " + taken +
                     ". Passwords, tokens, annotations and users' metadata are left out;\n"
                     "names, labels and addresses are in it: look before you hand it on.\n\n";
  for (const auto& name : bundle.names()) text += name + "\n";
  return text;
}

int run(const Arguments& arguments) {
  if (arguments.words.front() != "bundle")
    throw Failure(exit_usage, "debug knows only `bundle`, not `" + arguments.words.front() + "`",
                  "paddock debug bundle");
  const auto taken = utc_now();
  const auto name = "paddock-" + host_name() + "-" + taken;
  Bundle bundle(name);
  std::vector<DaemonAnswer> answers;
  for (const auto daemon : daemon_names) {
    print(std::string(daemon) + " … ");
    answers.push_back(add_daemon(bundle, std::string(daemon), arguments));
    print(answers.back().status ? "asked\n" : "does not answer\n");
  }
  print("cluster, kernel … ");
  bundle.add("status.txt", status_text(status_report(answers)));
  add_cluster(bundle, arguments);
  add_kernel(bundle);
  bundle.add("README", contents(bundle, taken));
  const auto file = arguments.value("file", name + ".tar.gz");
  bundle.pack(file);
  print("done\n" + file + "\n");
  return exit_done;
}

}  // namespace

Command debug_command() {
  return {
      .name = "debug",
      .words = "bundle",
      .summary = "Collect all that tells what is wrong with this host in one file.",
      .details =
          "Status, metrics, configuration, logs, the cluster's objects, links, routes and "
          "rules. Passwords, tokens, annotations and users' metadata are left out. Works with "
          "any of the daemons down; as root it sees all.",
      .examples = "  sudo paddock debug bundle\n  sudo paddock debug bundle --file /tmp/b.tgz\n",
      .flags = {{"file", 'f', "FILE",
                 "The file to write. Default: paddock-HOST-TIME.tar.gz in this folder.",
                 Offer::file},
                {"config-dir", 0, "FOLDER", "Where the daemons' files are. Default: /etc/paddock.",
                 Offer::folder},
                {"log-dir", 0, "FOLDER", "Where their logs are. Default: /var/log/paddock.",
                 Offer::folder},
                socket_flag()},
      .least_words = 1,
      .most_words = 1,
      .offers = {},
      .run = run};
}

}  // namespace paddock::cli
