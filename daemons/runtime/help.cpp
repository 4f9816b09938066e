// SPDX-License-Identifier: Apache-2.0
#include "runtime/help.hpp"

#include "runtime/daemon.hpp"

#include <algorithm>
#include <sstream>

namespace paddock::runtime {
namespace {

using Option = OptionTable::Option;

std::string default_of(const Option& option) {
  std::string text;
  for (const auto& value : option.defaults) {
    if (!text.empty()) text += ", ";
    text += value;
  }
  return text;
}

std::string head_of(const Option& option) {
  std::string head = "--" + option.text.name;
  if (!option.text.value.empty()) head += " " + option.text.value;
  return head;
}

std::string wrapped(const std::string& text, std::size_t width, const std::string& indent) {
  std::string out = indent;
  std::size_t column = 0;
  std::stringstream words(text);
  for (std::string word; words >> word;) {
    if (column != 0 && column + 1 + word.size() > width) {
      out += "\n" + indent;
      column = 0;
    }
    if (column != 0) out += ' ', ++column;
    out += word;
    column += word.size();
  }
  return out + "\n";
}

std::string explanation(const Option& option) {
  std::string text = option.text.help;
  if (option.kind == Option::Kind::list) text += " May be given several times.";
  if (option.is_action) text += " Only a flag.";
  const auto usual = default_of(option);
  if (!usual.empty() && usual != "false") text += " Default: " + usual + ".";
  return text;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// troff takes a leading dot or quote for a request, and a plain minus for a hyphen.
std::string troff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '\\') out += '\\';
    out += c;
    if (c == '\\') out.back() = 'e';
  }
  if (!out.empty() && (out.front() == '.' || out.front() == '\'')) out.insert(0, "\\&");
  return out;
}

// One value as YAML that reads back as the same text.
std::string yaml(const std::string& value) {
  const bool plain =
      !value.empty() && value.find_first_of(":#{}[],&*!|>'\"%@` ") == std::string::npos;
  return plain ? value : "\"" + value + "\"";
}

}  // namespace

std::string help_text(const OptionTable& table) {
  const auto program = "paddock-" + table.daemon();
  std::string out = wrapped(table.summary(), 90, "");
  out += "\nUsage: " + program + " [options]\n\nOptions:\n";
  const auto fixed = [&out](const std::string& head, const std::string& text) {
    out += "  " + head + "\n" + wrapped(text, 82, "        ");
  };
  fixed("-c, --config FILE", "Read options from this YAML file. Default: /etc/paddock/" +
                                 table.daemon() + ".yaml where it exists.");
  fixed("--check-config", "Read options, report everything that is wrong, and end.");
  fixed("--print-config", "Write a file that has every key commented out at its default, and end.");
  for (const auto& option : table.options()) {
    const auto live = option.text.reload == Reload::live ? " SIGHUP takes a change over." : "";
    fixed(head_of(option), explanation(option) + live);
  }
  fixed("-h, --help", "Show this text.");
  fixed("-V, --version", "Show the version.");
  out +=
      "\nEvery option is also a key of the file (admin_listen) and an environment "
      "variable\n(PADDOCK_" +
      upper(table.daemon()) +
      "_ADMIN_LISTEN). Flags win over the environment, that over the file.\n";
  return out;
}

std::string manual_page(const OptionTable& table) {
  const auto program = "paddock-" + table.daemon();
  std::string out = ".TH " + upper(program) + " 8 \"\" \"Paddock " + version() + "\" \"Paddock\"\n";
  out += ".SH NAME\n" + troff(program) + " \\- Paddock's " + table.daemon() + "\n";
  out += ".SH SYNOPSIS\n.B " + troff(program) + "\n[\\fIoptions\\fR]\n";
  out += ".SH DESCRIPTION\n" + troff(table.summary()) + "\n";
  out +=
      ".SH OPTIONS\nEvery option is a flag, a key of the configuration file (with underscores) and "
      "an "
      "environment variable\n(\\fBPADDOCK_" +
      upper(table.daemon()) +
      "_\\fR and the name in capitals). Flags win over the environment, that over the file.\n";
  const auto fixed = [&out](const std::string& head, const std::string& text) {
    out += ".TP\n.B " + troff(head) + "\n" + troff(text) + "\n";
  };
  fixed("-c, --config FILE", "Read options from this YAML file.");
  fixed("--check-config", "Read options, report everything that is wrong, and end.");
  fixed("--print-config", "Write a file that has every key commented out at its default, and end.");
  for (const auto& option : table.options()) {
    const auto live = option.text.reload == Reload::live ? " SIGHUP takes a change over." : "";
    fixed(head_of(option), explanation(option) + live);
  }
  out +=
      ".SH SIGNALS\n.TP\n.B SIGTERM, SIGINT\nEnd.\n.TP\n.B SIGHUP\nRead the configuration again.\n";
  out +=
      ".SH EXIT STATUS\n0 after a clean end; 1 when it cannot start, with the reason on standard "
      "error.\n";
  out += ".SH FILES\n.I /etc/paddock/" + table.daemon() + ".yaml\n";
  out +=
      ".SH SEE ALSO\n.BR paddock (1),\n.BR paddock\\-metadatad (8),\n.BR paddock\\-dnsd (8),\n"
      ".BR paddock\\-netd (8)\n";
  return out;
}

std::string sample_config(const OptionTable& table) {
  std::string out = "# Configuration of paddock-" + table.daemon() +
                    ". Every key stands at its default, commented out.\n"
                    "# Check a change with: paddock-" +
                    table.daemon() + " --check-config\n";
  for (const auto& option : table.options()) {
    if (option.is_action) continue;
    out += "\n" + wrapped(option.text.help +
                              (option.text.reload == Reload::live ? " Taken over on reload." : ""),
                          96, "# ");
    const auto key = key_of(option.text.name);
    if (option.kind != Option::Kind::list) {
      out += "#" + key + ": " + yaml(option.defaults.front()) + "\n";
      continue;
    }
    out += "#" + key + ":\n";
    for (const auto& value : option.defaults) out += "#  - " + yaml(value) + "\n";
  }
  return out;
}

}  // namespace paddock::runtime
