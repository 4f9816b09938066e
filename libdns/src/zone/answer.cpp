// SPDX-License-Identifier: Apache-2.0
#include "zone/dashed_address.hpp"
#include "zone/entry_writer.hpp"
#include "zone/reply.hpp"
#include "zone/table.hpp"

#include <paddock/dns/answer.hpp>

#include <algorithm>

namespace paddock::dns {
namespace {

constexpr int max_cnames = 12;
constexpr std::size_t max_targets = 64;  // of one answer, whose addresses are added

Outcome forward_outcome(const wire::Query& query) {
  Outcome outcome;
  outcome.action = Action::forward;
  outcome.type = query.qtype();
  return outcome;
}

// Where the name that is a record's data begins in it, for types whose target's addresses go into
// the additional section; 0 for the others.
std::size_t target_offset(Type type) {
  switch (type) {
    case Type::ns:
      return record_prefix;
    case Type::mx:
      return record_prefix + 2;
    case Type::srv:
      return record_prefix + 6;
    default:
      return 0;
  }
}

// One query on its way through the table. `name` is what is looked up now and `at` where it stands
// in the reply: the question first, then the targets of CNAMEs.
class Lookup {
 public:
  Lookup(const AuthorityTable& table, wire::Bytes message, const wire::Query& query,
         const AnswerContext& context, std::span<std::uint8_t> out) noexcept
      : table_(table),
        query_(query),
        context_(context),
        reply_(message, query, context, out),
        name_(query.qname()) {}

  Outcome run() noexcept {
    if (query_.qtype() == Type::axfr || query_.qtype() == Type::ixfr) return refuse();
    for (int cnames = 0; cnames <= max_cnames; ++cnames) {
      const EntryView entry = find();
      if (zone_ == AuthorityTable::no_zone) return leave_zones(cnames > 0);
      if (!is_known(entry)) return fail(ExtendedError::not_ready);
      if (!entry && zone().missing == Missing::forward && context_.is_forwarding) {
        return leave_zones(cnames > 0);
      }
      reply_.set_authoritative();
      if (context_.is_stale && zone().content == Content::learnt) {
        reply_.set_error(ExtendedError::stale_answer);
      }
      if (!entry) return deny();
      if (!follow(entry)) return reply_.finish();
    }
    reply_.drop_sections();  // CNAMEs in a circle
    return fail(ExtendedError::none);
  }

 private:
  const CompiledZone& zone() const { return table_.zones[zone_]; }

  wire::Bytes origin() const {
    return {reinterpret_cast<const std::uint8_t*>(zone().origin.data()), zone().origin.size()};
  }

  // The entry to answer from: the name's own, else the wildcard's that covers it.
  EntryView find() noexcept {
    const EntryView entry = table_.find(name_);
    zone_ = entry ? entry.header().zone : table_.zone_of(name_);
    if (entry || zone_ == AuthorityTable::no_zone || !zone().has_wildcards) return entry;
    return find_wildcard();
  }

  // RFC 4592: the wildcard directly below the closest name that exists.
  EntryView find_wildcard() const noexcept {
    wire::Bytes ancestor = name_;
    do {
      ancestor = ancestor.subspan(std::size_t{1} + ancestor[0]);
    } while (ancestor.size() > zone().origin.size() && !table_.find(ancestor));
    std::array<std::uint8_t, Name::max_length + 2> wildcard{1, '*'};
    if (ancestor.size() + 2 > Name::max_length) return {};
    std::memcpy(wildcard.data() + 2, ancestor.data(), ancestor.size());
    return table_.find({wildcard.data(), ancestor.size() + 2});
  }

  // False while the answer would be made of what nobody has told yet. What is there is right; only
  // in a zone that is ours alone the rest must not be denied, nor given to others.
  bool is_known(const EntryView& entry) const {
    if (context_.is_ready || zone().content == Content::fixed) return true;
    return zone().missing == Missing::forward && (entry || context_.is_forwarding);
  }

  // The name is not ours. After a CNAME the server may resolve it, if recursion is wanted.
  Outcome leave_zones(bool is_target) noexcept {
    if (!is_target) return context_.is_forwarding ? forward_outcome(query_) : refuse();
    if (!context_.is_forwarding || !query_.wants(wire::flag_rd)) return reply_.finish();
    return reply_.leave(name_);
  }

