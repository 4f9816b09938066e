// SPDX-License-Identifier: Apache-2.0
//
// Record: one resource record in wire form, and the functions that make the kinds we publish. The
// numbers of DNS that callers meet (types, response codes, extended errors) are here too.
#pragma once

#include <paddock/dns/name.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::dns {

// RR types and query types. Any other number is a valid Type too (RFC 3597).
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  hinfo = 13,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  dname = 39,
  opt = 41,
  ds = 43,
  rrsig = 46,
  nsec = 47,
  svcb = 64,
  https = 65,
  ixfr = 251,
  axfr = 252,
  any = 255,
};

// "A", "TYPE65280": the type as master files have it.
PADDOCK_DNS_EXPORT std::string format(Type type);
// The type called "MX" or, as any may be, "TYPE15" (RFC 3597); nothing if there is none.
PADDOCK_DNS_EXPORT std::optional<Type> parse_type(std::string_view text);

enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  yxdomain = 6,
  notauth = 9,
  badvers = 16,
};

// Extended DNS errors (RFC 8914) we send. `none` sends no option.
enum class ExtendedError : std::uint16_t {
  stale_answer = 3,
  not_ready = 14,
  blocked = 15,
  prohibited = 18,
  not_authoritative = 20,
  not_supported = 21,
  no_reachable_authority = 22,
  network_error = 23,
  synthesized = 29,
  none = 0xFFFF,
};

// Whether a record is shown always, or only while nobody contributes a regular record of the same
// name and type. A pod's reverse name is a fallback: a service endpoint's takes its place. A CNAME
// that is a fallback hides no other type; it answers for addresses, where the name has none.
enum class Precedence : std::uint8_t { regular, fallback };

// One record. `data` is RDATA in wire form, names inside it uncompressed and in lower case.
struct Record {
  Name owner;
  Type type = Type::a;
  std::chrono::seconds ttl{0};
  std::string data{};
  Precedence precedence = Precedence::regular;

  friend bool operator==(const Record&, const Record&) = default;
};

// Not records but statements about a name, put to an AuthorityBuilder like records. This one makes
// a name exist with no data (NODATA instead of NXDOMAIN).
inline constexpr Type existence{0};
// Addresses spelt in a label below the owner, as 10-0-0-1 or fd00--1, are answered with themselves.
inline constexpr Type dashed_addresses{0xFFFF};
// As the data of that: only those that have a PTR record, shown or not, to a name below the owner.
inline constexpr std::string_view only_with_pointer = "ptr";

// A or AAAA, as the address is.
PADDOCK_DNS_EXPORT Record address_record(Name owner, const boost::asio::ip::address& address,
                                         std::chrono::seconds ttl);
PADDOCK_DNS_EXPORT Record cname_record(Name owner, const Name& target, std::chrono::seconds ttl);
PADDOCK_DNS_EXPORT Record ptr_record(Name owner, const Name& target, std::chrono::seconds ttl);
PADDOCK_DNS_EXPORT Record ns_record(Name owner, const Name& target, std::chrono::seconds ttl);
// One string per 255 octets of text, as many as it takes; an empty text is one empty string.
PADDOCK_DNS_EXPORT Record txt_record(Name owner, std::string_view text, std::chrono::seconds ttl);

struct SrvTarget {
  std::uint16_t priority = 0;
  std::uint16_t weight = 100;
  std::uint16_t port = 0;
  Name target;
};
PADDOCK_DNS_EXPORT Record srv_record(Name owner, const SrvTarget& service,
                                     std::chrono::seconds ttl);

// The name whose PTR names `address`: `4.3.2.1.in-addr.arpa` or the 32 nibbles of `ip6.arpa`.
// An IPv4-mapped IPv6 address counts as IPv4.
PADDOCK_DNS_EXPORT Name reverse_name(const boost::asio::ip::address& address);

}  // namespace paddock::dns
