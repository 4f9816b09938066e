// SPDX-License-Identifier: Apache-2.0
//
// Responder: makes the reply to one query, at once from the Authority or the
// cache, or later from another resolver. It knows nothing of sockets: a Route
// says where a later reply goes.
#pragma once

#include "server/detour.hpp"
#include "server/mailbox.hpp"
#include "server/query_log.hpp"
#include "server/sockets.hpp"
#include "server/source_rates.hpp"
#include "server/tallies.hpp"
#include "upstream/forwarder.hpp"
#include "zone/table.hpp"
#include "zone/transfer.hpp"

#include <paddock/dns/answer.hpp>
#include <paddock/dns/server.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace paddock::dns::server {

using upstream::TimePoint;

// Where a reply goes. For UDP: the socket's number, the client, and the control message that
// makes the reply leave from the address asked. For TCP: the connection's number.
struct Route {
  Transport transport = Transport::udp;
  std::uint64_t number = 0;
  SocketAddress client{};
  std::array<std::uint8_t, 40> control{};
  std::uint8_t control_size = 0;
};

// What all workers are told alike and never changes.
struct Identity {
  std::string nsid;
  std::string version;
  std::uint16_t max_udp_payload = 1232;
  std::uint16_t keepalive = 0;  // RFC 7828, in 100 ms
  std::array<std::uint8_t, 16> cookie_secret{};
  TransferAccess transfers{};
  std::shared_ptr<SourceRates> rates{};  // null: any number of replies
};

// A later reply. Borrowed for the call.
using Deliver = std::function<void(const Route& route, std::span<const std::uint8_t> reply)>;

class Responder {
 public:
  // `shared` outlives it and knows it as `worker`, which is inside its epochs whenever it calls.
  Responder(const Identity& identity, upstream::Shared& shared, std::size_t worker,
            upstream::Poller& poller, Tallies& tallies, Deliver deliver);

  // `views` may be null.
  void set_authority(const Authority* authority, const Views* views) {
    authority_ = authority;
    views_ = views;
  }
  void set_status(Status status) { status_ = status; }
  // Null: none.
  void set_rules(std::shared_ptr<const Rules> rules);
  // Null: none.
  void set_query_log(std::shared_ptr<QueryLog> log) { log_ = std::move(log); }
  void configure(std::shared_ptr<const Forwarding> forwarding, TimePoint now);

  // Told once per batch of queries; `unix_time` is for cookies.
  void set_time(TimePoint now, std::uint32_t unix_time);

  enum class Result { replied, pending, transfer, dropped };
  struct Response {
    Result result = Result::dropped;
    std::size_t size = 0;  // written to `reply`
    Rcode rcode = Rcode::noerror;
  };

  // `reply` holds at least max_udp_payload octets. Pending: Deliver is called with `route` later,
  // unless the server stops first. Transfer, over TCP only: begin_transfer() has the messages.
  [[nodiscard]] Response respond(std::span<const std::uint8_t> query, const Route& route,
                                 std::span<std::uint8_t> reply);

  // What is sent of the zone is what it is now.
  [[nodiscard]] std::unique_ptr<ZoneTransfer> begin_transfer(std::span<const std::uint8_t> query,
                                                             const Route& route);

  [[nodiscard]] upstream::Forwarder& forwarder() { return forwarder_; }
  [[nodiscard]] const upstream::Forwarder& forwarder() const { return forwarder_; }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  // A query whose answer is awaited.
  struct Pending {
    Route route;
    std::vector<std::uint8_t> query;
    std::vector<std::uint8_t> begun;  // chase: the reply so far
    Outcome chased;
    std::vector<Detour> detours;  // the last one first on the way back
    AnswerContext context;        // without views, which may be others by then
    TimePoint received;
  };

  // A query that the zones have no whole answer to: its bytes, taken apart, and what they said.
  struct Asked {
    wire::Bytes raw;
    const wire::Query& query;
    const AnswerContext& context;
    const Outcome& outcome;

    [[nodiscard]] bool is_chase() const { return outcome.action == Action::chase; }
  };

  // Where a reply goes, and what is to be done to it before.
  struct Way {
    const Route& route;
    std::vector<Detour>& detours;
  };

  [[nodiscard]] AnswerContext context_for(const Route& route);
  [[nodiscard]] bool is_over_rate(const Route& route, const AnswerContext& context);
  Response cut_short(wire::Bytes raw, const AnswerContext& context, std::span<std::uint8_t> reply);
  Response respond_by_rules(wire::Bytes raw, const wire::Query& query, const AnswerContext& context,
                            Way way, std::span<std::uint8_t> reply);
  Response go_round(std::vector<std::uint8_t> inner, const AnswerContext& context, Way way,
                    std::span<std::uint8_t> reply);
  Response come_back(Response response, const AnswerContext& context, Way way,
                     std::span<std::uint8_t> reply);
  Response complete(Response missing, wire::Bytes raw, const AnswerContext& context,
                    const Route& route, std::span<std::uint8_t> reply);
  Response ask_candidate(Detour detour, const wire::Query& query, const AnswerContext& context,
                         Way way);
  [[nodiscard]] std::optional<Response> ask_for_a(const Detour& detour,
                                                  const AnswerContext& context, Way way);
  Response resolve(wire::Bytes raw, const wire::Query& query, const AnswerContext& context, Way way,
                   std::span<std::uint8_t> reply);
  Response forward(const Asked& asked, Way way, std::span<std::uint8_t> reply);
  Response wait(const Asked& asked, Way way, const upstream::Question& question, std::size_t group,
                std::span<std::uint8_t> reply);
  Response finish(const Asked& asked, const upstream::Resolution& resolution,
                  std::span<std::uint8_t> reply);
  Response finish_chase(const Asked& asked, const upstream::Resolution& resolution,
                        std::span<std::uint8_t> reply);
  Response fail(const Asked& asked, Rcode rcode, ExtendedError error,
                std::span<std::uint8_t> reply);
  Response count(Response response, std::span<const std::uint8_t> reply, Transport transport);
  void note(const wire::Query& query, const AnswerContext& context, const Response& response,
            TimePoint received);
  void on_resolution(std::uint64_t ticket, const upstream::Resolution& resolution);

  const Identity& identity_;
  Tallies& tallies_;
  Deliver deliver_;
  const Authority* authority_ = nullptr;
  const Views* views_ = nullptr;
  Status status_ = Status::not_ready;
  TimePoint now_;
  std::uint32_t unix_time_ = 0;
  std::uint32_t rotation_ = 0;
  bool is_cut_next_ = true;  // of replies over a client's rate; else left out
  std::shared_ptr<const Forwarding> forwarding_;
  std::shared_ptr<const Rules> rules_;
  SoaTemplate blocked_soa_;
  SoaTemplate host_soa_;
  std::shared_ptr<QueryLog> log_;
  const std::size_t worker_;
  std::size_t max_pending_ = 0;
  std::uint64_t last_ticket_ = 0;
  std::unordered_map<std::uint64_t, Pending> pending_;
  wire::Query query_;                   // the one that just came
  std::vector<std::uint8_t> reply_;     // for later replies
  std::vector<std::uint8_t> round_;     // a reply on its way back through detours
  std::vector<std::uint8_t> rendered_;  // an upstream's answer, for complete_chase()
  upstream::Forwarder forwarder_;
};

}  // namespace paddock::dns::server