  Outcome refuse() noexcept {
    reply_.set_rcode(Rcode::refused);
    if (zone_ == AuthorityTable::no_zone) reply_.set_error(ExtendedError::not_authoritative);
    return reply_.finish();
  }

  Outcome fail(ExtendedError error) noexcept {
    reply_.set_rcode(Rcode::servfail);
    reply_.set_error(error);
    return reply_.finish();
  }

  void add_negative_soa() noexcept {
    reply_.add_soa(zone().soa, at_ + name_.size() - zone().origin.size(), false);
  }

  // No entry: NXDOMAIN, unless the name spells an address where that is an answer.
  Outcome deny() noexcept {
    if (!zone().has_dashed_addresses || !synthesize()) {
      reply_.set_rcode(Rcode::nxdomain);
      add_negative_soa();
    }
    return reply_.finish();
  }

  bool synthesize() noexcept {
    const wire::Bytes label = name_.subspan(1, name_[0]);
    const wire::Bytes parent = name_.subspan(1 + label.size());
    const EntryView entry = table_.find(parent);
    const std::uint8_t* next = entry ? entry.sets() : nullptr;
    for (unsigned i = 0; entry && i < entry.header().set_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (set.type() != dashed_addresses) continue;
      const auto address = parse_dashed(label);
      const bool is_open = record_size(set.body) == record_prefix;
      if (!address || !(is_open || has_pointer_below(*address, parent))) return false;
      add_spelt_address(*address, wire::load32(set.body + 6));
      return true;
    }
    return false;
  }

  void add_spelt_address(const SpeltAddress& address, std::uint32_t ttl) noexcept {
    const Type type = address.size == 4 ? Type::a : Type::aaaa;
    if (query_.qtype() != type && query_.qtype() != Type::any) return add_negative_soa();
    reply_.add_record(at_, type, wire::class_in, ttl, {address.bytes.data(), address.size});
    if (!context_.is_stale) reply_.set_error(ExtendedError::synthesized);
  }

  // Whether a PTR record of the address, even one that others hide, leads below `parent`.
  bool has_pointer_below(const SpeltAddress& address, wire::Bytes parent) const noexcept {
    std::array<std::uint8_t, max_reverse_name> reverse;
    const EntryView entry = table_.find({reverse.data(), write_reverse_name(address, reverse)});
    const std::uint8_t* next = entry ? entry.sets() : nullptr;
    for (unsigned i = 0; entry && i < entry.header().set_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (set.type() != Type::ptr) continue;
      for (const std::uint8_t* at = set.body; at != set.end(); at += record_size(at)) {
        wire::Bytes target{at + record_prefix, record_size(at) - record_prefix};
        while (target.size() > parent.size()) target = target.subspan(std::size_t{1} + target[0]);
        if (std::ranges::equal(target, parent)) return true;
      }
    }
    return false;
  }

  // Answers from the entry. True when the answer is a CNAME to go on with.
  bool follow(const EntryView& entry) noexcept {
    const Type type = query_.qtype();
    const bool is_apex = name_.size() == zone().origin.size();
    if (type == Type::soa && is_apex) {
      reply_.add_soa(zone().soa, at_, true);
      return false;
    }
    const std::uint8_t* next = entry.sets();
    for (unsigned i = 0; i < entry.header().visible_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (set.type() == type || type == Type::any) {  // of ANY, one set: RFC 8482
        add_answer(set);
        return false;
      }
      if (set.type() == Type::cname) return add_cname(set);
    }
    add_negative_soa();
    return false;
  }

  bool add_cname(const SetView& set) noexcept {
    const std::size_t start = reply_.position();
    reply_.add_answer(set, at_);
    if (reply_.is_truncated()) return false;
    at_ = start + record_prefix;
    name_ = reply_.bytes().subspan(at_);
    return true;
  }

  void add_answer(const SetView& set) noexcept {
    const std::size_t start = reply_.position();
    reply_.add_answer(set, at_);
    const std::size_t offset = target_offset(set.type());
    if (offset == 0 || reply_.is_truncated()) return;
    const std::size_t end = reply_.position();
    wire::Bytes last;
    std::size_t targets = 0;
    for (std::size_t at = start; at < end && targets < max_targets;) {
      const std::size_t size = record_size(reply_.at(at));
      const wire::Bytes target = reply_.bytes().subspan(at + offset, size - offset);
      if (target.size() != last.size() ||
          std::memcmp(target.data(), last.data(), last.size()) != 0) {
        add_addresses(target, at + offset);
        ++targets;
      }
      last = target;
      at += size;
    }
  }

