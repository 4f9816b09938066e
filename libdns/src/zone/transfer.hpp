// SPDX-License-Identifier: Apache-2.0
//
// Whole zones for other servers: AXFR (RFC 5936), and IXFR answered as AXFR (RFC 1995 section 4).
#pragma once

#include "wire/message.hpp"
#include "zone/entry.hpp"
#include "zone/reply.hpp"
#include "zone/table.hpp"

#include <paddock/dns/answer.hpp>
#include <paddock/dns/zone.hpp>

#include <memory>
#include <vector>

namespace paddock::dns {

inline bool is_transfer(Type type) { return type == Type::axfr || type == Type::ixfr; }

// Decides about a transfer: refused, answered at once, or Action::transfer.
Outcome answer_transfer(Reply& reply, const AuthorityTable& table, const wire::Query& query,
                        const AnswerContext& context) noexcept;

// One transfer on its way: gives its messages one after the other, from one snapshot. The order of
// names is the table's.
class ZoneTransfer {
 public:
  // `query` must have come out of answer() as Action::transfer with this authority and context.
  // What the context borrows must outlive the transfer.
  ZoneTransfer(std::shared_ptr<const Authority> authority, wire::Bytes query,
               const AnswerContext& context);

  // Writes the next message into `out`, which holds 65535 octets; its size, 0 behind the last one.
  std::size_t next(std::span<std::uint8_t> out) noexcept;

 private:
  const CompiledZone& zone() const { return authority_->table().zones[zone_]; }
  bool is_client_current() const noexcept;
  bool find_entry_from_here() noexcept;
  bool add_records(Reply& reply) noexcept;
  bool add_set(Reply& reply, const SetView& set) noexcept;
  bool put_owner(wire::Writer& writer) noexcept;

  const std::shared_ptr<const Authority> authority_;
  const std::vector<std::uint8_t> message_;
  wire::Query query_;
  const AnswerContext context_;
  std::uint16_t zone_ = AuthorityTable::no_zone;

  // Where it stands: shard, slot of it, the slot's entry, set of that, octets of the set.
  std::size_t shard_ = 0;
  std::uint32_t slot_ = 0;
  EntryView entry_;
  unsigned set_ = 0;
  std::size_t offset_ = 0;
  std::size_t owner_at_ = 0;  // in the message being written; 0: not there
  bool has_begun_ = false;
  bool has_ended_ = false;
};

}  // namespace paddock::dns
