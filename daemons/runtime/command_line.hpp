// SPDX-License-Identifier: Apache-2.0
//
// From argc and argv to a filled option table: flags, environment and file, in that order of
// precedence. Every problem is collected before anything is refused.
#pragma once

#include "runtime/options.hpp"

#include <functional>
#include <string>
#include <vector>

namespace paddock::runtime {

// Reads one environment variable; null when it is not set.
using Environment = std::function<const char*(const char* name)>;
[[nodiscard]] Environment process_environment();

// What the command line asks for. Only with `run` have the targets of the table their final values.
struct Invocation {
  enum class Ask { run, help, version, manual, sample_config, check_config };
  Ask ask = Ask::run;
  std::string config_file;  // read, or empty when there was none
  std::vector<OptionProblem> problems;
};

[[nodiscard]] Invocation parse_command_line(OptionTable& table, int argc, const char* const argv[],
                                            const Environment& environment);

// Prints what was asked for, or the problems, and returns the exit status: 0, or 1 with problems.
// Not for Ask::run without problems.
[[nodiscard]] int conclude(const OptionTable& table, const Invocation& invocation);

// Gives the options of `after` that only a restart may change the values they have in `before`, and
// names those that differed.
[[nodiscard]] std::vector<std::string> keep_until_restart(const OptionTable& before,
                                                          OptionTable& after);

}  // namespace paddock::runtime
