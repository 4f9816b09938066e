// SPDX-License-Identifier: Apache-2.0
//
// What a command of `paddock` is: a row of a table from which dispatch, --help, completion and the
// manual page come, and a function. Each command has a file of its own, named after it.
//
// Exit statuses, everywhere: 0 done; 1 not so (refused, absent, something is wrong); 2 wrong usage;
// 3 the daemon that would have to answer cannot be reached.
#pragma once

#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::cli {

enum Exit : int { exit_done = 0, exit_not_so = 1, exit_usage = 2, exit_unreachable = 3 };

// Ends the command: what is wrong, and what to do about it (may be empty).
class Failure : public std::runtime_error {
 public:
  Failure(Exit status, const std::string& text, std::string remedy = {})
      : std::runtime_error(text), status_(status), remedy_(std::move(remedy)) {}
  [[nodiscard]] Exit status() const { return status_; }
  [[nodiscard]] const std::string& remedy() const { return remedy_; }

 private:
  Exit status_;
  std::string remedy_;
};

// What the shell may offer in a place.
enum class Offer { nothing, file, folder, kind, name, pod, record_type, output_format, path };

struct Flag {
  std::string_view name;   // "output": --output
  char letter = 0;         // 'o': -o; 0: none
  std::string_view value;  // shown in place of the value; empty: takes none
  std::string_view help;
  Offer offer = Offer::nothing;
};

// The command line of one command, cut up. Only flags that the command has are in it.
class Arguments {
 public:
  std::vector<std::string> words;
  std::map<std::string, std::string, std::less<>> flags;

  [[nodiscard]] bool has(std::string_view flag) const { return flags.contains(flag); }
  [[nodiscard]] std::string value(std::string_view flag, std::string_view otherwise = {}) const {
    const auto found = flags.find(flag);
    return std::string(found == flags.end() ? otherwise : std::string_view(found->second));
  }
};

struct Command {
  std::string_view name;
  std::string_view words;     // "KIND [NAMESPACE/]NAME"
  std::string_view summary;   // one line
  std::string_view details;   // a paragraph, may be empty
  std::string_view examples;  // lines, each a command
  std::vector<Flag> flags;
  std::size_t least_words = 0;
  std::size_t most_words = 0;
  std::vector<Offer> offers;  // for the words, in order
  int (*run)(const Arguments&);
};

// All commands, in the order of the help.
[[nodiscard]] std::span<const Command> commands();
// Null when there is none of that name.
[[nodiscard]] const Command* find_command(std::string_view name);

// Flags shared by several commands.
[[nodiscard]] Flag output_flag();  // --output json|yaml|table
[[nodiscard]] Flag socket_flag();  // --socket of metadatad

Command up_command();
Command down_command();
Command status_command();
Command why_command();
Command probe_command();
Command pods_command();
Command peers_command();
Command services_command();
Command get_command();
Command apply_command();
Command delete_command();
Command lookup_command();
Command metadata_command();
Command watch_command();
Command audit_command();
Command debug_command();
Command import_command();

}  // namespace paddock::cli
