// SPDX-License-Identifier: Apache-2.0
#include "runtime/process_metrics.hpp"

#include <unistd.h>

#include <charconv>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace paddock::runtime {

namespace {

// The fields of /proc/self/stat behind the name, which may hold spaces: the first is the state,
// field 3 of proc(5).
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto name_end = line.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double number_of(const std::string& field) {
  std::uint64_t number = 0;
  std::from_chars(field.data(), field.data() + field.size(), number);
  return static_cast<double>(number);
}

double seconds_since(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

std::optional<double> most_descriptors() {
  constexpr std::string_view title = "Max open files";
  std::ifstream file("/proc/self/limits");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(title)) continue;
    std::istringstream words(line.substr(title.size()));
    std::string soft;
    words >> soft;
    return soft == "unlimited" ? std::nullopt : std::optional(number_of(soft));
  }
  return std::nullopt;
}

std::optional<std::ptrdiff_t> open_descriptors() {
  std::error_code failed;
  std::filesystem::directory_iterator at("/proc/self/fd", failed);
  std::ptrdiff_t count = -1;  // but the one that reads this
  for (; !failed && at != std::filesystem::directory_iterator(); at.increment(failed)) ++count;
  return failed ? std::nullopt : std::optional(count);
}

}  // namespace

void write_process_metrics(MetricsText& out) {
  // proc(5): 14 utime, 15 stime, 20 num_threads, 22 starttime, 23 vsize, 24 rss.
  constexpr std::size_t before = 3;
  const auto fields = stat_fields();
  if (fields.size() > 24 - before) {
    const auto field = [&](std::size_t number) { return number_of(fields[number - before]); };
    const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    out.counter("process_cpu_seconds_total", "CPU time spent, of user and system.");
    out.sample((field(14) + field(15)) / ticks);
    out.gauge("process_threads", "Threads.");
    out.sample(field(20));
    out.gauge("process_start_time_seconds", "Unix time of the start of the process.");
    out.sample(seconds_since(CLOCK_REALTIME) - seconds_since(CLOCK_BOOTTIME) + field(22) / ticks);
    out.gauge("process_virtual_memory_bytes", "Virtual memory.");
    out.sample(field(23));
    out.gauge("process_resident_memory_bytes", "Resident memory.");
    out.sample(field(24) * static_cast<double>(::sysconf(_SC_PAGESIZE)));
  }
  if (const auto open = open_descriptors()) {
    out.gauge("process_open_fds", "Open file descriptors.");
    out.sample(*open);
  }
  if (const auto most = most_descriptors()) {
    out.gauge("process_max_fds", "How many there may be.");
    out.sample(*most);
  }
}

}  // namespace paddock::runtime
