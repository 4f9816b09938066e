// SPDX-License-Identifier: Apache-2.0
#include "zone/answer_query.hpp"
#include "zone/compiled_view.hpp"
#include "zone/cut.hpp"
#include "zone/dashed_address.hpp"
#include "zone/entry_writer.hpp"
#include "zone/pattern.hpp"
#include "zone/reply.hpp"
#include "zone/table.hpp"
#include "zone/unusual.hpp"

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

bool is_within(wire::Bytes name, wire::Bytes ancestor) noexcept {
  while (name.size() > ancestor.size()) name = name.subspan(std::size_t{1} + name[0]);
  return std::ranges::equal(name, ancestor);
}

// One query on its way through the table. `name` is what is looked up now and `at` where its owner
// stands in the reply: the question first, then the targets of CNAMEs. In a view the name may be
// another than its owner's, one of the search list: then it is not spelt in the reply.
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
    if (context_.views != nullptr) view_ = context_.views->find(context_.client);
    EntryView entry = view_ == nullptr ? find() : find_in_view();
    for (int cnames = 0; cnames <= max_cnames; ++cnames, entry = find_next()) {
      if (!is_own_) {
        if (view_ != nullptr && view_->hides(name_)) {
          hide();
          return reply_.finish();
        }
        if (zone_ == AuthorityTable::no_zone) return leave_zones(cnames > 0);
        if (!is_known(entry)) return fail(ExtendedError::not_ready);
        if (zone().has_cuts) {
          const Cut cut = find_cut(table_, name_, zone().origin.size(), query_.qtype());
          if (cut.is_delegation()) return is_for_others() ? leave_zones(cnames > 0) : refer(cut);
          if (cut) {
            if (!add_dname(cut)) return reply_.finish();
            continue;
          }
        }
        if (!entry && zone().missing == Missing::forward && context_.is_forwarding) {
          return leave_zones(cnames > 0);
        }
        if (is_out_of_date(zone(), context_)) {
          reply_.set_error(ExtendedError::stale_answer);
        }
      }
      reply_.set_authoritative();
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
    if (entry || zone_ == AuthorityTable::no_zone) return entry;
    if (zone().has_patterns) {
      if (const EntryView pattern = find_pattern()) return pattern;
    }
    return zone().has_wildcards ? find_wildcard() : entry;
  }

  EntryView find_pattern() const noexcept {
    std::array<std::uint8_t, Name::max_length> pattern;
    const std::size_t size = write_pattern(name_, pattern);
    return size == 0 ? EntryView() : table_.find({pattern.data(), size});
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

  // What the view has of its own under `name_`, of the client's or the common view.
  EntryView find_own() noexcept {
    EntryView entry;
    for (const CompiledView* view = view_; view != nullptr && !entry; view = view->next()) {
      entry = view->find(name_);
    }
    is_own_ = static_cast<bool>(entry);
    if (!entry) return entry;
    zone_ = table_.zone_of(name_);
    return resolve_same(entry);
  }

  // An own name may be answered as another one, which is everybody's then.
  EntryView resolve_same(const EntryView& entry) noexcept {
    const std::uint8_t* next = entry.sets();
    for (unsigned i = 0; i < entry.header().set_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (entry.header().visible_count > 0 || set.type() != same_as) continue;
      name_ = {set.body + record_prefix, record_size(set.body) - record_prefix};
      is_own_ = is_spelt_ = false;
      return find();
    }
    return entry;
  }

  // Rancher's order: the name, then the name below each name of the search lists. Ends with what
  // the name alone gives.
  EntryView find_in_view() noexcept {
    if (const EntryView own = find_own(); is_own_ || !is_spelt_) return own;
    const EntryView entry = find();
    if (zone_ != AuthorityTable::no_zone) return entry;  // a whole name
    for (const CompiledView* view = view_; view != nullptr; view = view->next()) {
      if (!view->searches(query_.label_count)) continue;
      for (const std::string& suffix : view->search()) {
        if (const EntryView found = find_below(suffix); is_found_) return found;
      }
    }
    name_ = query_.qname();
    zone_ = AuthorityTable::no_zone;
    is_spelt_ = true;
    return {};
  }

  // Sets is_found_ when the search ends here: at a name that has records, or at one that may have
  // some when its zone has been learnt.
  EntryView find_below(const std::string& suffix) noexcept {
    const wire::Bytes asked = query_.qname();
    is_found_ = false;
    if (asked.size() - 1 + suffix.size() > Name::max_length) return {};
    std::memcpy(composed_.data(), asked.data(), asked.size() - 1);
    std::memcpy(composed_.data() + asked.size() - 1, suffix.data(), suffix.size());
    name_ = {composed_.data(), asked.size() - 1 + suffix.size()};
    is_spelt_ = false;
    EntryView entry = find_own();
    if (!entry) entry = find();
    if (is_own_) {
      is_found_ = true;
    } else if (zone_ != AuthorityTable::no_zone && !view_->hides(name_)) {
      is_found_ = (entry && entry.header().visible_count > 0) || !is_known(entry);
    }
    return entry;
  }

  // The target of a CNAME, now `name_`.
  EntryView find_next() noexcept {
    is_own_ = false;
    if (view_ != nullptr) {
      if (const EntryView own = find_own()) return own;
      if (!is_spelt_) return {};
    }
    return find();
  }

  // The name is there for others.
  void hide() noexcept {
    reply_.set_authoritative();
    reply_.set_rcode(Rcode::nxdomain);
    reply_.set_error(ExtendedError::prohibited);
    add_negative_soa();
  }

  // False while the answer would be made of what nobody has told yet. What is there is right; only
  // in a zone that is ours alone the rest must not be denied, nor given to others.
  bool is_known(const EntryView& entry) const {
    if (is_all_known(zone(), context_)) return true;
    return zone().missing == Missing::forward && (entry || context_.is_forwarding);
  }

  // The name is not ours. After a CNAME the server may resolve it, if recursion is wanted.
  Outcome leave_zones(bool is_target) noexcept {
    if (!is_spelt_) return deny();  // nobody can be asked in the question's name
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
    if (zone_ == AuthorityTable::no_zone) return reply_.add_soa(view_->soa(), at_, false);
    if (!is_spelt_) return reply_.add_negative_soa(zone().soa, origin());
    reply_.add_soa(zone().soa, at_ + name_.size() - zone().origin.size(), false);
  }

  // Below a delegation there is nothing of ours. Where we resolve for our clients, we do it there
  // too. A name that is not spelt in the reply cannot be referred.
  bool is_for_others() const {
    return !is_spelt_ || (context_.is_forwarding && query_.wants(wire::flag_rd));
  }

  // Below a delegation: who knows more, and where they are. Their addresses are needed if they are
  // below it themselves (RFC 9471).
  Outcome refer(const Cut& cut) noexcept {
    const std::size_t start = reply_.position();
    reply_.add_authority(cut.set, at_ + cut.offset);
    const std::size_t end = reply_.position();
    if (query_.edns.dnssec_ok && cut.signers.body != nullptr) {
      reply_.add_authority(cut.signers, at_ + cut.offset);
    }
    const wire::Bytes child = name_.subspan(cut.offset);
    for (std::size_t at = start; at < end && !reply_.is_truncated();) {
      const std::size_t size = record_size(reply_.at(at));
      const wire::Bytes server = reply_.bytes().subspan(at + record_prefix, size - record_prefix);
      if (!add_addresses(server, at + record_prefix) && is_within(server, child)) {
        reply_.set_truncated();
      }
      at += size;
    }
    return reply_.finish();
  }

  // Goes on with the name a DNAME makes of this one, told as a CNAME for those who know no DNAME
  // (RFC 6672 section 3.1).
  bool add_dname(const Cut& cut) noexcept {
    reply_.set_authoritative();
    if (is_spelt_) reply_.add_answer(cut.set, at_ + cut.offset);
    const wire::Bytes target{cut.set.body + record_prefix,
                             record_size(cut.set.body) - record_prefix};
    std::array<std::uint8_t, Name::max_length> name;
    const std::size_t size = substitute(name_, cut.offset, target, name);
    if (size == 0) {
      reply_.set_rcode(Rcode::yxdomain);
      return false;
    }
    const std::size_t start = reply_.position();
    reply_.add_record(at_, Type::cname, wire::class_in, wire::load32(cut.set.body + 6),
                      {name.data(), size});
    return go_on_behind(start);
  }

  // No entry: NXDOMAIN, unless the name spells an address where that is an answer.
  Outcome deny() noexcept {
    const bool may_spell = zone_ != AuthorityTable::no_zone && zone().has_dashed_addresses;
    if (!may_spell || !synthesize()) {
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
        if (is_within(target, parent)) return true;
      }
    }
    return false;
  }

  // Answers from the entry. True when the answer is a CNAME to go on with.
  bool follow(const EntryView& entry) noexcept {
    const Type type = query_.qtype();
    if (type == Type::soa && is_apex()) {
      reply_.add_soa(zone().soa, at_, true);
      return false;
    }
    const std::uint8_t* next = entry.sets();
    for (unsigned i = 0; i < entry.header().visible_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (set.type() == type || type == Type::any) {  // of ANY, one set: RFC 8482
        if (set.type() == Type::ptr && view_ != nullptr && view_->has_hidden()) {
          add_shown_pointers(set);
        } else {
          add_answer(set);
        }
        return false;
      }
      if (set.type() == Type::cname) return add_cname(set);
    }
    add_negative_soa();
    return false;
  }

  bool is_apex() const noexcept {
    return is_spelt_ && zone_ != AuthorityTable::no_zone && name_.size() == zone().origin.size();
  }

  // Those that lead to names the client may see; without any, the name is not there for it.
  void add_shown_pointers(const SetView& set) noexcept {
    bool is_shown = false;
    for (const std::uint8_t* at = set.body; at != set.end(); at += record_size(at)) {
      const wire::Bytes target{at + record_prefix, record_size(at) - record_prefix};
      if (view_->hides(target)) continue;
      reply_.add_record(at_, Type::ptr, wire::class_in, wire::load32(at + 6), target);
      is_shown = true;
    }
    if (!is_shown) hide();
  }

  bool add_cname(const SetView& set) noexcept {
    const std::size_t start = reply_.position();
    reply_.add_answer(set, at_);
    return go_on_behind(start);
  }

  // Looks up the target of the CNAME at `start` next, if it fitted.
  bool go_on_behind(std::size_t start) noexcept {
    if (reply_.is_truncated()) return false;
    at_ = start + record_prefix;
    name_ = reply_.bytes().subspan(at_);
    is_spelt_ = true;
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

  // False when some of them did not fit.
  bool add_addresses(wire::Bytes target, std::size_t at) noexcept {
    const EntryView entry = table_.find(target);
    bool fits = true;
    const std::uint8_t* next = entry ? entry.sets() : nullptr;
    for (unsigned i = 0; entry && i < entry.header().visible_count; ++i) {
      const SetView set = EntryView::read_set(next);
      if (set.type() == Type::a || set.type() == Type::aaaa) {
        fits = reply_.add_additional(set, at) && fits;
      }
    }
    return fits;
  }

  const AuthorityTable& table_;
  const wire::Query& query_;
  const AnswerContext& context_;
  Reply reply_;
  wire::Bytes name_;
  std::size_t at_ = wire::header_size;
  std::uint16_t zone_ = AuthorityTable::no_zone;
  const CompiledView* view_ = nullptr;
  bool is_own_ = false;   // the entry is the view's own
  bool is_spelt_ = true;  // name_ stands in the reply, at at_
  bool is_found_ = false;
  std::array<std::uint8_t, Name::max_length> composed_;  // a name of the search list
};

}  // namespace

Outcome answer_query(const Authority& authority, wire::Bytes message, const wire::Query& query,
                     const AnswerContext& context, std::span<std::uint8_t> out) noexcept {
  if (is_unusual(query)) return answer_unusual(authority.table(), message, query, context, out);
  return Lookup(authority.table(), message, query, context, out).run();
}

Outcome answer(const Authority& authority, std::span<const std::uint8_t> message,
               const AnswerContext& context, std::span<std::uint8_t> out) noexcept {
  wire::Query query;
  if (const auto outcome = answer_unreadable(message, query, out)) return *outcome;
  return answer_query(authority, message, query, context, out);
}

}  // namespace paddock::dns
