// SPDX-License-Identifier: Apache-2.0
//
// Answering one query from an Authority: bytes in, bytes out. Pure: no clock, no lock, no
// allocation; all it needs to know besides the query is in the AnswerContext.
#pragma once

#include <paddock/dns/record.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace paddock::dns {

class Authority;
class Views;

enum class Transport : std::uint8_t { udp, tcp };

// Who may have whole zones (AXFR, RFC 5936): the addresses of these networks.
struct PADDOCK_DNS_EXPORT TransferAccess {
  std::vector<boost::asio::ip::network_v4> v4{};
  std::vector<boost::asio::ip::network_v6> v6{};

  [[nodiscard]] bool allows(const boost::asio::ip::address& client) const noexcept;
};

// What a worker knows when a query arrives.
struct AnswerContext {
  Transport transport = Transport::udp;
  boost::asio::ip::address client{};

  // What `client` is answered differently from others. Null: nobody is.
  const Views* views = nullptr;

  // Largest UDP reply, and the payload size told in OPT. A client may ask for less, not more.
  std::uint16_t udp_limit = 1232;

  // Counts up with each query of the worker; decides which address comes first.
  std::uint32_t rotation = 0;

  // Names outside the zones are forwarded instead of refused; RA is set in replies to RD.
  bool is_forwarding = false;

  // False until the sources of the zones were read once: SERVFAIL with extended error 14.
  bool is_ready = true;

  // The sources were lost: replies carry extended error 3 for clients that sent OPT.
  bool is_stale = false;

  // Answers NSID, and id.server and hostname.bind in class CH. Empty: not told.
  std::string_view server_id{};

  // Answers version.bind in class CH. Empty: not told.
  std::string_view version{};

  // Key of server cookies (RFC 9018), the same on all workers, and Unix time for them. Null: the
  // cookie option is ignored.
  const std::array<std::uint8_t, 16>* cookie_secret = nullptr;
  std::uint32_t unix_time = 0;

  // Idle time-out told to TCP clients that send edns-tcp-keepalive (RFC 7828), in units of 100 ms.
  // 0: not told.
  std::uint16_t keepalive = 0;

  // Who may have whole zones. Null: nobody.
  const TransferAccess* transfers = nullptr;
};

enum class Action : std::uint8_t {
  reply,     // send the first `size` bytes
  forward,   // not ours: ask upstream; nothing was written
  transfer,  // a whole zone was asked for and may be sent; nothing was written
  chase,     // `reply` holds CNAMEs up to `target`, outside our zones; see complete_chase()
  drop,      // not a query, or too short to be one: send nothing
};

struct Outcome {
  Action action = Action::drop;
  std::size_t size = 0;

  // For chase: the name to resolve, with the query's own type. Uncompressed wire form, lower case,
  // borrowed from the reply buffer.
  std::span<const std::uint8_t> target{};
  Type type{0};

  // The response code of a reply, for counters.
  Rcode rcode = Rcode::noerror;
};

// Answers `query` into `reply`, which must hold 512 bytes at least; a reply never passes
// min(reply.size(), what the client takes). Every input gets an outcome, garbage too.
PADDOCK_DNS_EXPORT Outcome answer(const Authority& authority, std::span<const std::uint8_t> query,
                                  const AnswerContext& context,
                                  std::span<std::uint8_t> reply) noexcept;

// Finishes a chase. `reply` and `chased` are what answer() left, `query` and `context` the same as
// then; `upstream` is the response to the target, or empty when nobody answered (SERVFAIL, keeping
// the CNAMEs). Appends its answer section, takes its response code (RFC 6604) and for a negative
// one its authority section, adds OPT. Returns the reply's size.
PADDOCK_DNS_EXPORT Outcome complete_chase(std::span<const std::uint8_t> query,
                                          const AnswerContext& context,
                                          std::span<const std::uint8_t> upstream,
                                          const Outcome& chased,
                                          std::span<std::uint8_t> reply) noexcept;

// A reply without records: the question, `rcode`, and OPT with `error` when the client sent OPT.
// For queries answer() told to forward and that found no answer. Dropped if `query` is no query.
PADDOCK_DNS_EXPORT Outcome answer_failure(std::span<const std::uint8_t> query,
                                          const AnswerContext& context, Rcode rcode,
                                          ExtendedError error,
                                          std::span<std::uint8_t> reply) noexcept;

}  // namespace paddock::dns
