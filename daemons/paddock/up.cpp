// SPDX-License-Identifier: Apache-2.0
//
// Starts the three daemons where no service manager does, in their order, and waits until each is
// ready. Run again, it starts only what is missing.
#include "paddock/command.hpp"
#include "paddock/daemons.hpp"
#include "paddock/output.hpp"
#include "paddock/process.hpp"
#include "paddock/supervise.hpp"
#include "runtime/directories.hpp"

#include <paddock/metadata/client.hpp>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

namespace paddock::cli {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

struct Folders {
  std::string config;
  std::string log;
  std::string run;
};

std::string padded(std::string_view daemon) {
  std::string text(daemon);
  text.resize(11, ' ');
  return text;
}

std::vector<std::string> daemon_arguments(std::string_view daemon, const Folders& folders) {
  const auto file = folders.config + "/" + std::string(daemon) + ".yaml";
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return {};
  return {"--config", file};
}

// Refuses before anything is started when a configuration is wrong.
void check_configuration(std::string_view daemon, const Folders& folders) {
  auto arguments = daemon_arguments(daemon, folders);
  arguments.emplace_back("--check-config");
  std::string output;
  if (run_to_end(find_binary(daemon), arguments, output) != 0) {
    while (output.ends_with('\n')) output.pop_back();
    throw Failure(exit_not_so,
                  "the configuration of " + std::string(daemon) + " is wrong:\n" + output);
  }
}

// The end of a log, for the operator who should not have to go and look.
std::string last_lines(const fs::path& log, std::uintmax_t since) {
  std::ifstream file(log);
  file.seekg(static_cast<std::streamoff>(since));
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back("  " + line);
  std::string text;
  for (std::size_t i = lines.size() > 8 ? lines.size() - 8 : 0; i < lines.size(); ++i) {
    text += "\n" + lines[i];
  }
  return text;
}

// Empty when ready; else why not.
std::string not_ready_because(const std::string& admin) {
  metadata::Client client("http://" + admin, milliseconds{1000});
  const auto answer = client.get("/readyz");
  if (!answer) return "it does not answer at " + admin;
  if (answer->status == 200) return "";
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  std::string reasons;
  if (body.is_object()) {
    for (const auto& reason : body.value("reasons", std::vector<std::string>{})) {
      reasons += (reasons.empty() ? "" : "; ") + reason;
    }
  }
  return reasons.empty() ? "it is not ready" : reasons;
}

void wait_until_ready(std::string_view daemon, const Process& process, const fs::path& log,
                      std::uintmax_t log_size, const Folders& folders, milliseconds at_most) {
  const auto admin = admin_of(daemon, folders.config);
  if (admin == "none") return;
  const auto begun = steady_clock::now();
  for (;;) {
    const auto why = not_ready_because(admin);
    if (why.empty()) return;
    if (process.wait_for_end(milliseconds{50})) {
      throw Failure(exit_not_so,
                    "paddock-" + std::string(daemon) + " ended:" + last_lines(log, log_size),
                    "put that right and run paddock up again");
    }
    if (steady_clock::now() - begun > at_most) {
      throw Failure(exit_not_so, std::string(daemon) + " runs, but is not ready: " + why,
                    "paddock status; its log is " + log.string());
    }
  }
}

void bring_up(std::string_view daemon, const Folders& folders, milliseconds at_most) {
  const auto admin = admin_of(daemon, folders.config);
  const auto is_running = [&](pid_t pid) {
    print(padded(daemon) + "is already running (pid " + std::to_string(pid) + ")\n");
  };
  if (const auto status = ask_status(daemon, admin)) return is_running(status->value("pid", 0));
  if (const auto process = Process::recorded(folders.run, daemon)) {
    if (admin == "none") return is_running(process->pid());
    throw Failure(exit_not_so,
                  "paddock-" + std::string(daemon) + " runs (pid " +
                      std::to_string(process->pid()) + ") but does not answer at " + admin,
                  "paddock down, then paddock up");
  }
  const auto begun = steady_clock::now();
  const auto log = fs::path(folders.log) / ("paddock-" + std::string(daemon) + ".log");
  std::error_code absent;
  const auto size = fs::file_size(log, absent);
  const auto process = start(find_binary(daemon), daemon_arguments(daemon, folders), log);
  process.record(folders.run, daemon);
  print(padded(daemon) + "started (pid " + std::to_string(process.pid()) + ") … ");
  try {
    wait_until_ready(daemon, process, log, absent ? 0 : size, folders, at_most);
  } catch (...) {
    print("failed\n");
    throw;
  }
  if (admin == "none") {
    print("its admin_listen is none, so it cannot be asked whether it is ready\n");
    return;
  }
  const auto status = ask_status(daemon, admin);
  const auto took = std::chrono::duration<double>(steady_clock::now() - begun).count();
  char seconds[32];
  std::snprintf(seconds, sizeof seconds, "%.1f s", took);
  print(std::string("ready in ") + seconds + (status ? ": " + status->value("summary", "") : "") +
        "\n");
}

milliseconds timeout_of(const Arguments& arguments) {
  const auto text = arguments.value("timeout", "20");
  if (text.empty() || text.size() > 4 ||
      text.find_first_not_of("0123456789") != std::string::npos) {
    throw Failure(exit_usage, "--timeout " + text + ": allowed: seconds, as 20");
  }
  return std::chrono::seconds{std::stoi(text)};
}

int run(const Arguments& arguments) {
  const Folders folders{.config = arguments.value("config-dir", "/etc/paddock"),
                        .log = arguments.value("log-dir", "/var/log/paddock"),
                        .run = arguments.value("run-dir", "/run/paddock")};
  const auto timeout = timeout_of(arguments);
  if (::geteuid() != 0) {
    throw Failure(exit_not_so, "not root: the daemons make links, routes and use ports below 1024",
                  "sudo paddock up");
  }
  runtime::make_directory(folders.run, 0755);
  for (const auto daemon : daemon_names) check_configuration(daemon, folders);
  if (arguments.has("foreground")) {
    std::vector<Supervised> children;
    for (const auto daemon : daemon_names) {
      if (ask_status(daemon, admin_of(daemon, folders.config))) {
        throw Failure(exit_not_so, "paddock-" + std::string(daemon) + " is already running",
                      "paddock down");
      }
      children.push_back(
          {std::string(daemon), find_binary(daemon), daemon_arguments(daemon, folders)});
    }
    return supervise(children, folders.run);
  }
  runtime::make_directory(folders.log, 0750);
  for (const auto daemon : daemon_names) bring_up(daemon, folders, timeout);
  print(
      "\nPaddock is up. What to try next:\n"
      "  paddock status                what is wrong, if anything\n"
      "  paddock apply -f FILE         services and other objects (docs/objects.md)\n"
      "  paddock pods                  who runs here\n"
      "  paddock lookup NAME           a name, as pods see it\n"
      "  paddock down                  the way back\n");
  return exit_done;
}

}  // namespace

Command up_command() {
  return {.name = "up",
          .words = "",
          .summary = "Start the daemons that do not run yet, and wait until they are ready.",
          .details =
              "For hosts where no service manager starts them. Each daemon reads "
              "/etc/paddock/DAEMON.yaml where that exists, and its environment variables.",
          .examples =
              "  sudo paddock up\n  sudo paddock up --log-dir /tmp/paddock\n"
              "  paddock up --foreground      in a container, as its main process\n",
          .flags = {{"foreground", 0, "", "Stay, and start again what ends."},
                    {"config-dir", 0, "FOLDER", "Where DAEMON.yaml is. Default: /etc/paddock.",
                     Offer::folder},
                    {"log-dir", 0, "FOLDER", "Where logs go. Default: /var/log/paddock.",
                     Offer::folder},
                    {"run-dir", 0, "FOLDER", "Where pids are kept. Default: /run/paddock.",
                     Offer::folder},
                    {"timeout", 't', "SECONDS", "How long one daemon may take. Default: 20."}},
          .least_words = 0,
          .most_words = 0,
          .offers = {},
          .run = run};
}

}  // namespace paddock::cli
