// SPDX-License-Identifier: Apache-2.0
//
// What every daemon's main is made of. A daemon has a struct Options derived from CommonOptions, a
// function that describes it to an option table, and a function that serves until told to stop:
//
//   int main(int argc, char** argv) {
//     return runtime::run<Options>(argc, argv, "dnsd", "Answers the names of pods.", describe,
//     serve);
//   }
//
// serve(Daemon<Options>&) builds what it needs, calls daemon.ready(), and then
// loops over daemon.wait(); what it throws is logged as the reason why the daemon ends with
// status 1.
#pragma once

#include "runtime/admin.hpp"
#include "runtime/command_line.hpp"
#include "runtime/directories.hpp"
#include "runtime/lifecycle.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "runtime/options.hpp"
#include "runtime/pid_file.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace paddock::runtime {

[[nodiscard]] std::string version();

// What every daemon can be told. `admin_listen` is set to the daemon's own default port in its
// Options.
struct CommonOptions {
  std::string log_level = "info";
  std::string log_format = "logfmt";
  std::string log_file;
  bool debug = false;
  std::string pid_file;
  bool refuse_system_calls = false;
  bool replace = false;  // described by each daemon
  std::string admin_listen = "none";
  std::string admin_socket = "none";
};
void describe_common(OptionTable& table, CommonOptions& options);
[[nodiscard]] AdminPlaces admin_places(const CommonOptions& options);

template <class Options>
class Daemon : public Lifecycle {
 public:
  using Describe = void (*)(OptionTable&, Options&);
  // One reading of flags, environment and file. The table points into the options beside it.
  struct Reading {
    Reading(const std::string& name, const std::string& summary, Describe describe)
        : table(name, summary) {
      describe(table, options);
      describe_common(table, options);
    }
    Options options;
    OptionTable table;
    Invocation invocation;
  };

  Daemon(std::unique_ptr<Reading> first, std::function<std::unique_ptr<Reading>()> read)
      : now_(std::move(first)), read_(std::move(read)) {}

  [[nodiscard]] const Options& options() const { return now_->options; }
  [[nodiscard]] const std::string& name() const { return now_->table.daemon(); }

  // For Wake::reload: reads everything again. True when it was good: options() then has the new
  // values of what may change, while the rest keeps its value and is named in the log. False:
  // nothing changed, the log says every problem. References into options() stay valid; only this
  // thread may read what may change.
  bool reload();

 private:
  std::unique_ptr<Reading> now_;
  std::function<std::unique_ptr<Reading>()> read_;
};

// Implementation below this line.

void log_problems(const std::vector<OptionProblem>& problems);
// Takes level and file over; why the file cannot be written, or nothing.
std::string log_as_told(const CommonOptions& options);
// Throws a sentence when it was told to and cannot.
void refuse_system_calls_as_told(const CommonOptions& options);
void log_needs_restart(const std::vector<std::string>& options);
// Runs `serve`, logs what it throws, and gives the exit status.
[[nodiscard]] int run_logged(const std::string& daemon, const std::function<void()>& serve);

template <class Options>
bool Daemon<Options>::reload() {
  auto fresh = read_();
  if (!fresh->invocation.problems.empty()) {
    log_problems(fresh->invocation.problems);
    return false;
  }
  log_needs_restart(keep_until_restart(now_->table, fresh->table));
  now_->options = fresh->options;
  for (std::size_t i = 0; i < now_->table.options().size(); ++i) {
    now_->table.options()[i].chosen = fresh->table.options()[i].chosen;
  }
  if (const auto trouble = log_as_told(now_->options); !trouble.empty())
    log::error("the log goes where it went", {{"reason", trouble}});
  return true;
}

template <class Options>
int run(int argc, const char* const* argv, const std::string& name, const std::string& summary,
        typename Daemon<Options>::Describe describe, void (*serve)(Daemon<Options>&)) {
  using Reading = typename Daemon<Options>::Reading;
  const auto read = [=] {
    auto reading = std::make_unique<Reading>(name, summary, describe);
    reading->invocation = parse_command_line(reading->table, argc, argv, process_environment());
    return reading;
  };
  auto first = read();
  if (first->invocation.ask != Invocation::Ask::run || !first->invocation.problems.empty()) {
    return conclude(first->table, first->invocation);
  }
  log::set_up(first->options.log_level, first->options.log_format);
  return run_logged(name, [&] {
    if (const auto trouble = log_as_told(first->options); !trouble.empty())
      throw std::runtime_error(trouble + "; --log-file names another");
    refuse_system_calls_as_told(first->options);
    const PidFile pid_file(first->options.pid_file);
    Daemon<Options> daemon(std::move(first), read);
    serve(daemon);
  });
}

}  // namespace paddock::runtime
