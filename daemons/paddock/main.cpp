// SPDX-License-Identifier: Apache-2.0
//
// paddock: the command line tool. Here only dispatch; each command has its own file.
#include "paddock/arguments.hpp"
#include "paddock/complete.hpp"
#include "paddock/output.hpp"
#include "runtime/daemon.hpp"

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

namespace {

using namespace paddock;
using namespace paddock::cli;

int complain(const std::string& text, const std::string& remedy, int status) {
  std::fprintf(stderr, "paddock: %s\n", text.c_str());
  if (!remedy.empty()) std::fprintf(stderr, "  → %s\n", remedy.c_str());
  return status;
}

Failure unknown_command(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& command : commands()) names.emplace_back(command.name);
  const auto meant = runtime::nearest(name, names);
  return {exit_usage, "no such command: " + name,
          meant.empty() ? "paddock --help lists them" : "did you mean " + meant + "?"};
}

int dispatch(const std::vector<std::string>& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" ||
      arguments[0] == "help") {
    print(help_of_all());
    return arguments.empty() ? exit_usage : exit_done;
  }
  const std::vector<std::string> rest(arguments.begin() + 1, arguments.end());
  if (arguments[0] == "--version" || arguments[0] == "version") {
    print("paddock " + runtime::version() + "\n");
  } else if (arguments[0] == "--print-manual") {
    print(manual_of_all());
  } else if (arguments[0] == "__complete") {
    for (const auto& candidate : complete(rest)) print(candidate + "\n");
  } else if (const auto* command = find_command(arguments[0])) {
    const auto parsed = parse_arguments(*command, rest);
    if (!parsed.has("help")) return command->run(parsed);
    print(help_of(*command));
  } else {
    throw unknown_command(arguments[0]);
  }
  return exit_done;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // `paddock watch | head` ends quietly
  try {
    return dispatch({argv + 1, argv + argc});
  } catch (const Failure& failure) {
    return complain(failure.what(), failure.remedy(), failure.status());
  } catch (const std::exception& error) {
    return complain(error.what(), "", exit_not_so);
  }
}
