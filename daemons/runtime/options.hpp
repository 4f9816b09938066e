// SPDX-License-Identifier: Apache-2.0
//
// What a daemon can be told, said once. From one table come the flags, the environment variables,
// the keys of the YAML file, --help, --check-config, the sample configuration and the manual page.
//
// Precedence: flag, then environment, then file, then default. An option `admin-listen` of dnsd is
// the flag --admin-listen, the variable PADDOCK_DNSD_ADMIN_LISTEN and the key admin_listen. Only
// actions, which make the daemon do something else than serve, are nothing but flags.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::runtime {

// Whether SIGHUP takes a changed value over, or only a restart does.
enum class Reload { restart, live };

// How an option reads to people. `name` is in flag form (lower case, dashes); `value` is what
// --help shows in place of the value, such as ADDRESS:PORT.
struct OptionText {
  std::string name;
  std::string value;
  std::string help;
  Reload reload = Reload::restart;
  std::string alias = {};  // a flag of another program's that means the same; nobody is told of it
};

// Says what is allowed when the text is not acceptable, and nothing when it is.
using Check = std::function<std::string(const std::string& text)>;

// Checks for common shapes.
namespace checks {
// ADDRESS:PORT or [ADDRESS]:PORT; port 0 is allowed.
[[nodiscard]] Check endpoint();
// The same, or the word `none`.
[[nodiscard]] Check endpoint_or_none();
[[nodiscard]] Check address();
[[nodiscard]] Check subnet();
[[nodiscard]] Check absolute_path();
[[nodiscard]] Check one_of(std::vector<std::string> words);
}  // namespace checks

// One thing that is wrong with what the operator said: where (FILE:LINE, --flag or VARIABLE), which
// key, what is wrong, what is allowed.
struct OptionProblem {
  std::string place;
  std::string text;
};

class OptionTable {
 public:
  // `daemon` without the paddock- prefix; `summary` is the sentence that opens --help.
  OptionTable(std::string daemon, std::string summary);

  // Each of these adds one option. The target's present value is the default; the target must
  // outlive the table. Options are shown in the order added.
  void text(OptionText, std::string& target, Check = {});
  void list(OptionText, std::vector<std::string>& target, Check each = {});
  void boolean(OptionText, bool& target);
  // A flag that says what to do now; no file or environment can say it.
  void action(OptionText, bool& target);
  // Written as 250ms, 5s, 2m or 1h.
  void duration(OptionText, std::chrono::milliseconds& target,
                std::chrono::milliseconds least = std::chrono::milliseconds{0},
                std::chrono::milliseconds most = std::chrono::hours{24 * 365});
  template <std::integral T>
  void integer(OptionText option, T& target, T least = std::numeric_limits<T>::min(),
               T most = std::numeric_limits<T>::max()) {
    add_integer(std::move(option), static_cast<std::int64_t>(target),
                static_cast<std::int64_t>(least), static_cast<std::int64_t>(most),
                [&target](std::int64_t value) { target = static_cast<T>(value); });
  }

  // One row of the table. `set` takes one value and says what is allowed when it is wrong; for a
  // list it is called once per item, after `clear`.
  struct Option {
    enum class Kind { text, list, boolean, integer, duration };
    OptionText text;
    Kind kind = Kind::text;
    std::vector<std::string> defaults;
    std::function<std::string(const std::string&)> set;
    std::function<void()> clear;
    std::vector<std::string> chosen;  // what was set, as written; the defaults when nothing was
    bool is_action = false;
  };

  [[nodiscard]] const std::string& daemon() const { return daemon_; }
  [[nodiscard]] const std::string& summary() const { return summary_; }
  [[nodiscard]] const std::vector<Option>& options() const { return options_; }
  [[nodiscard]] std::vector<Option>& options() { return options_; }

 private:
  void add_integer(OptionText, std::int64_t value, std::int64_t least, std::int64_t most,
                   std::function<void(std::int64_t)> assign);

  std::string daemon_;
  std::string summary_;
  std::vector<Option> options_;
};

// Reads 250ms, 5s, 2m or 1h; a number alone is seconds, as other programs' flags have it.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// `admin-listen` as the key of the file: admin_listen.
[[nodiscard]] std::string key_of(std::string_view option);
// The word of `words` that `typo` was most likely meant to be; empty when none is near.
[[nodiscard]] std::string nearest(std::string_view typo, const std::vector<std::string>& words);

}  // namespace paddock::runtime
