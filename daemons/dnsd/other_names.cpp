// SPDX-License-Identifier: Apache-2.0
#include "dnsd/other_names.hpp"

#include "dnsd/options.hpp"
#include "dnsd/sources.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace paddock::dnsd {

namespace {

dns::SkyDnsNames::Options skydns_options(const Options& options, const std::string& prefix,
                                         const std::string& source) {
  dns::SkyDnsNames::Options skydns;
  skydns.source = source;
  skydns.prefix = prefix;
  skydns.ttl = std::chrono::duration_cast<std::chrono::seconds>(options.skydns_ttl);
  skydns.server_addresses = server_addresses(options);
  skydns.domains.clear();
  for (const auto& domain : options.skydns_domains) {
    skydns.domains.push_back(dns::Name::parse(domain).value());
  }
  return skydns;
}

}  // namespace

OtherNames::OtherNames(const Options& options, const std::function<void()>& wake)
    : static_zones_(options.zones) {
  for (const auto& text : skydns_sources(options)) {
    const auto location = parse_skydns_location(text);
    if (!location) throw std::runtime_error("--source " + text + ": " + location.error().text);
    trees_.push_back({.location = text,
                      .names = dns::SkyDnsNames(skydns_options(options, location->prefix, text)),
                      .source = open_skydns_source(*location, options.source_access, wake)});
  }
}

std::vector<dns::ZoneSpec> OtherNames::zones() const {
  auto zones = static_zones_.zones();
  for (const Tree& tree : trees_) {
    std::ranges::move(tree.names.zones(), std::back_inserter(zones));
  }
  return zones;
}

bool OtherNames::refresh(Tree& tree) {
  const bool has_changed = tree.source->refresh(tree.names, tree.problems);
  auto state = tree.source->state();
  if (state == tree.state) return has_changed;
  tree.names.set_content(!state.is_known  ? dns::Content::unknown
                         : state.is_fresh ? dns::Content::fixed
                                          : dns::Content::stale);
  tree.state = std::move(state);
  return true;
}

bool OtherNames::refresh() {
  bool has_changed = static_zones_.refresh();
  for (Tree& tree : trees_) has_changed = refresh(tree) || has_changed;
  return has_changed;
}

void OtherNames::contribute(dns::AuthorityBuilder& builder) {
  static_zones_.contribute(builder);
  for (Tree& tree : trees_) tree.names.contribute(builder, std::chrono::system_clock::now());
}

void OtherNames::start_over() {
  static_zones_.start_over();
  for (Tree& tree : trees_) tree.names.start_over();
}

std::vector<dns::Problem> OtherNames::problems() const {
  auto problems = static_zones_.problems();
  for (const Tree& tree : trees_) {
    problems.insert(problems.end(), tree.problems.begin(), tree.problems.end());
  }
  return problems;
}

std::vector<std::string> OtherNames::losses() const {
  std::vector<std::string> losses;
  for (const Tree& tree : trees_) {
    if (tree.state.is_fresh) continue;
    losses.push_back(tree.location + (tree.state.is_known
                                          ? ": lost, answers are what was last known"
                                          : ": nothing is known of it yet"));
    if (!tree.state.reason.empty()) losses.back() += ": " + tree.state.reason;
  }
  return losses;
}

std::vector<dns::StubZone> OtherNames::stub_zones() const {
  std::vector<dns::StubZone> stubs;
  for (const Tree& tree : trees_) {
    std::ranges::move(tree.names.stub_zones(), std::back_inserter(stubs));
  }
  return stubs;
}

}  // namespace paddock::dnsd
