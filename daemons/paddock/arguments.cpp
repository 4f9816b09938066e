// SPDX-License-Identifier: Apache-2.0
#include "paddock/arguments.hpp"

#include "runtime/options.hpp"

#include <algorithm>
#include <sstream>

namespace paddock::cli {
namespace {

std::string usage_hint(const Command& command) {
  return "paddock " + std::string(command.name) + " --help shows what it takes";
}

const Flag* find_flag(const Command& command, std::string_view name) {
  const auto found = std::ranges::find(command.flags, name, &Flag::name);
  return found == command.flags.end() ? nullptr : &*found;
}

const Flag* find_letter(const Command& command, char letter) {
  const auto found = std::ranges::find(command.flags, letter, &Flag::letter);
  return found == command.flags.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_unknown(const Command& command, const std::string& written) {
  std::vector<std::string> names{"--help"};
  for (const auto& flag : command.flags) names.push_back("--" + std::string(flag.name));
  const auto meant = runtime::nearest(written, names);
  throw Failure(exit_usage, "no such option: " + written,
                meant.empty() ? usage_hint(command) : "did you mean " + meant + "?");
}

void check_choice(const Flag& flag, const std::string& value) {
  if (flag.offer != Offer::output_format) return;
  const auto wrong = runtime::checks::one_of({"table", "json", "yaml"})(value);
  if (!wrong.empty()) throw Failure(exit_usage, "--output " + value + ": " + wrong);
}

// One flag as written: --name, --name=value, -n, -nvalue; the value may be the next argument.
struct Written {
  std::string shown;
  const Flag* flag = nullptr;
  bool has_value = false;
  std::string value;
};

Written written_flag(const Command& command, const std::string& argument) {
  Written written;
  if (argument.starts_with("--")) {
    const auto equals = argument.find('=');
    written.shown = argument.substr(0, equals);
    written.flag = find_flag(command, written.shown.substr(2));
    written.has_value = equals != std::string::npos;
    if (written.has_value) written.value = argument.substr(equals + 1);
    return written;
  }
  written.shown = argument.substr(0, 2);
  written.flag = find_letter(command, argument[1]);
  written.value = argument.substr(2);
  written.has_value = !written.value.empty();
  return written;
}

std::string joined_flag(const Flag& flag) {
  std::string text = flag.letter != 0 ? std::string("-") + flag.letter + ", " : "";
  text += "--" + std::string(flag.name);
  if (!flag.value.empty()) text += " " + std::string(flag.value);
  return text;
}

std::string synopsis(const Command& command) {
  std::string text = "paddock " + std::string(command.name);
  if (!command.words.empty()) text += " " + std::string(command.words);
  return text;
}

std::string troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-') out += '\\';
    out += c;
    if (c == '\\') out += 'e';
  }
  return out;
}

}  // namespace

Arguments parse_arguments(const Command& command, const std::vector<std::string>& arguments) {
  Arguments parsed;
  bool only_words = false;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const auto& argument = arguments[i];
    if (only_words || argument.size() < 2 || argument[0] != '-') {
      parsed.words.push_back(argument);
      continue;
    }
    if (argument == "--") {
      only_words = true;
      continue;
    }
    if (argument == "--help" || argument == "-h") {
      parsed.flags["help"] = "";
      return parsed;
    }
    auto written = written_flag(command, argument);
    if (written.flag == nullptr) refuse_unknown(command, written.shown);
    const bool takes_value = !written.flag->value.empty();
    if (!takes_value && written.has_value) {
      throw Failure(exit_usage, written.shown + " takes no value", usage_hint(command));
    }
    if (takes_value && !written.has_value) {
      if (++i == arguments.size()) {
        throw Failure(exit_usage, written.shown + " needs " + std::string(written.flag->value),
                      usage_hint(command));
      }
      written.value = arguments[i];
    }
    check_choice(*written.flag, written.value);
    parsed.flags[std::string(written.flag->name)] = written.value;
  }
  if (parsed.words.size() < command.least_words) {
    throw Failure(exit_usage, "usage: " + synopsis(command), usage_hint(command));
  }
  if (parsed.words.size() > command.most_words) {
    throw Failure(exit_usage, "too much: " + parsed.words[command.most_words], usage_hint(command));
  }
  return parsed;
}

std::string help_of(const Command& command) {
  std::ostringstream out;
  out << command.summary << "\n\nUsage: " << synopsis(command) << " [options]\n";
  if (!command.details.empty()) out << "\n" << command.details << "\n";
  out << "\nOptions:\n";
  for (const auto& flag : command.flags) {
    out << "  " << joined_flag(flag) << "\n        " << flag.help << "\n";
  }
  out << "  -h, --help\n        Show this text.\n";
  if (!command.examples.empty()) out << "\nExamples:\n" << command.examples;
  return out.str();
}

std::string help_of_all() {
  std::ostringstream out;
  out << "Looks after Paddock on this host: addresses, names and metadata for containers.\n\n"
         "Usage: paddock COMMAND [options]\n\nCommands:\n";
  for (const auto& command : commands()) {
    out << "  " << command.name << std::string(10 - command.name.size(), ' ') << command.summary
        << "\n";
  }
  out << "\npaddock COMMAND --help says more. Exit status: 0 done; 1 not so (refused, absent, "
         "something is\n"
         "wrong); 2 wrong usage; 3 the daemon that would have to answer cannot be reached.\n";
  return out.str();
}

std::string manual_of_all() {
  std::ostringstream out;
  out << ".TH PADDOCK 1 \"\" \"Paddock\" \"Paddock\"\n.SH NAME\npaddock \\- look after Paddock on "
         "this host\n"
         ".SH SYNOPSIS\n.B paddock\n.I COMMAND\n[options]\n.SH DESCRIPTION\n"
         "Paddock gives every host of a container fleet an address for each pod, names for each "
         "service, "
         "and a metadata endpoint.\nThis tool starts it, shows what it knows and changes it.\n.SH "
         "COMMANDS\n";
  for (const auto& command : commands()) {
    out << ".SS " << troff(synopsis(command)) << "\n" << troff(command.summary) << "\n";
    if (!command.details.empty()) out << ".PP\n" << troff(command.details) << "\n";
    for (const auto& flag : command.flags) {
      out << ".TP\n.B " << troff(joined_flag(flag)) << "\n" << troff(flag.help) << "\n";
    }
    if (!command.examples.empty()) out << ".PP\n.nf\n" << troff(command.examples) << ".fi\n";
  }
  out << ".SH EXIT STATUS\n.TP\n.B 0\nDone.\n.TP\n.B 1\nNot so: refused, absent, or something is "
         "wrong.\n"
         ".TP\n.B 2\nWrong usage.\n.TP\n.B 3\nThe daemon that would have to answer cannot be "
         "reached.\n"
         ".SH ENVIRONMENT\n.TP\n.B PADDOCK_METADATAD_SOCKET\nmetadatad's socket.\n"
         ".TP\n.B PADDOCK_METADATAD_ADMIN_LISTEN, PADDOCK_DNSD_ADMIN_LISTEN, "
         "PADDOCK_NETD_ADMIN_LISTEN\n"
         "Where the daemons serve their status.\n"
         ".SH SEE ALSO\n.BR paddock\\-metadatad (8),\n.BR paddock\\-dnsd (8),\n.BR paddock\\-netd "
         "(8)\n";
  return out.str();
}

}  // namespace paddock::cli
