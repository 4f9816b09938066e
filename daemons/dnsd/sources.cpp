// SPDX-License-Identifier: Apache-2.0
#include "dnsd/sources.hpp"

#include "dnsd/change_delays.hpp"
#include "dnsd/kept.hpp"
#include "dnsd/options.hpp"
#include "dnsd/skydns_source.hpp"
#include "runtime/cluster_source.hpp"

#include <paddock/metadata/open_store.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace paddock::dnsd {

namespace {

constexpr std::string_view default_source = "paddock:/run/paddock/metadata.sock";
constexpr std::array<std::string_view, 6> kinds{
    "paddock:", "skydns:", "etcd:", "file:", "embedded:", "kubernetes:"};

bool begins(const std::string& item) {
  return item == "none" ||
         std::ranges::any_of(kinds, [&](std::string_view kind) { return item.starts_with(kind); });
}

bool is_skydns(const std::string& source) { return source.starts_with("skydns:"); }

// `none` says that there is none.
bool is_of_cluster(const std::string& item) { return begins(item) && !is_skydns(item); }

std::vector<std::string> whole_sources(const Options& options) {
  std::vector<std::string> sources;
  for (const auto& item : options.sources) {
    if (begins(item) || sources.empty()) {
      sources.push_back(item);
    } else {
      sources.back() += "," + item;
    }
  }
  return sources;
}

}  // namespace

std::string check_source(const std::string& item, const std::vector<std::string>& before) {
  if (is_skydns(item)) {
    const auto location = parse_skydns_location(item);
    return location ? "" : location.error().text;
  }
  if (item.starts_with("embedded:")) {
    return "an embedded store is metadatad's alone; must be paddock:/PATH/OF/metadata.sock";
  }
  const auto other = std::ranges::find_if(before, is_of_cluster);
  if (is_of_cluster(item) && other != before.end()) {
    return "the cluster is learnt from one place, and " + *other + " is given, too";
  }
  const bool is_rest = !begins(item) && item.find(':') != std::string::npos;
  return item == "none" || is_rest ? "" : runtime::check_location(item);
}

std::string source_of(const Options& options) {
  const auto sources = whole_sources(options);
  const auto cluster = std::ranges::find_if_not(sources, is_skydns);
  if (cluster != sources.end()) return *cluster;
  const bool has_others = !options.answers.empty() || !sources.empty();
  return has_others ? "none" : std::string(default_source);
}

std::unique_ptr<metadata::Store> open_cluster(const Options& options,
                                              const std::function<void()>& wake,
                                              ChangeDelays& delays) {
  const auto source = source_of(options);
  if (source == "none") return nullptr;
  metadata::StoreOptions store;
  store.access = options.source_access;
  store.directory = options.state_dir;
  store.is_writable = false;
  store.history = 0;  // nobody resumes here
  store.reduction = kept_of(options);
  store.reduction.keep = [keep = std::move(store.reduction.keep),
                          &delays](const metadata::ObjectPtr& object) {
    delays.note(*object);
    return keep(object);
  };
  store.events = runtime::log_store_events(source, wake);
  return metadata::open_store(source, std::move(store));
}

std::vector<std::string> skydns_sources(const Options& options) {
  auto sources = whole_sources(options);
  std::erase_if(sources, [](const std::string& source) { return !is_skydns(source); });
  return sources;
}

}  // namespace paddock::dnsd
