// SPDX-License-Identifier: Apache-2.0
//
// The peers, what each needs, and how it fares. Knows no kernel.
#pragma once

#include "overlay/entries.hpp"
#include "overlay/table.hpp"

#include <paddock/net/overlay.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net::overlay {

// Entries are not kept for each peer: a plan is made in a microsecond, and table() has them.
class Roster {
 public:
  // Pure, and the same until replan() or replace().
  using Planner = std::function<PeerEntries(const Peer&)>;

  // One peer's entries before and after a change. Without `simple` entries of others change as
  // well, and only table() says what is wanted.
  struct Change {
    bool simple = true;
    PeerEntries before;
    PeerEntries after;
  };

  // What is wanted whoever the peers are; a peer that wants the same place has it. Before the first
  // peer.
  void set_guard(PeerEntries entries);
  // Whether a claim in table() is that, and no peer's.
  static bool is_guard(const std::string& host) { return host.empty(); }

  // Of two peers who want the same, the later one in the list, or to be put, gets it.
  void replace(std::vector<Peer> peers, const Planner& plan);
  // Plans all anew, for another underlay or other subnets of our own.
  void replan(const Planner& plan);
  Change put(Peer peer, const Planner& plan);
  Change remove(std::string_view host, const Planner& plan);

  // What the kernel refused is held against a peer until its entries are tried again.
  void forget_refusals(std::string_view host);
  void forget_refusals();
  void refuse(std::string_view host, const std::string& sentence);

  // Notes since when a peer fares as it does; after every change and what the kernel said to it.
  void settle(std::string_view host);
  void settle();

  const Table& table() const { return table_; }
  // In the order of their names: those behind `after`, so many at most.
  std::vector<PeerStatus> status(std::string_view after = {}, std::size_t most = SIZE_MAX) const;

 private:
  // As sentences; empty: none.
  struct Troubles {
    std::string plan;
    std::string rivalry;
    std::string refusal;
    std::string settled;  // these three, as settled last
  };
  struct Record {
    Peer peer;
    std::uint64_t turn = 0;              // the later ones win
    std::unique_ptr<Troubles> troubles;  // null: none, as with nearly all
    PeerPath planned = PeerPath::none;
    PeerPath path = PeerPath::none;  // this and the next: as settled last
    std::chrono::system_clock::time_point since;

    Troubles& troubled();
  };
  using Records = std::map<std::string, Record, std::less<>>;

  static PeerEntries plan_of(Record& record, const Planner& plan);
  void enter(Records::value_type& record, const PeerEntries& entries);
  void rebuild(const Planner& plan);
  static void settle(Record& record);

  Records records_;
  PeerEntries guard_;
  const std::string guard_name_;  // empty, as no host's is
  Table table_;
  std::uint64_t turns_ = 0;
  bool any_refused_ = false;
};

}  // namespace paddock::net::overlay
