// SPDX-License-Identifier: Apache-2.0
#include "runtime/config_file.hpp"

#include <yaml-cpp/yaml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

namespace paddock::runtime {
namespace {

std::string place_of(const std::string& path, const YAML::Mark& mark) {
  return path + ":" + std::to_string(mark.line + 1);
}

// Null, `upstreams:` with nothing behind it, is the empty list.
std::optional<ConfigEntry> entry_of(const YAML::Node& key, const YAML::Node& value,
                                    const std::string& place) {
  ConfigEntry entry{.key = key.Scalar(), .place = place, .is_list = false, .values = {}};
  if (value.IsScalar()) {
    entry.values.push_back(value.Scalar());
    return entry;
  }
  if (!value.IsSequence() && !value.IsNull()) return std::nullopt;
  entry.is_list = true;
  for (const auto& item : value) {
    if (!item.IsScalar()) return std::nullopt;
    entry.values.push_back(item.Scalar());
  }
  return entry;
}

std::vector<ConfigEntry> entries_of(const YAML::Node& root, const std::string& path,
                                    std::vector<OptionProblem>& problems) {
  std::vector<ConfigEntry> entries;
  std::set<std::string> seen;
  for (const auto& pair : root) {
    const auto place = place_of(path, pair.first.Mark());
    if (!pair.first.IsScalar()) {
      problems.push_back({place, "a key must be a word"});
      continue;
    }
    if (!seen.insert(pair.first.Scalar()).second) {
      problems.push_back({place, pair.first.Scalar() + ": given twice"});
      continue;
    }
    if (auto entry = entry_of(pair.first, pair.second, place)) {
      entries.push_back(std::move(*entry));
    } else {
      problems.push_back({place, pair.first.Scalar() + ": allowed: one value or a list of values"});
    }
  }
  return entries;
}

}  // namespace

std::optional<std::vector<ConfigEntry>> read_config_file(const std::string& path,
                                                         std::vector<OptionProblem>& problems) {
  std::ifstream file(path);
  std::stringstream text;
  // An empty file puts nothing into the text; of a folder nothing can be read either.
  const bool is_read = file && (text << file.rdbuf() ||
                                (file.peek() == std::ifstream::traits_type::eof() && !file.bad()));
  if (!is_read) {
    problems.push_back({path, std::string("cannot be read: ") + std::strerror(errno)});
    return std::nullopt;
  }
  try {
    const YAML::Node root = YAML::Load(text.str());
    if (root.IsNull()) return std::vector<ConfigEntry>{};  // only comments
    if (root.IsMap()) return entries_of(root, path, problems);
    problems.push_back({place_of(path, root.Mark()), "the file must hold `key: value` lines"});
  } catch (const YAML::Exception& error) {
    problems.push_back({place_of(path, error.mark), "not YAML: " + error.msg});
  }
  return std::nullopt;
}

}  // namespace paddock::runtime
