// SPDX-License-Identifier: Apache-2.0
#include "plugin/frame.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

namespace paddock::net {
namespace {

// Only whole files end so: the plugin writes under another name first.
constexpr const char* suffix = ".del";

std::string content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

std::vector<std::string> replay_spool(
    const std::filesystem::path& directory,
    const std::function<PluginAnswer(const PluginCall&)>& answer) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator(directory, failed)) {
    if (entry.path().extension() == suffix) files.push_back(entry.path());
  }
  std::ranges::sort(files);  // names begin with the time
  std::vector<std::string> problems;
  for (const auto& path : files) {
    const auto bytes = content_of(path);
    const auto header = std::string_view(bytes).substr(0, frame_header_size);
    const auto lengths = parse_frame_header(header);
    const bool whole = lengths && bytes.size() == frame_header_size + lengths->environment +
                                                      std::size_t{lengths->input};
    if (whole) {
      auto call = parse_frame_body(std::string_view(bytes).substr(frame_header_size), *lengths);
      call.is_live = false;
      const auto done = answer(call);
      if (done.rest) done.rest();
      if (done.status != 0) {
        problems.push_back(path.string() + " is kept for the next start: " + done.output);
        continue;
      }
    } else {
      problems.push_back(path.string() + " was no call of a plugin and was removed");
    }
    std::filesystem::remove(path, failed);
  }
  return problems;
}

}  // namespace paddock::net
