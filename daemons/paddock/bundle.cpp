// SPDX-License-Identifier: Apache-2.0
#include "paddock/bundle.hpp"

#include "paddock/command.hpp"
#include "paddock/process.hpp"

#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <regex>
#include <sstream>

namespace paddock::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view left_out = "(left out)";

// std::regex calls itself for each character of a word or quoted text: with more of them the stack
// ends.
constexpr std::size_t longest_text = 16 << 10;

bool has_long_text(std::string_view line) {
  while (line.size() > longest_text) {
    const auto quote = line.find('"');
    if (quote == line.npos || quote > longest_text) return true;
    line.remove_prefix(quote + 1);
  }
  return false;
}

}  // namespace

std::string without_secrets(std::string_view text) {
  static const std::regex in_url(R"((://)[^/\s@"']+@)");
  static const std::regex bearer(R"((\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]+)",
                                 std::regex::icase);
  // key: value, "key": "value", --key=value, --key value, KEY=value
  static const std::regex named(
      R"rx(((?:^|[\s"'\-_])(?:[A-Za-z0-9]+[-_])*(?:password|passwd|secret|token|api[-_]?key|private[-_]?key)"?(?:\s*[:=]\s*|[ \t]+))("[^"\n]*"|'[^'\n]*'|[^\s,}"'(][^\s,}]*))rx",
      std::regex::icase);
  std::string lines;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) {
    if (has_long_text(line)) {
      lines += "(a line of " + std::to_string(line.size()) + " characters is left out)\n";
      continue;
    }
    line = std::regex_replace(line, in_url, "$1" + std::string(left_out) + "@");
    line = std::regex_replace(line, bearer, "$1" + std::string(left_out));
    // A comment explains a key; nothing secret stands in it.
    if (const auto first = line.find_first_not_of(" \t");
        first == std::string::npos || line[first] != '#')
      line = std::regex_replace(line, named, "$1" + std::string(left_out));
    lines += line + "\n";
  }
  if (!text.empty() && text.back() != '\n') lines.pop_back();
  return lines;
}

nlohmann::ordered_json without_users_data(const nlohmann::ordered_json& objects) {
  auto clean = objects;
  for (auto& object : clean) {
    for (const auto* key : {"annotations", "metadata", "lb_config", "token"}) {
      if (object.is_object() && object.contains(key)) object[key] = left_out;
    }
  }
  return clean;
}

Bundle::Bundle(std::string name) : name_(std::move(name)) {
  std::string pattern = (fs::temp_directory_path() / "paddock-bundle-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw Failure(exit_not_so, "cannot make " + pattern + ": " + std::strerror(errno));
  folder_ = pattern;
  fs::create_directory(folder_ / name_);
}

Bundle::~Bundle() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void Bundle::add(const fs::path& name, std::string_view text) {
  const auto file = folder_ / name_ / name;
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  if (!(std::ofstream(file, std::ios::binary) << without_secrets(text) << std::flush))
    throw Failure(exit_not_so, "cannot write " + file.string() + ": " + std::strerror(errno),
                  "make room there, or name another folder by TMPDIR");
  names_.push_back(name.string());
}

bool Bundle::add_file(const fs::path& name, const fs::path& file, std::size_t most) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return false;
  in.seekg(0, std::ios::end);
  const std::streamoff size = in ? std::streamoff{in.tellg()} : 0;  // files of /proc have no end
  const bool is_cut = size > static_cast<std::streamoff>(most);
  in.clear();
  in.seekg(is_cut ? size - static_cast<std::streamoff>(most) : 0);
  if (std::string rest; is_cut) std::getline(in, rest);
  std::ostringstream text;
  text << in.rdbuf();
  add(name, text.str());
  return true;
}

void Bundle::add_output(const fs::path& name, const std::vector<std::string>& command) {
  std::vector<std::string> arguments{"timeout", "10"};
  arguments.insert(arguments.end(), command.begin(), command.end());
  std::string output;
  if (const int status = run_to_end("/usr/bin/env", arguments, output); status != 0)
    output += "(" + command.front() + " ended with " + std::to_string(status) + ")\n";
  add(name, output);
}

void Bundle::pack(const fs::path& file) const {
  const auto mask = ::umask(077);
  std::string output;
  const int status = run_to_end("/usr/bin/env",
                                {"tar", "--create", "--gzip", "--file", fs::absolute(file).string(),
                                 "--directory", folder_.string(), name_},
                                output);
  ::umask(mask);
  if (status != 0)
    throw Failure(exit_not_so, "cannot write " + file.string() + ": " + output,
                  "name another place with --file");
}

}  // namespace paddock::cli