  void add_addresses(wire::Bytes target, std::size_t at) noexcept {
    const EntryView entry = table_.find(target);
    const std::uint8_t* next = entry ? entry.sets() : nullptr;
    for (unsigned i = 0; entry && i < entry.header().visible_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (set.type() == Type::a || set.type() == Type::aaaa) reply_.add_additional(set, at);
    }
  }

  const AuthorityTable& table_;
  const wire::Query& query_;
  const AnswerContext& context_;
  Reply reply_;
  wire::Bytes name_;
  std::size_t at_ = wire::header_size;
  std::uint16_t zone_ = AuthorityTable::no_zone;
};

bool is_name(wire::Bytes name, std::string_view wire) {
  return name.size() == wire.size() && std::memcmp(name.data(), wire.data(), wire.size()) == 0;
}

// Class CH: which server and which version this is (RFC 4892).
Outcome answer_chaos(Reply& reply, const wire::Query& query,
                     const AnswerContext& context) noexcept {
  using namespace std::string_view_literals;
  const wire::Bytes name = query.qname();
  std::string_view text;
  if (is_name(name, "\2id\6server\0"sv) || is_name(name, "\10hostname\4bind\0"sv)) {
    text = context.server_id;
  } else if (is_name(name, "\7version\4bind\0"sv) || is_name(name, "\7version\6server\0"sv)) {
    text = context.version;
  }
  if (query.klass != wire::class_ch || text.empty()) {
    reply.set_rcode(Rcode::refused);
    return reply.finish();
  }
  reply.set_authoritative();
  if (query.qtype() == Type::txt || query.qtype() == Type::any) {
    std::array<std::uint8_t, 256> data;
    text = text.substr(0, 255);
    data[0] = static_cast<std::uint8_t>(text.size());
    std::memcpy(data.data() + 1, text.data(), text.size());
    reply.add_record(wire::header_size, Type::txt, wire::class_ch, 0,
                     {data.data(), text.size() + 1});
  }
  return reply.finish();
}

// NOTIFY and UPDATE: what we have comes from elsewhere, so nobody may tell us of changes. The code
// says whether the zone is ours (RFC 1996 section 3, RFC 2136 section 3.1).
Outcome refuse_change(Reply& reply, const AuthorityTable& table,
                      const wire::Query& query) noexcept {
  const std::uint16_t zone = table.zone_of(query.qname());
  const bool is_ours = zone != AuthorityTable::no_zone && query.klass == wire::class_in &&
                       table.zones[zone].origin.size() == query.qname().size();
  if (query.qtype() != Type::soa) {
    reply.set_rcode(Rcode::formerr);
  } else if (is_ours) {
    reply.set_rcode(Rcode::refused);
    reply.set_error(ExtendedError::not_supported);
  } else {
    reply.set_rcode(Rcode::notauth);
    reply.set_error(ExtendedError::not_authoritative);
  }
  return reply.finish();
}

// What is no ordinary query, but can be answered.
Outcome answer_other(const AuthorityTable& table, wire::Bytes message, const wire::Query& query,
                     const AnswerContext& context, std::span<std::uint8_t> out) noexcept {
  Reply reply(message, query, context, out);
  if (query.edns.version > 0) {
    reply.set_rcode(Rcode::badvers);
    return reply.finish();
  }
  if (query.opcode() != wire::opcode_query) return refuse_change(reply, table, query);
  return answer_chaos(reply, query, context);
}

}  // namespace

Outcome answer(const Authority& authority, std::span<const std::uint8_t> message,
               const AnswerContext& context, std::span<std::uint8_t> out) noexcept {
  wire::Query query;
  if (const auto outcome = answer_unreadable(message, query, out)) return *outcome;
  if (query.edns.version > 0 || query.klass != wire::class_in ||
      query.opcode() != wire::opcode_query) {
    return answer_other(authority.table(), message, query, context, out);
  }
  return Lookup(authority.table(), message, query, context, out).run();
}

}  // namespace paddock::dns
