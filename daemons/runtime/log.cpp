// SPDX-License-Identifier: Apache-2.0
#include "runtime/log.hpp"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace paddock::runtime::log {
namespace {

// The one piece of state that is not handed down: log lines come from everywhere, and tests need
// none.
struct Output {
  std::shared_ptr<spdlog::logger> logger;
  Format format = Format::logfmt;
  std::atomic<bool> journal = false;  // also read while SIGHUP opens the file anew
};
Output& output() {
  static Output the_output{spdlog::stderr_logger_mt("paddock"), Format::logfmt, false};
  return the_output;
}

spdlog::level::level_enum level_of(Level level) {
  constexpr std::array levels{spdlog::level::debug, spdlog::level::info, spdlog::level::warn,
                              spdlog::level::err};
  return levels.at(static_cast<std::size_t>(level));
}

std::string_view word_of(Level level) {
  constexpr std::array<std::string_view, 4> words{"debug", "info", "warning", "error"};
  return words.at(static_cast<std::size_t>(level));
}

std::string timestamp() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::time_t seconds = millis / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(millis % 1000));
  return text.data();
}

// A logfmt value: quoted when it holds anything but plain printable characters.
void append_value(std::string& line, std::string_view value) {
  constexpr auto plain = [](unsigned char c) {
    return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
  };
  bool quote = value.empty();
  for (const char c : value) quote = quote || !plain(static_cast<unsigned char>(c));
  if (!quote) {
    line += value;
    return;
  }
  line += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      constexpr std::string_view hex = "0123456789abcdef";
      line += "\\x";
      line += hex[byte >> 4];
      line += hex[byte & 15];
    } else {
      line += c;
    }
  }
  line += '"';
}

std::string json_line(Level level, std::string_view time, std::string_view message, Fields fields) {
  const auto quoted = [](std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  std::string line = "{";
  if (!time.empty()) line += "\"time\":" + quoted(time) + ",";
  line += "\"level\":" + quoted(word_of(level)) + ",\"msg\":" + quoted(message);
  for (const auto& field : fields) {
    const bool bare = field.bare && field.value != "nan" && field.value != "inf" &&
                      field.value != "-nan" && field.value != "-inf";
    line += "," + quoted(field.key) + ":" + (bare ? field.value : quoted(field.value));
  }
  return line + "}";
}

std::string logfmt_line(Level level, std::string_view time, std::string_view message,
                        Fields fields) {
  std::string line;
  if (!time.empty()) line.append("time=").append(time).append(" ");
  line.append("level=").append(word_of(level)).append(" msg=");
  append_value(line, message);
  for (const auto& field : fields) {
    line.append(" ").append(field.key).append("=");
    append_value(line, field.value);
  }
  return line;
}

std::string text_line(Level level, std::string_view time, std::string_view message, Fields fields) {
  std::string line;
  if (!time.empty()) line.append(time).append(" ");
  if (level != Level::info) line.append(word_of(level)).append(": ");
  line += message;
  for (const auto& field : fields) {
    line.append(&field == fields.begin() ? "  " : " ").append(field.key).append("=");
    append_value(line, field.value);
  }
  return line;
}

std::string_view journal_prefix(Level level) {
  constexpr std::array<std::string_view, 4> prefixes{"<7>", "<6>", "<4>", "<3>"};  // sd-daemon(3)
  return prefixes.at(static_cast<std::size_t>(level));
}

}  // namespace

void set_up(const std::string& level, const std::string& format) {
  auto& out = output();
  out.format = format == "json" ? Format::json : format == "text" ? Format::text : Format::logfmt;
  out.journal = std::getenv("JOURNAL_STREAM") != nullptr;
  out.logger->set_pattern("%v");
  out.logger->flush_on(spdlog::level::debug);
  set_level(level);
}

std::string write_to(const std::string& file) {
  const int opened = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
  if (opened < 0) return "cannot write the log file " + file + ": " + std::strerror(errno);
  ::dup2(opened, STDERR_FILENO);
  ::close(opened);
  output().journal = false;
  return "";
}

void set_level(const std::string& level) {
  output().logger->set_level(level == "debug"     ? spdlog::level::debug
                             : level == "info"    ? spdlog::level::info
                             : level == "warning" ? spdlog::level::warn
                             : level == "error"   ? spdlog::level::err
                                                  : spdlog::level::off);
}

void write(Level level, std::string_view message, Fields fields) {
  auto& out = output();
  if (!out.logger->should_log(level_of(level))) return;
  const auto line = format_line(out.format, level, out.journal ? "" : timestamp(), message, fields);
  out.logger->log(level_of(level), "{}{}", out.journal ? journal_prefix(level) : "", line);
}

std::string format_line(Format format, Level level, std::string_view time, std::string_view message,
                        Fields fields) {
  switch (format) {
    case Format::json:
      return json_line(level, time, message, fields);
    case Format::text:
      return text_line(level, time, message, fields);
    case Format::logfmt:
      break;
  }
  return logfmt_line(level, time, message, fields);
}

}  // namespace paddock::runtime::log
