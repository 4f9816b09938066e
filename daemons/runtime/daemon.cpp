// SPDX-License-Identifier: Apache-2.0
#include "runtime/daemon.hpp"

#include "runtime/system_calls.hpp"

#include <malloc.h>

#include <exception>
#include <stdexcept>

namespace paddock::runtime {

std::string version() { return PADDOCK_VERSION; }

void describe_common(OptionTable& table, CommonOptions& options) {
  table.text({.name = "admin-listen",
              .value = "ADDRESS:PORT",
              .help = "Where /metrics, /healthz, /readyz and /status are served, or none.",
              .reload = Reload::restart},
             options.admin_listen, checks::endpoint_or_none());
  table.text({.name = "admin-socket",
              .value = "PATH",
              .help = "A unix socket where they are served too, this process's own, or none.",
              .reload = Reload::restart},
             options.admin_socket, [](const std::string& text) {
               return text == "none" ? std::string() : checks::absolute_path()(text);
             });
  table.text(
      {.name = "log-level",
       .value = "LEVEL",
       .help = "The least important line that is written: debug, info, warning, error or none.",
       .reload = Reload::live},
      options.log_level, checks::one_of({"debug", "info", "warning", "error", "none"}));
  table.text({.name = "log-format",
              .value = "FORMAT",
              .help = "How a log line is written: logfmt, json or text.",
              .reload = Reload::restart},
             options.log_format, checks::one_of({"logfmt", "json", "text"}));
  table.text({.name = "log-file",
              .value = "FILE",
              .help = "Log to this file instead of standard error; SIGHUP opens it anew.",
              .reload = Reload::live,
              .alias = "log"},
             options.log_file);
  table.boolean({.name = "debug",
                 .value = "",
                 .help = "The same as log level debug.",
                 .reload = Reload::live},
                options.debug);
  table.text({.name = "pid-file",
              .value = "FILE",
              .help = "Write the process id to this file while the daemon runs.",
              .reload = Reload::restart},
             options.pid_file);
  table.boolean({.name = "refuse-system-calls",
                 .value = "",
                 .help = "Have the kernel refuse all system calls this daemon has no use for "
                         "(seccomp), as the systemd units do.",
                 .reload = Reload::restart},
                options.refuse_system_calls);
}

AdminPlaces admin_places(const CommonOptions& options) {
  return {
      .listen = options.admin_listen, .socket = options.admin_socket, .is_shared = options.replace};
}

void refuse_system_calls_as_told(const CommonOptions& options) {
  if (!options.refuse_system_calls) return;
  if (const auto trouble = refuse_other_system_calls(); !trouble.empty())
    throw std::runtime_error(trouble + "; --refuse-system-calls=false does without");
}

std::string log_as_told(const CommonOptions& options) {
  log::set_level(options.debug ? "debug" : options.log_level);
  return options.log_file.empty() ? "" : log::write_to(options.log_file);
}

void log_problems(const std::vector<OptionProblem>& problems) {
  for (const auto& problem : problems) {
    log::error("configuration refused, the old one stays",
               {{"place", problem.place}, {"problem", problem.text}});
  }
}

void log_needs_restart(const std::vector<std::string>& options) {
  for (const auto& option : options) {
    log::warning("option changed, but only a restart takes it over", {{"option", option}});
  }
}

namespace {

// glibc puts small freed blocks aside, and joins all of them, wherever they lie, when 1 KB or more
// is asked for. Every change of the cluster asks for that: it cost a tenth of what a change costs.
void join_freed_blocks_at_once() { ::mallopt(M_MXFAST, 0); }

}  // namespace

int run_logged(const std::string& daemon, const std::function<void()>& serve) {
  join_freed_blocks_at_once();
  try {
    serve();
    log::info("stopped", {{"daemon", daemon}});
    return 0;
  } catch (const std::exception& error) {
    log::error("cannot go on", {{"daemon", daemon}, {"reason", error.what()}});
    return 1;
  }
}

}  // namespace paddock::runtime
