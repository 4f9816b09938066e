// SPDX-License-Identifier: Apache-2.0
#include "dnsd/static_zones.hpp"

#include "runtime/log.hpp"

#include <algorithm>
#include <stdexcept>

namespace paddock::dnsd {

namespace {

namespace log = runtime::log;

dns::Error bad_option(std::string text) {
  return {make_error_code(boost::system::errc::invalid_argument), std::move(text)};
}

}  // namespace

dns::Result<std::pair<dns::Name, std::string>> parse_zone_option(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return bad_option("must be ORIGIN=FILE");
  auto origin = dns::Name::parse(text.substr(0, equals));
  if (!origin) return bad_option("must be ORIGIN=FILE: " + origin.error().text);
  if (origin->is_root()) return bad_option("must not be the root");
  auto path = text.substr(equals + 1);
  if (!path.starts_with('/')) return bad_option("must be ORIGIN=/PATH/OF/FILE");
  return std::pair(std::move(*origin), std::move(path));
}

StaticZones::StaticZones(const std::vector<std::string>& zones) {
  for (const auto& text : zones) {
    auto [origin, path] = parse_zone_option(text).value();
    zones_.push_back({.path = std::move(path), .file = {.zone = {.origin = std::move(origin)}}});
    read(zones_.back());
    if (!zones_.back().broken.empty()) throw std::runtime_error("--zone: " + zones_.back().broken);
  }
}

// Stamps are taken before, so that a file written meanwhile is read again.
void StaticZones::read(Zone& zone) {
  std::vector<std::string> paths = zone.file.files;
  if (paths.empty()) paths.push_back(zone.path);
  zone.stamps.clear();
  for (auto& path : paths) zone.stamps.emplace_back(path, stamp_of(path));
  auto file = dns::read_zone_file(zone.path, zone.file.zone.origin);
  if (!file) {
    zone.broken = file.error().text;
    return;
  }
  zone.broken.clear();
  zone.file = std::move(*file);
  zone.is_contributed = false;
  for (const auto& path : zone.file.files) {
    const auto is_known = std::ranges::find(paths, path) != paths.end();
    if (!is_known) zone.stamps.emplace_back(path, stamp_of(path));
  }
}

bool StaticZones::refresh() {
  bool has_changed = false;
  for (Zone& zone : zones_) {
    const bool is_as_it_was = std::ranges::all_of(
        zone.stamps, [](const auto& stamp) { return stamp_of(stamp.first) == stamp.second; });
    if (is_as_it_was && !zone.stamps.empty()) continue;
    has_changed = true;
    read(zone);
    const auto origin = zone.file.zone.origin.format();
    if (zone.broken.empty()) {
      log::info("zone read", {{"zone", origin},
                              {"serial", std::to_string(zone.file.zone.own_soa->serial)},
                              {"records", std::to_string(zone.file.records.size())}});
    } else {
      log::error("zone file not taken; the last good one goes on",
                 {{"zone", origin}, {"reason", zone.broken}});
    }
  }
  return has_changed;
}

void StaticZones::forget_stamps() {
  for (Zone& zone : zones_) zone.stamps.clear();
}

void StaticZones::contribute(dns::AuthorityBuilder& builder) {
  for (Zone& zone : zones_) {
    if (zone.is_contributed) continue;
    builder.set_zone(zone.file.zone);
    builder.put("zone " + zone.file.zone.origin.format(), zone.file.records);
    zone.is_contributed = true;
  }
}

void StaticZones::start_over() {
  for (Zone& zone : zones_) zone.is_contributed = false;
}

std::vector<dns::ZoneSpec> StaticZones::zones() const {
  std::vector<dns::ZoneSpec> specs;
  for (const Zone& zone : zones_) specs.push_back(zone.file.zone);
  return specs;
}

std::vector<dns::Problem> StaticZones::problems() const {
  std::vector<dns::Problem> problems;
  for (const Zone& zone : zones_) {
    if (zone.broken.empty()) continue;
    problems.push_back({"zone " + zone.file.zone.origin.format(),
                        zone.broken + " (the last good zone is served)"});
  }
  return problems;
}

}  // namespace paddock::dnsd
