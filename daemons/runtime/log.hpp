// SPDX-License-Identifier: Apache-2.0
//
// Structured log lines on standard error: one event a line, a constant message and fields beside
// it.
//
//   log::info("pod attached", {{"pod", name}, {"address", address}, {"ms", 3}});
//
// Any thread may log once set_up() has returned. Under journald the priority is given as its <N>
// prefix and the time is left to it.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

namespace paddock::runtime::log {

enum class Level { debug, info, warning, error };
enum class Format { logfmt, json, text };

struct Field {
  Field(std::string_view field_key, std::string_view text) : key(field_key), value(text) {}
  Field(std::string_view field_key, const char* text) : key(field_key), value(text) {}
  Field(std::string_view field_key, const std::string& text) : key(field_key), value(text) {}
  Field(std::string_view field_key, bool truth)
      : key(field_key), value(truth ? "true" : "false"), bare(true) {}
  template <class T>
  requires(std::integral<T> || std::floating_point<T>) Field(std::string_view field_key, T number)
      : key(field_key), value(std::to_string(number)), bare(true) {}

  std::string_view key;
  std::string value;
  bool bare = false;  // a number or a boolean: unquoted in JSON
};
using Fields = std::initializer_list<Field>;

// Before the first line and before the first thread. `level` and `format` are the words of
// --log-level and --log-format; level `none` silences everything.
void set_up(const std::string& level, const std::string& format);
// Standard error becomes this file, made when it is missing and added to; again for a file that was
// moved away (log rotation). Callable while others log. Returns why it did not, and then all stays
// as it was; empty when it did.
[[nodiscard]] std::string write_to(const std::string& file);
// SIGHUP may change the level; callable from any thread.
void set_level(const std::string& level);

void write(Level, std::string_view message, Fields);
inline void debug(std::string_view message, Fields fields = {}) {
  write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
  write(Level::info, message, fields);
}
inline void warning(std::string_view message, Fields fields = {}) {
  write(Level::warning, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
  write(Level::error, message, fields);
}

// The line without its newline; `time` is left out when empty.
[[nodiscard]] std::string format_line(Format, Level, std::string_view time,
                                      std::string_view message, Fields);

}  // namespace paddock::runtime::log
