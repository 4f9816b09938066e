// SPDX-License-Identifier: Apache-2.0
#include "zone/soa.hpp"

#include "wire/message.hpp"

#include <algorithm>

namespace paddock::dns {
namespace {

std::uint32_t seconds_of(std::chrono::seconds time) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, 0x7FFFFFFF));
}

void append16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value & 0xFF);
}

void append32(std::string& out, std::uint32_t value) {
  append16(out, static_cast<std::uint16_t>(value >> 16));
  append16(out, static_cast<std::uint16_t>(value));
}

// Appends `name` with its part above `origin` spelt and a pointer left open for the rest.
void append_name(SoaTemplate& soa, const Name& name, const Name& origin) {
  const auto wire = name.wire();
  if (origin.is_root() || !name.is_within(origin)) {
    soa.bytes.append(wire.begin(), wire.end());
    return;
  }
  soa.bytes.append(wire.begin(), wire.end() - static_cast<std::ptrdiff_t>(origin.wire().size()));
  soa.pointers[soa.pointer_count++] = static_cast<std::uint16_t>(soa.bytes.size());
  append16(soa.bytes, 0);
}

Name below(const Name& origin, std::string_view label) {
  auto name = origin.child(label);
  return name ? std::move(name).value() : origin;
}

}  // namespace

Name mname_of(const ZoneSpec& zone) {
  return zone.mname.is_root() && !zone.own_soa ? below(below(zone.origin, "dns"), "ns")
                                               : zone.mname;
}

CompiledZone compile_zone(const ZoneSpec& zone) {
  CompiledZone compiled;
  const auto origin = zone.origin.wire();
  compiled.origin.assign(origin.begin(), origin.end());
  compiled.missing = zone.missing;
  compiled.content = zone.content;

  compiled.has_own_serial = zone.own_soa.has_value();

  constexpr std::chrono::seconds max_soa_ttl{300};
  const auto ttl = zone.own_soa ? zone.own_soa->ttl : std::min(zone.ttl, max_soa_ttl);
  SoaTemplate& soa = compiled.soa;
  append16(soa.bytes, static_cast<std::uint16_t>(Type::soa));
  append16(soa.bytes, wire::class_in);
  append32(soa.bytes, seconds_of(ttl));
  soa.negative_ttl = seconds_of(std::min(ttl, zone.negative_ttl));
  const std::size_t length_at = soa.bytes.size();
  append16(soa.bytes, 0);
  const bool is_own = zone.own_soa.has_value();
  append_name(soa, mname_of(zone), zone.origin);
  append_name(soa, zone.rname.is_root() && !is_own ? below(zone.origin, "hostmaster") : zone.rname,
              zone.origin);
  soa.serial_offset = static_cast<std::uint16_t>(soa.bytes.size());
  for (const std::uint32_t value :
       {is_own ? zone.own_soa->serial : 0, seconds_of(zone.refresh), seconds_of(zone.retry),
        seconds_of(zone.expire), seconds_of(zone.negative_ttl)}) {
    append32(soa.bytes, value);
  }
  wire::store16(reinterpret_cast<std::uint8_t*>(soa.bytes.data()) + length_at,
                static_cast<std::uint16_t>(soa.bytes.size() - length_at - 2));
  return compiled;
}

void set_serial(SoaTemplate& soa, std::uint32_t serial) {
  wire::store32(reinterpret_cast<std::uint8_t*>(soa.bytes.data()) + soa.serial_offset, serial);
}

}  // namespace paddock::dns
