// SPDX-License-Identifier: Apache-2.0
//
// Forwarding: which other resolvers are asked for names that are not ours, and
// how. These are plain values; Server turns them into a cache, which all workers
// share, and sockets, which each has for itself.
#pragma once

#include <paddock/dns/error.hpp>
#include <paddock/dns/export.hpp>
#include <paddock/dns/name.hpp>

#include <boost/asio/ip/address.hpp>

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

// An address and a port, of a listener or of another resolver.
struct Endpoint {
  boost::asio::ip::address address;
  std::uint16_t port = 53;

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
  friend auto operator<=>(const Endpoint& a, const Endpoint& b) {
    return a.address == b.address  ? a.port <=> b.port
           : a.address < b.address ? std::strong_ordering::less
                                   : std::strong_ordering::greater;
  }
};

// Reads `10.0.0.1`, `10.0.0.1:53`, `fd00::1`, `[fd00::1]:53`, `fe80::1%eth0`. The port is 53
// unless given.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<Endpoint> parse_endpoint(std::string_view text);

// `10.0.0.1:53` or `[fd00::1]:53`: what parse_endpoint() reads.
[[nodiscard]] PADDOCK_DNS_EXPORT std::string format(const Endpoint& endpoint);

// Another resolver, and how it is spoken to.
struct Upstream {
  enum class Transport : std::uint8_t {
    udp,  // and over TCP when an answer is cut short
    tcp,
    tls,  // RFC 7858; refused unless its certificate is right
  };

  Endpoint endpoint{};
  Transport transport = Transport::udp;
  std::string tls_name{};  // what its certificate must be for; empty: its address

  friend bool operator==(const Upstream&, const Upstream&) = default;
  friend auto operator<=>(const Upstream&, const Upstream&) = default;
};

// Reads an endpoint, `tcp://10.0.0.1` or `tls://1.1.1.1#cloudflare-dns.com` (port 853 unless
// given). Fails on port 0, which nobody can be asked at.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<Upstream> parse_upstream(std::string_view text);

// What parse_upstream() reads.
[[nodiscard]] PADDOCK_DNS_EXPORT std::string format(const Upstream& upstream);

// A zone that has resolvers of its own: they are asked for it and all below it, and nobody else is.
struct StubZone {
  Name zone{};
  std::vector<Upstream> upstreams{};

  friend bool operator==(const StubZone&, const StubZone&) = default;
};

// Reads `corp.example=10.0.0.1,10.0.0.2`.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<StubZone> parse_stub_zone(std::string_view text);

// Resolvers of some clients: View::upstreams names the set. They are asked before everybody's.
struct UpstreamSet {
  std::string name{};
  std::vector<Upstream> upstreams{};

  friend bool operator==(const UpstreamSet&, const UpstreamSet&) = default;
};

// Who is asked first among resolvers in good standing.
enum class Preference : std::uint8_t {
  fastest,  // the one that answers fastest; those within a factor of two in the order given
  ordered,  // the first in the order given
};

struct ForwardOptions {
  // Asked for names of no stub zone. Empty: take them from `resolv_conf`. Both empty: such names
  // are refused. One that fails is passed over for a while.
  std::vector<Upstream> upstreams{};
  std::string resolv_conf{};

  // The longest zone that holds a name decides. Zones of our own come before all of these.
  std::vector<StubZone> stubs{};

  // For clients whose view names one of them. A stub zone's resolvers are asked by every client.
  std::vector<UpstreamSet> sets{};

  Preference preference = Preference::fastest;

  // Spells names at random towards upstreams over UDP and takes only replies spelt alike, which
  // makes a reply harder to guess. A resolver that changes the spelling is not believed.
  bool random_case = false;

  // The certificates (PEM) that resolvers over TLS are checked with; empty: the system's.
  std::string tls_ca{};

  // Whether the upstreams are asked for the reverse names of private addresses. If not, those that
  // are in no zone of ours do not exist (RFC 6303). Say true where an upstream knows them.
  bool private_reverse = false;

  std::chrono::milliseconds attempt_timeout{1200};  // one resolver, one try
  std::chrono::milliseconds deadline{4500};         // then the client gets SERVFAIL
  std::size_t max_in_flight = 1000;                 // different questions, per worker

  std::size_t cache_bytes = std::size_t{8} << 20;  // of all workers together; 0: no cache
  // How long an answer is kept, and that there is none (RFC 2308). With a cache, clients are told
  // no larger TTLs.
  std::chrono::seconds max_ttl{3600};
  std::chrono::seconds max_negative_ttl{1800};
  std::chrono::seconds failure_ttl{5};  // RFC 9520; taken as 1 at least and 5 at most

  // Asks anew for answers in the last tenth of their time that were asked for four times or more.
  bool prefetch = true;

  // RFC 8767: how long an expired answer may still be given when the upstreams fail (0: never),
  // and how long a client waits for a fresh one before it gets that.
  std::chrono::seconds serve_stale{3600};
  std::chrono::milliseconds stale_answer_after{1800};
};

// What became of the options: the resolvers that are asked, and a sentence for each thing that
// was left out (a file that cannot be read, a line that is no address, a resolver that is us).
struct ForwardingReport {
  std::vector<Upstream> upstreams{};
  std::vector<StubZone> stubs{};
  std::vector<UpstreamSet> sets{};
  std::vector<std::string> problems{};
};

// The name servers of a resolv.conf, in order. Fails when the file cannot be read. Lines that
// are no address are told in `problems`. When the file names only systemd-resolved's stub
// (127.0.0.53), the list resolved itself uses is taken instead if it is there.
[[nodiscard]] PADDOCK_DNS_EXPORT Result<ForwardingReport> read_resolv_conf(const std::string& path);

// Decides who is asked: the listed upstreams, else those of resolv_conf, and those of each stub
// zone, without the ones that are `own` listeners (0.0.0.0 and :: stand for every address of this
// host). Never fails: what is wrong is in `problems`.
[[nodiscard]] PADDOCK_DNS_EXPORT ForwardingReport choose_upstreams(const ForwardOptions& options,
                                                                   std::span<const Endpoint> own);

}  // namespace paddock::dns
