// SPDX-License-Identifier: Apache-2.0
#include "coredns/import.hpp"
#include "coredns/plugins.hpp"
#include "coredns/server.hpp"

#include <nlohmann/json.hpp>

namespace paddock::coredns {
namespace {

using nlohmann::ordered_json;

// A list of texts that are addresses.
dns::Result<std::vector<std::string>> read_addresses(const Place& place, const ordered_json& list) {
  const dns::Error wrong{make_error_code(boost::system::errc::invalid_argument),
                         place.file + ": must be a list of addresses, as [\"10.0.0.1\"]"};
  if (!list.is_array()) return wrong;
  std::vector<std::string> addresses;
  for (const auto& item : list) {
    if (!item.is_string() || !is_address(item.get<std::string>())) return wrong;
    addresses.push_back(item.get<std::string>());
  }
  return addresses;
}

dns::Result<void> take_stub_domains(const Place& place, const std::string& text, Draft& draft) {
  const auto domains = ordered_json::parse(text, nullptr, false);
  if (!domains.is_object()) {
    return dns::Error{make_error_code(boost::system::errc::invalid_argument),
                      place.file + ": must be a JSON map of zones, as {\"corp\": [\"10.0.0.1\"]}"};
  }
  for (const auto& [zone, list] : domains.items()) {
    auto addresses = read_addresses({place.file + ": " + zone, 0}, list);
    if (!addresses) return addresses.error();
    if (zones_of(zone).size() != 1 || addresses->empty()) {
      draft.remark({place, zone + ": is no zone with resolvers", true});
      continue;
    }
    std::string stub = plain_zone(zone) + "=";
    for (const auto& address : *addresses) stub += (stub.ends_with('=') ? "" : ",") + address;
    draft.add("stub", stub, place);
  }
  return {};
}

}  // namespace

dns::Result<Import> import_kube_dns(const std::string& file, const KubeDnsData& data) {
  Draft draft;
  if (!data.stub_domains.empty()) {
    const Place place{file + ": stubDomains", 0};
    if (auto taken = take_stub_domains(place, data.stub_domains, draft); !taken) {
      return taken.error();
    }
  }
  if (!data.upstream_name_servers.empty()) {
    const Place place{file + ": upstreamNameservers", 0};
    auto addresses =
        read_addresses(place, ordered_json::parse(data.upstream_name_servers, nullptr, false));
    if (!addresses) return addresses.error();
    for (const auto& address : *addresses) draft.add("upstreams", address, place);
  }
  if (!data.federations.empty()) {
    draft.remark(
        {{file + ": federations", 0},
         "was removed from Kubernetes; services of several clusters have --clusterset-zone",
         true});
  }
  return Import{.yaml = "# Made of " + file + "; see paddock-dnsd --print-config.\n" + draft.yaml(),
                .remarks = draft.remarks()};
}

}  // namespace paddock::coredns
