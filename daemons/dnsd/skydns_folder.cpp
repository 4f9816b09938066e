// SPDX-License-Identifier: Apache-2.0
#include "dnsd/skydns_folder.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace paddock::dnsd {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void forget(std::vector<dns::Problem>& problems, const std::string& key) {
  std::erase_if(problems, [&key](const dns::Problem& problem) { return problem.subject == key; });
}

}  // namespace

void take_skydns_entry(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems,
                       const std::string& key, const std::string& value,
                       std::optional<std::chrono::seconds> lease) {
  forget(problems, key);
  if (const auto done = names.set(key, value, lease); !done) {
    problems.push_back({key, done.error().text});
  }
}

void drop_skydns_entry(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems,
                       const std::string& key) {
  forget(problems, key);
  names.erase(key);
}

// `local/skydns/web.json` and `local/skydns/web` are one key.
std::string SkyDnsFolder::key_of(const fs::path& path) const {
  auto relative = path.lexically_relative(folder_);
  if (relative.extension() == ".json") relative.replace_extension();
  return prefix_ + "/" + relative.generic_string();
}

bool SkyDnsFolder::refresh(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems) {
  std::error_code error;
  std::map<std::string, File> seen;
  fs::recursive_directory_iterator at(folder_, fs::directory_options::follow_directory_symlink,
                                      error);
  for (; !error && at != fs::recursive_directory_iterator(); at.increment(error)) {
    const bool is_hidden = at->path().filename().string().starts_with('.');
    if (is_hidden && at->is_directory(error)) at.disable_recursion_pending();
    if (!is_hidden && at->is_regular_file(error)) {
      const auto path = at->path().string();
      auto& file = seen[key_of(at->path())];
      if (file.path < path) file = {path, stamp_of(path)};
    }
  }
  state_.is_fresh = !error;
  state_.reason = error ? folder_.string() + ": " + error.message() : "";
  if (error) return false;
  const bool has_changed = seen != files_ || !state_.is_known;
  state_.is_known = true;
  for (const auto& [key, file] : seen) {
    if (const auto known = files_.find(key); known == files_.end() || known->second != file) {
      take_skydns_entry(names, problems, key, read_file(file.path));
    }
  }
  for (const auto& [key, file] : files_) {
    if (!seen.contains(key)) drop_skydns_entry(names, problems, key);
  }
  files_ = std::move(seen);
  return has_changed;
}

}  // namespace paddock::dnsd
