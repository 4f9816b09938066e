// SPDX-License-Identifier: Apache-2.0
#include "dnsd/change_delays.hpp"

#include <paddock/metadata/part.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>

namespace paddock::dnsd {

namespace {

// RFC 3339 in UTC, as Kubernetes writes it: 2026-11-22T11:36:35.123456789Z.
std::optional<double> parse_time(const std::string& text) {
  std::tm date{};
  double seconds = 0;
  char zone = 0;
  const int read =
      std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf%c", &date.tm_year, &date.tm_mon,
                  &date.tm_mday, &date.tm_hour, &date.tm_min, &seconds, &zone);
  if (read != 7 || zone != 'Z' || !(seconds >= 0 && seconds < 61)) return std::nullopt;
  date.tm_year -= 1900;
  date.tm_mon -= 1;
  return static_cast<double>(::timegm(&date)) + seconds;
}

}  // namespace

double ChangeDelays::unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void ChangeDelays::note(const metadata::Object& object) {
  if (object.kind != metadata::Kind::endpoints) return;
  const auto* text = object.annotations.find(metadata::change_time_annotation);
  const auto began = text ? parse_time(text->str()) : std::nullopt;
  if (!began) return;
  const std::lock_guard lock(lock_);
  noted_[{object.ns.str(), object.name.str()}] = {object.revision, *began};
}

void ChangeDelays::answered(const metadata::Cluster& before, const metadata::Cluster& after) {
  const std::lock_guard lock(lock_);
  std::erase_if(noted_, [&](const auto& noted) {
    const auto& [key, change] = noted;
    if (change.revision > after.revision()) return false;  // it is in the next one
    const auto was = before.find<metadata::Endpoints>(key.first, key.second);
    const auto is = after.find<metadata::Endpoints>(key.first, key.second);
    if (!is) return true;
    const auto service = after.find<metadata::Service>(key.first, is->service.view());
    // Its service may come after it: only then it has names.
    if (!service) return &before == &after;
    const bool was_named = before.find<metadata::Service>(key.first, is->service.view()) != nullptr;
    if (was_named && was && *was == *is) return true;
    const bool is_headless = service->cluster_ips.empty() && service->external_name.empty();
    (is_headless ? of_headless_ : of_others_).observe(std::max(0.0, now_() - change.began));
    return true;
  });
}

}  // namespace paddock::dnsd
