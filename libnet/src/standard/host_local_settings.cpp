// SPDX-License-Identifier: Apache-2.0
#include "standard/former_reservations.hpp"
#include "standard/host_local.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace paddock::net::standard {
namespace {

using cni::Code;
using cni::Json;
using cni::Refusal;

// resolv.conf(5), as far as a result can say it.
cni::Dns parse_resolv_conf(const std::string& path) {
  std::ifstream file(path);
  if (!file)
    throw Refusal{Code::bad_config, "ipam.resolvConf " + path + " cannot be read",
                  "name a file that is there"};
  cni::Dns dns;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word[0] == '#' || word[0] == ';') continue;
    const std::vector<std::string> rest{std::istream_iterator<std::string>(words), {}};
    if (rest.empty()) continue;
    if (word == "nameserver") dns.nameservers.push_back(rest.front());
    if (word == "domain") dns.domain = rest.front();
    if (word == "search") dns.search.insert(dns.search.end(), rest.begin(), rest.end());
    if (word == "options") dns.options.insert(dns.options.end(), rest.begin(), rest.end());
  }
  return dns;
}

// ipRanges of the runtime first, then the one range at the top, then the list of sets.
std::vector<RangeSet> all_sets(const Json& config, const Json& ipam) {
  std::vector<RangeSet> sets;
  const auto append = [&](std::vector<RangeSet> more) {
    std::ranges::move(more, std::back_inserter(sets));
  };
  const auto* runtime = cni::find(config, "runtimeConfig");
  const auto* given = runtime ? cni::find(*runtime, "ipRanges") : nullptr;
  if (given) append(cni::ip_range_sets_of(*given, "runtimeConfig.ipRanges"));
  if (const auto* subnet = cni::find(ipam, "subnet"); subnet && *subnet != "")
    sets.push_back({cni::ip_range_of(ipam, "ipam")});
  if (const auto* ranges = cni::find(ipam, "ranges"))
    append(cni::ip_range_sets_of(*ranges, "ipam.ranges"));
  return sets;
}

void check_families(const std::vector<RangeSet>& sets, const std::string& version) {
  for (const bool v4 : {true, false}) {
    const auto count = std::ranges::count_if(
        sets, [&](const RangeSet& set) { return set.front().first.is_v4() == v4; });
    if (count > 1 && cni::compare_versions(version, "0.3.0") < 0)
      throw Refusal{Code::bad_config,
                    "CNI version " + version + " does not support more than 1 address per family",
                    "use a cniVersion of 0.3.0 or later, or one set of ranges per family"};
  }
}

}  // namespace

HostLocalSettings host_local_settings(const Json& config, const cni::Request& request) {
  const auto* ipam = cni::find(config, "ipam");
  if (!ipam)
    throw Refusal{Code::bad_config, "ipam is missing", "host-local reads its ranges there"};
  cni::object_of(*ipam, "ipam");
  HostLocalSettings settings;
  const auto* folder = cni::find(*ipam, "dataDir");
  settings.folder =
      folder && *folder != "" ? cni::text_of(*folder, "ipam.dataDir") : usual_reservations.string();
  settings.folder /= request.network;
  if (request.command == cni::Command::del || request.command == cni::Command::gc) return settings;
  settings.sets = all_sets(config, *ipam);
  if (settings.sets.empty())
    throw Refusal{Code::bad_config, "no IP ranges specified",
                  "they are in ipam.subnet, ipam.ranges or runtimeConfig.ipRanges"};
  check_overlaps(settings.sets);
  check_families(settings.sets, request.version);
  settings.requested = request.addresses;
  if (const auto* routes = cni::find(*ipam, "routes")) {
    for (const auto& route : cni::array_of(*routes, "ipam.routes"))
      settings.routes.push_back(cni::route_of(route, "ipam.routes[]"));
  }
  if (const auto* file = cni::find(*ipam, "resolvConf"); file && *file != "")
    settings.dns = parse_resolv_conf(cni::text_of(*file, "ipam.resolvConf"));
  return settings;
}

}  // namespace paddock::net::standard
