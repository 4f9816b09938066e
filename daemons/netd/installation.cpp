// SPDX-License-Identifier: Apache-2.0
#include "netd/installation.hpp"

#include "netd/plan.hpp"
#include "netd/whole_file.hpp"
#include "runtime/log.hpp"

#include <paddock/metadata/client.hpp>

#include <sys/mount.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace paddock::netd {
namespace {

namespace log = runtime::log;

constexpr std::chrono::seconds to_answer{1};
constexpr const char* kernel_settings = "/proc/sys";

}  // namespace

Installation::Installation(const Options& options)
    : options_(options), is_due_(options.write_conflist || !options.plugin_source.empty()) {
  if (options.plugin_source.empty()) return;
  plugin_ = read_whole(options.plugin_source);
  if (plugin_.empty())
    throw std::runtime_error("the plugin " + options.plugin_source +
                             " cannot be read (--plugin-source)");
}

void Installation::tend(bool is_ready) {
  if (!is_due_ || !is_ready || !others_are_ready()) return;
  try {
    make();
    is_due_ = false;
  } catch (const std::exception& failed) {
    if (trouble_ != failed.what())
      log::error("container runtimes are not told of netd", {{"error", failed.what()}});
    trouble_ = failed.what();
  }
}

bool Installation::others_are_ready() const {
  return std::ranges::all_of(options_.conflist_after, [](const std::string& endpoint) {
    const auto answer = metadata::Client("http://" + endpoint, to_answer).get("/readyz");
    return answer && answer->is_success();
  });
}

void Installation::make() const {
  if (!plugin_.empty() && read_whole(options_.plugin_target) != plugin_) {
    write_whole(options_.plugin_target, plugin_, 0755);
    log::info("plugin installed", {{"file", options_.plugin_target}});
  }
  if (!options_.write_conflist) return;
  const auto text = conflist(options_.network_name);
  if (read_whole(options_.conflist) == text) return;
  write_whole(options_.conflist, text);
  log::info("container runtimes are told of netd", {{"file", options_.conflist}});
}

void make_kernel_settings_writable() {
  struct statvfs mounted {};
  if (::statvfs(kernel_settings, &mounted) != 0 || (mounted.f_flag & ST_RDONLY) == 0) return;
  constexpr unsigned long as_it_is = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME;
  if (::mount(nullptr, kernel_settings, nullptr, MS_REMOUNT | MS_BIND | as_it_is, nullptr) != 0)
    log::warning("/proc/sys is read-only here, and stays so", {});
}

}  // namespace paddock::netd
