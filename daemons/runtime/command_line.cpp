// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line.hpp"

#include "runtime/config_file.hpp"
#include "runtime/daemon.hpp"
#include "runtime/help.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace paddock::runtime {
namespace {

using Option = OptionTable::Option;

std::string variable_of(const OptionTable& table, const std::string& name) {
  std::string variable = "PADDOCK_" + table.daemon() + "_" + key_of(name);
  std::ranges::transform(variable, variable.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return variable;
}

// Gives an option its values, in the place of whatever it had.
void assign(Option& option, const std::vector<std::string>& values, const std::string& place,
            const std::string& shown_as, std::vector<OptionProblem>& problems) {
  option.clear();
  option.chosen = values;
  for (const auto& value : values) {
    if (auto wrong = option.set(value); !wrong.empty()) {
      problems.push_back({place, shown_as + "`" + value + "`: " + wrong});
    }
  }
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> items;
  std::stringstream stream(text);
  for (std::string item; std::getline(stream, item, ',');) {
    if (!item.empty()) items.push_back(item);
  }
  return items;
}

void apply_environment(OptionTable& table, const Environment& environment,
                       std::vector<OptionProblem>& problems) {
  for (auto& option : table.options()) {
    if (option.is_action) continue;
    const auto variable = variable_of(table, option.text.name);
    const char* value = environment(variable.c_str());
    if (value == nullptr) continue;
    const bool is_list = option.kind == Option::Kind::list;
    assign(option, is_list ? split_commas(value) : std::vector<std::string>{value}, variable, "",
           problems);
  }
}

void apply_file(OptionTable& table, const std::vector<ConfigEntry>& entries,
                std::vector<OptionProblem>& problems) {
  std::vector<std::string> keys;
  for (const auto& option : table.options()) {
    keys.push_back(option.is_action ? "" : key_of(option.text.name));
  }
  for (const auto& entry : entries) {
    const auto found = std::ranges::find(keys, entry.key);
    if (found == keys.end() || entry.key.empty()) {
      const auto meant = nearest(entry.key, keys);
      problems.push_back({entry.place, entry.key + ": no such key" +
                                           (meant.empty() ? "; --help lists them"
                                                          : "; did you mean " + meant + "?")});
      continue;
    }
    auto& option = table.options()[static_cast<std::size_t>(found - keys.begin())];
    if (entry.is_list && option.kind != Option::Kind::list) {
      problems.push_back(
          {entry.place, entry.key + (entry.values.empty() ? ": no value; allowed: one"
                                                          : ": a list; allowed: one value")});
      continue;
    }
    assign(option, entry.values, entry.place, entry.key + ": ", problems);
  }
}

// What was written on the command line, before any of it is applied.
struct Flags {
  std::vector<std::vector<std::string>> values;  // beside table.options()
  std::string config;
  Invocation::Ask ask = Invocation::Ask::run;
};

void report_unknown(const OptionTable& table, const std::vector<std::string>& unknown,
                    std::vector<OptionProblem>& problems) {
  std::vector<std::string> names{"--config", "--check-config", "--print-config", "--help",
                                 "--version"};
  for (const auto& option : table.options()) names.push_back("--" + option.text.name);
  for (const auto& word : unknown) {
    const auto meant = nearest(word.substr(0, word.find('=')), names);
    problems.push_back({word, meant.empty() ? "no such option; --help lists them"
                                            : "no such option; did you mean " + meant + "?"});
  }
}

bool is_called(const OptionTable& table, std::string_view name) {
  return std::ranges::any_of(table.options(), [name](const auto& option) {
    return option.text.name == name || (!name.empty() && option.text.alias == name);
  });
}

// The words behind the program's name, last first. Whoever comes from a program written in Go gives
// flags one dash.
std::vector<std::string> words_of(const OptionTable& table, int argc, const char* const argv[]) {
  std::vector<std::string> words(argv + 1, argv + argc);
  for (auto& word : words) {
    if (word.size() < 3 || word[0] != '-' || word[1] == '-') continue;
    if (is_called(table, std::string_view(word).substr(1, word.find('=') - 1))) word.insert(0, "-");
  }
  std::ranges::reverse(words);
  return words;
}

Flags read_flags(const OptionTable& table, int argc, const char* const argv[],
                 std::vector<OptionProblem>& problems) {
  Flags flags;
  flags.values.resize(table.options().size());
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  bool help = false, version = false, check = false, manual = false, sample = false;
  app.add_flag("-h,--help", help);
  app.add_flag("-V,--version", version);
  app.add_flag("--check-config", check);
  app.add_flag("--print-manual", manual);
  app.add_flag("--print-config", sample);
  app.add_option("-c,--config", flags.config);
  for (std::size_t i = 0; i < table.options().size(); ++i) {
    const auto& option = table.options()[i];
    std::string names = "--" + option.text.name;
    if (!option.text.alias.empty()) names += ",--" + option.text.alias;
    auto* flag = app.add_option(names, flags.values[i]);
    const bool is_list = option.kind == Option::Kind::list;
    flag->expected(option.kind == Option::Kind::boolean ? 0 : 1, 1);
    if (is_list) {
      flag->delimiter(',')->take_all();
    } else {
      flag->take_last();
    }
  }
  try {
    app.parse(words_of(table, argc, argv));
  } catch (const CLI::ParseError& error) {
    problems.push_back({"command line", error.what()});
  }
  for (std::size_t i = 0; i < table.options().size(); ++i) {
    const bool bare = flags.values[i] == std::vector<std::string>{""};
    if (bare && table.options()[i].kind == Option::Kind::boolean) flags.values[i] = {"true"};
  }
  report_unknown(table, app.remaining(), problems);
  using Ask = Invocation::Ask;
  flags.ask = help      ? Ask::help
              : version ? Ask::version
              : manual  ? Ask::manual
              : sample  ? Ask::sample_config
              : check   ? Ask::check_config
                        : Ask::run;
  return flags;
}

// The file named, or the default one where it exists.
std::string config_path(const OptionTable& table, const Flags& flags,
                        const Environment& environment) {
  if (!flags.config.empty()) return flags.config;
  if (const char* named = environment(variable_of(table, "config").c_str())) return named;
  std::string usual = "/etc/paddock/" + table.daemon() + ".yaml";
  std::error_code ignored;
  return std::filesystem::exists(usual, ignored) ? usual : "";
}

}  // namespace

Environment process_environment() {
  return [](const char* name) -> const char* { return std::getenv(name); };
}

Invocation parse_command_line(OptionTable& table, int argc, const char* const argv[],
                              const Environment& environment) {
  Invocation invocation;
  const auto flags = read_flags(table, argc, argv, invocation.problems);
  invocation.ask = flags.ask;
  if (flags.ask != Invocation::Ask::run && flags.ask != Invocation::Ask::check_config) {
    return invocation;
  }
  invocation.config_file = config_path(table, flags, environment);
  if (!invocation.config_file.empty()) {
    if (const auto entries = read_config_file(invocation.config_file, invocation.problems)) {
      apply_file(table, *entries, invocation.problems);
    }
  }
  apply_environment(table, environment, invocation.problems);
  for (std::size_t i = 0; i < table.options().size(); ++i) {
    auto& option = table.options()[i];
    if (flags.values[i].empty()) continue;
    assign(option, flags.values[i], "--" + option.text.name, "", invocation.problems);
  }
  return invocation;
}

int conclude(const OptionTable& table, const Invocation& invocation) {
  using Ask = Invocation::Ask;
  for (const auto& problem : invocation.problems) {
    std::fprintf(stderr, "%s: %s\n", problem.place.c_str(), problem.text.c_str());
  }
  if (!invocation.problems.empty()) return 1;
  switch (invocation.ask) {
    case Ask::help:
      std::fputs(help_text(table).c_str(), stdout);
      break;
    case Ask::manual:
      std::fputs(manual_page(table).c_str(), stdout);
      break;
    case Ask::sample_config:
      std::fputs(sample_config(table).c_str(), stdout);
      break;
    case Ask::version:
      std::printf("paddock-%s %s\n", table.daemon().c_str(), version().c_str());
      break;
    case Ask::check_config:
    case Ask::run:
      std::printf("%s: good\n", invocation.config_file.empty() ? "configuration"
                                                               : invocation.config_file.c_str());
      break;
  }
  return 0;
}

std::vector<std::string> keep_until_restart(const OptionTable& before, OptionTable& after) {
  std::vector<std::string> differed;
  for (std::size_t i = 0; i < after.options().size(); ++i) {
    const auto& old = before.options()[i];
    auto& fresh = after.options()[i];
    if (fresh.text.reload == Reload::live || fresh.chosen == old.chosen) continue;
    differed.push_back(fresh.text.name);
    std::vector<OptionProblem> none;
    assign(fresh, old.chosen, "", "", none);  // the values were accepted once
  }
  return differed;
}

}  // namespace paddock::runtime
