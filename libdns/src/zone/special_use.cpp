// SPDX-License-Identifier: Apache-2.0
//
// Special-use domain names: answered here, never asked of anybody else.
#include <paddock/dns/zone.hpp>

namespace paddock::dns {
namespace {

constexpr std::chrono::seconds ttl{3600};

Name name_of(std::string_view text) { return Name::parse(text).value(); }

}  // namespace

std::vector<ZoneSpec> special_use_zones() {
  std::vector<ZoneSpec> zones;
  for (const std::string_view origin : {"localhost", "invalid", "onion", "alt"}) {
    zones.push_back({.origin = name_of(origin),
                     .ttl = ttl,
                     .negative_ttl = ttl,
                     .missing = Missing::nxdomain,
                     .content = Content::fixed,
                     .mname = name_of(origin),
                     .rname = name_of("nobody.invalid")});
  }
  return zones;
}

std::vector<Record> special_use_records() {
  std::vector<Record> records;
  for (const std::string_view owner : {"localhost", "*.localhost"}) {
    for (const std::string_view address : {"127.0.0.1", "::1"}) {
      records.push_back(
          address_record(name_of(owner), boost::asio::ip::make_address(address), ttl));
    }
  }
  return records;
}

}  // namespace paddock::dns
