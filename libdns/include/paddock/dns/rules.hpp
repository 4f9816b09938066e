// SPDX-License-Identifier: Apache-2.0
//
// Rules: what an operator wants answered differently from what the zones and other resolvers say:
// host entries, names that are blocked, names that are rewritten, addresses made for IPv6-only
// clients. A RuleSet is a plain description; Rules compiles it into an immutable snapshot. A server
// without rules pays nothing. docs/dns-rules.md says how they are written.
#pragma once

#include <paddock/dns/name.hpp>
#include <paddock/dns/record.hpp>
#include <paddock/dns/zone.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

// A name's addresses, whoever else knows it; and the address's name. `*` as its first label stands
// for every name below that has no entry of its own, and then the address has no name.
struct HostEntry {
  boost::asio::ip::address address{};
  Name name{};

  friend bool operator==(const HostEntry&, const HostEntry&) = default;
};

// One line of a hosts file: an address and its names. Nothing for a comment or an empty line.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<std::vector<HostEntry>> parse_host_line(
    std::string_view line);

// One line of a list of names to block: `ads.example`, `0.0.0.0 ads.example` or `||ads.example^`.
// Nothing for a comment (`#` or `!`, at the beginning or behind a space), for names of one label,
// which such lists have for localhost's sake, and for what browsers hide of pages
// (`shop.example##.banner`).
[[nodiscard]] PADDOCK_DNS_EXPORT Result<std::optional<Name>> parse_block_line(
    std::string_view line);

// Names are matched as text: lower case, without the final dot.
enum class NameMatch : std::uint8_t { exact, prefix, suffix, regex };

// A name that is looked up as another one. In the reply the other name stands as the one that was
// asked, and with `suffix` and `prefix` every name is changed back that could have been changed.
struct Rewrite {
  NameMatch match = NameMatch::exact;
  std::string from{};
  std::string to{};  // for regex, `{1}` is the first group; empty: the name stays as it is
  std::optional<std::chrono::seconds> least_ttl{};
  std::optional<std::chrono::seconds> most_ttl{};

  friend bool operator==(const Rewrite&, const Rewrite&) = default;
};

// Reads `exact A B`, `prefix A B`, `suffix A B` and `regex A B`, each with an optional `ttl=30` or
// `ttl=30-300` at its end; with it, B may be missing.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<Rewrite> parse_rewrite(std::string_view text);

enum class BlockAnswer : std::uint8_t {
  nxdomain,
  zero,  // 0.0.0.0 and ::
};

struct RuleSet {
  std::vector<HostEntry> hosts{};
  std::chrono::seconds host_ttl{60};

  // These and all names below them do not exist (extended error 15).
  std::vector<Name> blocked{};
  BlockAnswer block_answer = BlockAnswer::nxdomain;
  std::chrono::seconds block_ttl{60};

  // No name has records of these types, of whatever zone; it is as if it had others (NODATA,
  // extended error 15).
  std::vector<Type> blocked_types{};

  // The first that matches is the one.
  std::vector<Rewrite> rewrites{};

  // RFC 6147: who asks for the IPv6 addresses of a name that has only IPv4 ones gets those, below
  // this prefix of 32, 40, 48, 56, 64 or 96 bits (RFC 6052).
  std::optional<boost::asio::ip::network_v6> dns64{};

  [[nodiscard]] bool empty() const {
    return hosts.empty() && blocked.empty() && blocked_types.empty() && rewrites.empty() && !dns64;
  }
};

class CompiledRules;  // libdns/src/rules/compiled_rules.hpp

// Immutable; read from any number of threads.
class PADDOCK_DNS_EXPORT Rules {
 public:
  // What cannot be compiled is left out and added to `problems`.
  Rules(const RuleSet& rules, std::vector<Problem>& problems);
  ~Rules();
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;

  // The compiled form, for the server.
  [[nodiscard]] const CompiledRules& compiled() const { return *compiled_; }

 private:
  std::unique_ptr<const CompiledRules> compiled_;
};

}  // namespace paddock::dns
