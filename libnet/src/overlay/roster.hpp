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
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net::overlay {

class Roster {
 public:
  using Planner = std::function<PeerEntries(const Peer&)>;

  // One peer's entries before and after a change. Without `simple` entries of others change as
  // well, and only table() says what is wanted.
  struct Change {
    bool simple = true;
    PeerEntries before;
    PeerEntries after;
  };

  // What is wanted whoever the peers are; a peer that wants the same place has it.
  void set_guard(PeerEntries entries);
  // Whether a claim in table() is that, and no peer's.
  static bool is_guard(const std::string& host) { return host.empty(); }

  // Of two peers who want the same, the later one in the list, or to be put, gets it.
  void replace(std::vector<Peer> peers, const Planner& plan);
  // Plans all anew, for another underlay or other subnets of our own.
  void replan(const Planner& plan);
  Change put(Peer peer, const Planner& plan);
  Change remove(std::string_view host);

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
  struct Record {
    Peer peer;
    std::uint64_t turn = 0;  // the later ones win
    PeerEntries entries;
    std::string rivalry;
    std::string refusal;
    PeerPath path = PeerPath::none;  // this and the next two: as settled last
    std::string trouble;
    std::chrono::system_clock::time_point since;
  };
  using Records = std::map<std::string, Record, std::less<>>;

  void enter(Records::value_type& record);
  void rebuild();
  static void settle(Record& record);

  Records records_;
  PeerEntries guard_;
  const std::string guard_name_;  // empty, as no host's is
  Table table_;
  std::uint64_t turns_ = 0;
  bool any_refused_ = false;
};

}  // namespace paddock::net::overlay
