// SPDX-License-Identifier: Apache-2.0
//
// Names kept the way SkyDNS keeps them: a tree of JSON entries at keys that are names turned round,
// `/skydns/local/skydns/db/x1` for x1.db.skydns.local. A name answers for all entries below it, and
// the labels `*` and `any` for any label. docs/skydns.md has the rules.
#pragma once

#include <paddock/dns/error.hpp>
#include <paddock/dns/upstream.hpp>
#include <paddock/dns/zone.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

// The value of one key.
struct SkyDnsEntry {
  std::string host{};  // an address or a name; empty: only text
  std::uint16_t port = 0;
  std::uint16_t priority = 10;
  std::uint16_t weight = 0;  // 0: 100
  std::string text{};
  bool is_mail = false;
  std::optional<std::chrono::seconds> ttl{};
  std::uint16_t target_strip = 0;  // labels the name of an SRV target has fewer than the key
  std::string group{};

  friend bool operator==(const SkyDnsEntry&, const SkyDnsEntry&) = default;
};

// Reads a value. Names of members are compared without regard to case, unknown ones are passed
// over, as the program of old did.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<SkyDnsEntry> parse_skydns_entry(std::string_view json);

// Keeps the entries and contributes the names they make. One thread at a time.
class PADDOCK_DNS_EXPORT SkyDnsNames {
 public:
  struct Options {
    std::string source = "skydns";  // how it is called at the builder, where there are several
    std::vector<Name> domains{Name::parse("skydns.local").value()};
    std::string prefix = "/skydns";  // of the keys; without a slash at its end
    std::chrono::seconds ttl{3600};  // of entries that have none
    std::chrono::seconds negative_ttl{60};
    // Where this server is asked: ns.dns.<domain> where no entry says so, and local.dns.<domain>.
    std::vector<boost::asio::ip::address> server_addresses{};
  };

  explicit SkyDnsNames(Options options);
  ~SkyDnsNames();
  SkyDnsNames(SkyDnsNames&&) noexcept;
  SkyDnsNames& operator=(SkyDnsNames&&) noexcept;

  // The domains, and in-addr.arpa and ip6.arpa, of which what is missing is forwarded.
  [[nodiscard]] std::vector<ZoneSpec> zones() const;

  // Takes the value of a key. `lease` is how long it lasts unless renewed; answers that hold it do
  // not outlive it. Fails, and keeps what the key had, when the value is no entry or the key no
  // name of the domains.
  Result<void> set(std::string_view key, std::string_view json,
                   std::optional<std::chrono::seconds> lease = {});
  void erase(std::string_view key);

  // Every key there is, to find those that are gone.
  [[nodiscard]] std::vector<std::string> keys() const;

  // Puts to `builder`, whose zones must include zones(), what changed since the last time.
  void contribute(AuthorityBuilder& builder, std::chrono::system_clock::time_point now);

  // How far the entries are all there are; Content::unknown until it is said.
  void set_content(Content content);

  // For a builder that knows nothing yet: contribute() puts everything again.
  void start_over();

  // Zones of other servers, <zone>.stub.dns.<domain>.
  [[nodiscard]] std::vector<StubZone> stub_zones() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::dns
