// SPDX-License-Identifier: Apache-2.0
#include "zone/transfer.hpp"

#include "zone/entry_writer.hpp"
#include "zone/pattern.hpp"

#include <algorithm>

namespace paddock::dns {
namespace {

// Of one message: small enough for compression pointers to reach all of it, and for other clients
// not to wait long.
constexpr std::size_t enough = 0x3FFF;

std::uint32_t serial_of(const SoaTemplate& soa) {
  return wire::load32(reinterpret_cast<const std::uint8_t*>(soa.bytes.data()) + soa.serial_offset);
}

}  // namespace

bool TransferAccess::allows(const boost::asio::ip::address& client) const noexcept {
  if (client.is_v4()) {
    const auto bits = client.to_v4().to_uint();
    return std::ranges::any_of(v4, [bits](const auto& network) {
      const auto mask = network.netmask().to_uint();
      return (bits & mask) == (network.address().to_uint() & mask);
    });
  }
  const auto bytes = client.to_v6().to_bytes();
  return std::ranges::any_of(v6, [&bytes](const auto& network) {
    const auto base = network.address().to_bytes();
    const std::size_t whole = network.prefix_length() / 8u;
    const unsigned left = network.prefix_length() % 8u;
    return std::equal(base.begin(), base.begin() + static_cast<std::ptrdiff_t>(whole),
                      bytes.begin()) &&
           (left == 0 || (base[whole] ^ bytes[whole]) >> (8 - left) == 0);
  });
}

Outcome answer_transfer(Reply& reply, const AuthorityTable& table, const wire::Query& query,
                        const AnswerContext& context) noexcept {
  const std::uint16_t zone = table.zone_of(query.qname());
  const bool is_ours =
      zone != AuthorityTable::no_zone && table.zones[zone].origin.size() == query.qname().size();
  const bool is_tcp = context.transport == Transport::tcp;
  if (context.transfers == nullptr || !context.transfers->allows(context.client) ||
      (!is_tcp && query.qtype() == Type::axfr)) {
    reply.set_rcode(Rcode::refused);
    reply.set_error(ExtendedError::prohibited);
  } else if (!is_ours) {
    reply.set_rcode(Rcode::notauth);
    reply.set_error(ExtendedError::not_authoritative);
  } else if (!is_all_known(table.zones[zone], context)) {
    reply.set_rcode(Rcode::servfail);
    reply.set_error(ExtendedError::not_ready);
  } else if (is_tcp) {
    Outcome outcome;
    outcome.action = Action::transfer;
    outcome.type = query.qtype();
    return outcome;
  } else {  // the SOA alone: come over TCP (RFC 1995 section 2)
    reply.set_authoritative();
    reply.add_soa(table.zones[zone].soa, wire::header_size, true);
  }
  return reply.finish();
}

ZoneTransfer::ZoneTransfer(std::shared_ptr<const Authority> authority, wire::Bytes query,
                           const AnswerContext& context)
    : authority_(std::move(authority)), message_(query.begin(), query.end()), context_(context) {
  has_ended_ = wire::parse_query(message_, query_) != wire::Verdict::ok;
  zone_ = authority_->table().zone_of(query_.qname());
  if (!has_ended_ && is_client_current()) shard_ = AuthorityTable::width * Branch::width;
}

// IXFR says in its authority section which serial the client has.
bool ZoneTransfer::is_client_current() const noexcept {
  if (query_.qtype() != Type::ixfr || wire::load16(message_.data() + 8) != 1) return false;
  std::size_t at = query_.question_end;
  const auto record = wire::read_record(message_, at);
  if (!record || Type{record->type} != Type::soa || record->data_size < 20) return false;
  const std::uint32_t theirs = wire::load32(message_.data() + record->end - 20);
  return static_cast<std::int32_t>(theirs - serial_of(zone().soa)) >= 0;  // RFC 1982
}

// Moves on to the next entry of the zone, if it does not stand at one.
bool ZoneTransfer::find_entry_from_here() noexcept {
  const AuthorityTable& table = authority_->table();
  for (; !entry_ && shard_ < AuthorityTable::width * Branch::width; ++shard_, slot_ = 0) {
    const Branch* branch = table.branches[shard_ / Branch::width];
    if (branch == nullptr) continue;
    const Shard& shard = branch->shards[shard_ % Branch::width];
    while (shard.slots && slot_ <= shard.mask) {
      const std::uint32_t slot = shard.slot(slot_++);
      if (slot == empty_slot || slot == tombstone) continue;
      const EntryView entry(shard.entry_at(slot));
      if (entry.header().zone != zone_ || is_pattern(entry.name())) continue;
      entry_ = entry;
      set_ = 0;
      offset_ = owner_at_ = 0;
      return true;
    }
  }
  return static_cast<bool>(entry_);
}

// The owner's part above the origin, which is the question; behind the first time, a pointer.
bool ZoneTransfer::put_owner(wire::Writer& writer) noexcept {
  const wire::Bytes name = entry_.name();
  const std::size_t above = name.size() - zone().origin.size();
  if (above == 0) return writer.u16(0xC000 | wire::header_size);
  if (owner_at_ != 0) return writer.u16(static_cast<std::uint16_t>(0xC000 | owner_at_));
  const std::size_t at = writer.position();
  if (!writer.bytes(name.data(), above) || !writer.u16(0xC000 | wire::header_size)) return false;
  if (at <= enough) owner_at_ = at;
  return true;
}

// False when the message is full before the set's end.
bool ZoneTransfer::add_set(Reply& reply, const SetView& set) noexcept {
  wire::Writer& writer = reply.writer();
  while (offset_ < set.header.size()) {
    const std::uint8_t* record = set.body + offset_;
    const std::size_t size = record_size(record);
    const std::size_t start = writer.position();
    const bool is_first = start == query_.question_end;
    const std::size_t owner_before = owner_at_;
    if (!is_first && start + entry_.name().size() + size > enough) return false;
    if (put_owner(writer) && writer.bytes(record + 2, size - 2)) {
      reply.count_answer();
    } else {  // in no message there is room for so large a record
      writer.rewind(start);
      owner_at_ = owner_before;
      if (!is_first) return false;
    }
    offset_ += size;
  }
  offset_ = 0;
  return true;
}

// False when the message is full before the zone's end.
bool ZoneTransfer::add_records(Reply& reply) noexcept {
  owner_at_ = 0;
  while (find_entry_from_here()) {
    const std::uint8_t* next = entry_.sets();
    for (unsigned i = 0; i < entry_.header().visible_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (i < set_) continue;
      set_ = i;
      if (!add_set(reply, set)) return false;
    }
    entry_ = {};
  }
  return true;
}

std::size_t ZoneTransfer::next(std::span<std::uint8_t> out) noexcept {
  if (has_ended_) return 0;
  Reply reply(message_, query_, context_, out);
  reply.set_authoritative();
  const bool is_alone = shard_ == AuthorityTable::width * Branch::width && !has_begun_;
  if (!has_begun_) reply.add_soa(zone().soa, wire::header_size, true);
  has_begun_ = true;
  if (is_alone) {
    has_ended_ = true;
  } else if (add_records(reply)) {
    has_ended_ = reply.writer().room() >= zone().soa.bytes.size() + 2;
    if (has_ended_) reply.add_soa(zone().soa, wire::header_size, true);
  }
  return reply.finish().size;
}

}  // namespace paddock::dns
