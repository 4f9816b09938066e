// SPDX-License-Identifier: Apache-2.0
//
// Zones from master files (RFC 1035 section 5, RFC 2308 section 4, RFC 3597). Reading needs no
// state and may be done on any thread; what comes out is put to an AuthorityBuilder.
// docs/static-zones.md says what a file may hold.
#pragma once

#include <paddock/dns/error.hpp>
#include <paddock/dns/record.hpp>
#include <paddock/dns/zone.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

struct ZoneFile {
  ZoneSpec zone{};                   // origin and SOA, with own_soa; Content::fixed
  std::vector<Record> records{};     // all others, in the order of the file
  std::vector<std::string> files{};  // the file and those it includes, to be watched
};

// Reads the zone `origin`, which is also the first $ORIGIN. Names of $INCLUDE are relative to the
// folder of the file that includes them. Fails with "FILE:LINE: what is wrong" on the first thing
// that is: syntax, a record outside of the zone, no SOA or none at the origin, no NS there, a CNAME
// beside other data.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<ZoneFile> read_zone_file(const std::string& path,
                                                                 const Name& origin);

// The same for a text, which may not include anything; `path` is for messages.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<ZoneFile> parse_zone_file(std::string_view text,
                                                                  const std::string& path,
                                                                  const Name& origin);

}  // namespace paddock::dns
