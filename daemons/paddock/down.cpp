// SPDX-License-Identifier: Apache-2.0
//
// Stops what `paddock up` started. A daemon is known by its record in the runtime folder, or by
// what it says of itself at its admin address; a process that does not execute that daemon is never
// touched.
#include "paddock/command.hpp"
#include "paddock/daemons.hpp"
#include "paddock/output.hpp"
#include "paddock/process.hpp"

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <csignal>
#include <filesystem>

namespace paddock::cli {
namespace {

namespace fs = std::filesystem;

std::optional<Process> find_daemon(std::string_view daemon, const Arguments& arguments) {
  auto process = Process::recorded(arguments.value("run-dir", "/run/paddock"), daemon);
  if (!process) {
    const auto admin = admin_of(daemon, arguments.value("config-dir", "/etc/paddock"));
    if (const auto status = ask_status(daemon, admin))
      process = Process::find(status->value("pid", 0));
  }
  if (!process || process->executable().filename() != "paddock-" + std::string(daemon)) {
    return std::nullopt;
  }
  return process;
}

void stop(std::string_view daemon, const Process& process) {
  process.signal(SIGTERM);
  if (process.wait_for_end(std::chrono::seconds{5})) return;
  print(std::string(daemon) + " does not end within 5 s, killing it\n");
  process.signal(SIGKILL);
  if (!process.wait_for_end(std::chrono::seconds{5})) {
    throw Failure(exit_not_so, "process " + std::to_string(process.pid()) + " cannot be killed");
  }
}

void remove_folder(const std::string& folder) {
  std::error_code failed;
  fs::remove_all(folder, failed);
  if (failed) throw Failure(exit_not_so, "cannot remove " + folder + ": " + failed.message());
}

// netd knows what it made; nobody else undoes it.
void purge(const Arguments& arguments) {
  const auto config = arguments.value("config-dir", "/etc/paddock") + "/netd.yaml";
  std::vector<std::string> options{"--purge"};
  std::error_code ignored;
  if (fs::exists(config, ignored)) options.insert(options.end(), {"--config", config});
  std::string output;
  const auto status = run_to_end(find_binary("netd"), options, output);
  print(output);
  if (status != 0) throw Failure(exit_not_so, "paddock-netd --purge failed, see above");
  remove_folder(arguments.value("state-dir", "/var/lib/paddock"));
  remove_folder(arguments.value("log-dir", "/var/log/paddock"));
  remove_folder(arguments.value("run-dir", "/run/paddock"));
  print("links, rules, state and logs are gone\n");
}

int run(const Arguments& arguments) {
  if (::geteuid() != 0) throw Failure(exit_not_so, "not root", "sudo paddock down");
  for (auto daemon = daemon_names.rbegin(); daemon != daemon_names.rend(); ++daemon) {
    auto name = std::string(*daemon);
    if (const auto process = find_daemon(*daemon, arguments)) {
      stop(*daemon, *process);
      print(name + " stopped\n");
    } else {
      print(name + " does not run\n");
    }
    std::error_code ignored;
    fs::remove(fs::path(arguments.value("run-dir", "/run/paddock")) / (name + ".pid"), ignored);
  }
  if (arguments.has("purge")) purge(arguments);
  return exit_done;
}

}  // namespace

Command down_command() {
  return {.name = "down",
          .words = "",
          .summary = "Stop the daemons. Pods keep their addresses and connections.",
          .details =
              "With --purge also the links, routes, rules and all stored state go: the host is as "
              "if Paddock had never run. Where systemd runs the daemons, stop its units instead.",
          .examples = "  sudo paddock down\n  sudo paddock down --purge\n",
          .flags = {{"purge", 0, "", "Also remove everything Paddock made on this host."},
                    {"config-dir", 0, "FOLDER", "Where DAEMON.yaml is. Default: /etc/paddock.",
                     Offer::folder},
                    {"run-dir", 0, "FOLDER", "Where pids are kept. Default: /run/paddock.",
                     Offer::folder},
                    {"state-dir", 0, "FOLDER", "What --purge removes. Default: /var/lib/paddock.",
                     Offer::folder},
                    {"log-dir", 0, "FOLDER",
                     "What --purge removes, too. Default: /var/log/paddock.", Offer::folder}},
          .least_words = 0,
          .most_words = 0,
          .offers = {},
          .run = run};
}

}  // namespace paddock::cli
