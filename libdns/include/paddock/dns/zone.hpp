// SPDX-License-Identifier: Apache-2.0
//
// What this server has authority over. An Authority is an immutable snapshot: zones, and a table
// from every name that exists to its answers, compiled to wire form. An AuthorityBuilder makes
// them: it knows which source contributed which records, and a snapshot shares every part of the
// table that did not change with the one before, so publishing costs what changed.
#pragma once

#include <paddock/dns/name.hpp>
#include <paddock/dns/record.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

// What a name of the zone that does not exist gets.
enum class Missing : std::uint8_t { nxdomain, forward };

// How far a zone's records can be trusted to be all there is.
enum class Content : std::uint8_t {
  learnt,   // as far as the server's status says: not ready, ready, or stale
  fixed,    // always
  unknown,  // not at all: its source was never read, names that are missing are SERVFAIL
  stale,    // its source is lost: answers say so (extended error 3)
};

// One zone and the SOA that goes with it. Negative answers carry the SOA with TTL min(ttl, 300 s)
// and minimum `negative_ttl` (RFC 2308). Empty mname and rname mean ns.dns.<origin> and
// hostmaster.<origin>.
//
// A zone that brings its own SOA and NS records, as a zone file does, says so in `own_soa`: then
// mname and rname are taken as they are, negative answers have TTL min(own_soa->ttl, negative_ttl),
// the serial stays what it is, and NS records are contributed like all others.
struct ZoneSpec {
  struct OwnSoa {
    std::uint32_t serial = 0;
    std::chrono::seconds ttl{0};
  };

  Name origin;
  std::chrono::seconds ttl{5};
  std::chrono::seconds negative_ttl{5};
  Missing missing = Missing::nxdomain;
  Content content = Content::learnt;
  Name mname{};
  Name rname{};
  std::chrono::seconds refresh{7200};
  std::chrono::seconds retry{1800};
  std::chrono::seconds expire{86400};
  std::optional<OwnSoa> own_soa{};
};

// Something that was left out, so that the rest could be published.
struct Problem {
  std::string subject;  // whose it is: "service shop/web", or the record's owner
  std::string text;     // what is wrong with it

  friend bool operator==(const Problem&, const Problem&) = default;
};

class AuthorityTable;  // libdns/src/zone/table.hpp

// Everything this server answers for. Immutable; read from any number of threads.
class PADDOCK_DNS_EXPORT Authority : public std::enable_shared_from_this<Authority> {
 public:
  // Made by AuthorityBuilder::snapshot().
  explicit Authority(std::unique_ptr<const AuthorityTable> table);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  // Names that exist, empty non-terminals included.
  std::size_t name_count() const;

  // Bytes the table takes. Successive snapshots share most of them.
  std::size_t memory() const;

  // The compiled form, for answer().
  const AuthorityTable& table() const { return *table_; }

 private:
  std::unique_ptr<const AuthorityTable> table_;
};

// Makes Authority snapshots. A source is whoever contributes records: one service, one pod, one
// file. Several sources may contribute to one name; their records are joined and equal ones shown
// once, with the smallest TTL among them (RFC 2181 section 5.2). Where a CNAME is contributed it
// hides every other type of that name. The result depends on what is put, not on the order.
// For one thread at a time; snapshots may be used and dropped anywhere.
class PADDOCK_DNS_EXPORT AuthorityBuilder {
 public:
  // At most 65535 zones; each gets its SOA, and an NS record naming its mname unless it brings its
  // own. Zones may nest; of several with one origin the first counts.
  explicit AuthorityBuilder(std::vector<ZoneSpec> zones);
  ~AuthorityBuilder();
  AuthorityBuilder(AuthorityBuilder&&) noexcept;
  AuthorityBuilder& operator=(AuthorityBuilder&&) noexcept;

  // Makes `records` all that `source` contributes, instead of what it contributed before. Touches
  // only names whose records differ. Records outside every zone are left out and returned as
  // problems, each once.
  std::vector<Problem> put(std::string_view source, std::span<const Record> records);

  // Takes the records `before` from what `source` contributes and adds `after`; one that is in both
  // stays. As put() of all it contributes then, at the cost of these. False when that cannot be
  // done: `before` is not contributed or `after` is, records of one name and type differ in their
  // TTLs, one is outside every zone, or a set has no room. Then only part of it may be done, and
  // put() makes it right.
  bool exchange(std::string_view source, std::span<const Record> before,
                std::span<const Record> after);

  // Takes back what `source` contributed; nothing if it never did.
  void erase(std::string_view source);

  // Gives the zone with this origin another SOA. False when there is no such zone.
  bool set_zone(const ZoneSpec& zone);

  // True when a snapshot would differ from the last one taken.
  bool has_changed() const;

  // The state now. Serials of the zones that changed become `now` in Unix seconds. Costs what
  // changed since the last snapshot; without a change, the last one is returned again.
  std::shared_ptr<const Authority> snapshot(std::chrono::system_clock::time_point now);

  // Bytes of bookkeeping held besides the table of the last snapshot.
  std::size_t memory() const;

 private:
  void put_name_servers();

  struct State;
  std::unique_ptr<State> state_;
};

// Contributes the names that RFC 6303, 6761, 7686, 9462 and 9476 keep from the global DNS:
// localhost (and all below it) is 127.0.0.1 and ::1, whose reverse names lead to it; resolver.arpa
// says nothing of other resolvers; invalid, onion and alt do not exist. `special_use_zones` goes to
// the builder's constructor with the others, `special_use_records` to put().
PADDOCK_DNS_EXPORT std::vector<ZoneSpec> special_use_zones();
PADDOCK_DNS_EXPORT std::vector<Record> special_use_records();

}  // namespace paddock::dns
