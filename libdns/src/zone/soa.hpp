// SPDX-License-Identifier: Apache-2.0
//
// SOA records as templates: compiled once per zone, copied into each negative reply.
#pragma once

#include "zone/table.hpp"

namespace paddock::dns {

// What the zone says, else ns.dns.<origin>, or the origin itself where that would be too long.
Name mname_of(const ZoneSpec& zone);

CompiledZone compile_zone(const ZoneSpec& zone);

void set_serial(SoaTemplate& soa, std::uint32_t serial);

}  // namespace paddock::dns
