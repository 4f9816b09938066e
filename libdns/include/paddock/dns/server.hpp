// SPDX-License-Identifier: Apache-2.0
//
// Server: answers DNS over UDP and TCP from an immutable Authority, and forwards
// what is not in it. Each worker has one thread and its own sockets
// (SO_REUSEPORT); they share the cache of forwarded answers, which they read without a lock.
#pragma once

#include <paddock/dns/answer.hpp>
#include <paddock/dns/export.hpp>
#include <paddock/dns/record.hpp>
#include <paddock/dns/upstream.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dns {

class Authority;
class Rules;
class Views;

struct TcpOptions {
  std::size_t max_connections = 1000;                // of the whole server
  std::size_t max_connections_per_client = 100;      // by address
  std::chrono::milliseconds idle_timeout{20'000};    // nothing asked, nothing owed
  std::chrono::milliseconds message_timeout{5'000};  // a message begun but not complete
  std::chrono::milliseconds write_timeout{5'000};    // a client that does not read
};

struct ServerOptions {
  // Each is bound for UDP and TCP; port 0 takes a free one, the same for both. An address need
  // not exist yet (IP_FREEBIND). 0.0.0.0 is IPv4 only and :: IPv6 only.
  std::vector<Endpoint> listen{};
  unsigned workers = 0;                  // 0: one per CPU this process may use
  std::string nsid{};                    // RFC 5001; empty: none
  std::string version{};                 // told as version.bind; empty: not told
  std::uint16_t max_udp_payload = 1232;  // less than 512 is taken as 512, more than 4096 as that
  TcpOptions tcp{};
  // How many replies a second an address may have over UDP that shows no cookie of ours (RFC
  // 7873); beyond that every second one is cut short and the others are left out. 0: any number.
  std::uint32_t udp_rate = 0;
  TransferAccess transfers{};  // who may have whole zones over TCP
  ForwardOptions forwarding{};
  std::chrono::milliseconds stop_grace{500};  // for answers that are owed when stop() comes
  // Sockets that a process before this one bound. The server owns them: those at an address of
  // `listen` are used, with the queries that wait in them, the others closed.
  std::vector<int> inherited{};
  // Somebody has copies of sockets() for the process after this one: stop() leaves to it what it
  // has not read yet.
  bool hands_sockets_on = false;
  std::shared_ptr<const Rules> rules{};  // from the first query on, as set_rules() takes them
};

// What the server may say of its own names: SERVFAIL until it ever knew anything, marked answers
// while its source is lost.
enum class Status { not_ready, ready, stale };

// Query types worth a counter of their own.
enum class TypeGroup { a, aaaa, cname, ptr, srv, txt, mx, soa, ns, https, any, other };
inline constexpr std::size_t type_groups = 12;
[[nodiscard]] PADDOCK_DNS_EXPORT std::string_view format(TypeGroup group);

// How long things took, by buckets in seconds; the last one is open.
struct Latency {
  static constexpr std::array<double, 9> bounds{1e-5, 2.5e-5, 1e-4, 5e-4, 2.5e-3,
                                                1e-2, 1e-1,   5e-1, 2.0};
  std::array<std::uint64_t, bounds.size() + 1> counts{};
  double sum = 0;
};

// How large messages were in octets, by buckets; the last one is open.
struct MessageSizes {
  static constexpr std::array<double, 13> bounds{100,  200,  300,  400,  511,  1023, 2047,
                                                 4095, 8291, 16e3, 32e3, 48e3, 64e3};
  std::array<std::uint64_t, bounds.size() + 1> counts{};
  std::uint64_t sum = 0;
};

// What was seen of another resolver since it is one of those asked.
struct UpstreamCounters {
  Upstream upstream{};
  Latency latency{};           // of its answers
  std::uint64_t failures = 0;  // tries without one, or with none that could be used
};

// Totals since the start, of all workers together; `open` and `entries` are of now.
struct Counters {
  // queries[protocol][family][type]: protocol 0 UDP, 1 TCP; family 0 IPv4, 1 IPv6.
  std::array<std::array<std::array<std::uint64_t, type_groups>, 2>, 2> queries{};
  std::array<std::uint64_t, 24> responses{};  // by rcode, extended ones included
  std::array<MessageSizes, 2> query_sizes{};  // by protocol, as above
  std::array<MessageSizes, 2> response_sizes{};
  std::uint64_t dnssec_ok = 0;           // queries with DO set
  std::uint64_t over_rate_cut = 0;       // replies over a client's rate: without records
  std::uint64_t over_rate_left_out = 0;  // and those not sent
  std::uint64_t truncated = 0;
  std::uint64_t dropped = 0;  // no DNS query, or the reply could not be sent

  Latency latency{};  // from reading a query to handing its reply to the kernel

  std::uint64_t cache_hits = 0;
  std::uint64_t cache_misses = 0;
  std::uint64_t cache_stale = 0;  // expired answers given because upstreams failed
  std::uint64_t cache_entries = 0;
  std::uint64_t cache_bytes = 0;
  std::uint64_t forwarded = 0;          // questions sent to an upstream, each try
  std::uint64_t forward_hedged = 0;     // of these, because another upstream was slow
  std::uint64_t prefetched = 0;         // answers asked for anew before they expired
  std::uint64_t forward_failures = 0;   // tries that brought no usable answer
  std::uint64_t forward_exhausted = 0;  // questions nobody answered in time

  std::uint64_t completed = 0;     // queries whose client's search list was completed here
  std::uint64_t log_left_out = 0;  // queries there was no room to note, of the log in use now

  std::vector<UpstreamCounters> upstreams{};

  std::uint64_t tcp_open = 0;
  std::uint64_t tcp_accepted = 0;
  std::uint64_t tcp_refused = 0;  // over a limit
};

// One query, for a log.
struct LoggedQuery {
  boost::asio::ip::address client{};
  Transport transport = Transport::udp;
  Name name{};
  Type type{0};
  Rcode rcode = Rcode::noerror;
  std::chrono::microseconds took{0};  // from reading it to having its reply
};

// Lifetime: the sockets are bound when the constructor returns and answering has begun; the
// destructor stops. Every member may be called from any thread, but set_status(), set_rules(),
// forward() and stop() wait for the workers, publish() for those that are answering just then (well
// under a millisecond when they are not starved), and they exclude each other.
class PADDOCK_DNS_EXPORT Server {
 public:
  // Throws std::system_error with a sentence when a socket or a thread cannot be had: which, why,
  // and what to do; std::invalid_argument without an authority or an address to listen on.
  Server(ServerOptions options, std::shared_ptr<const Authority> authority,
         Status status = Status::not_ready, std::shared_ptr<const Views> views = nullptr);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // From its return on every query is answered from `authority` and `views`, and the previous ones
  // are no longer used by any worker: their last references fall here or on the caller, never on a
  // worker. Without views every client is answered alike. Throws std::invalid_argument without an
  // authority.
  void publish(std::shared_ptr<const Authority> authority,
               std::shared_ptr<const Views> views = nullptr);
  void set_status(Status status);

  // Takes new rules; null: none. Questions in flight keep those they came under.
  void set_rules(std::shared_ptr<const Rules> rules);

  // Notes one of so many queries that are replied to; 0: none. What is noted is to be taken: each
  // worker holds up to 4096, and those that do not fit are left out and counted.
  void set_query_log(unsigned one_in);
  [[nodiscard]] std::vector<LoggedQuery> take_query_log();

  // Takes new upstreams, as after SIGHUP. Questions in flight are put to these; what is cached of
  // the same list of upstreams stays.
  ForwardingReport forward(const ForwardOptions& options);

  // What the last options for forwarding came to.
  [[nodiscard]] ForwardingReport forwarding() const;

  // Where it really listens, in the order of ServerOptions::listen.
  [[nodiscard]] std::vector<Endpoint> endpoints() const;

  // The bound sockets of every worker, UDP and TCP, for copies; they stay the server's.
  [[nodiscard]] std::vector<int> sockets() const;

  [[nodiscard]] Counters counters() const;

  // Takes no new queries, gives what is owed within stop_grace, ends the workers. Idempotent.
  // sockets() are closed with the server.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace paddock::dns
