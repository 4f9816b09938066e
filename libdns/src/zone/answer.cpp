// SPDX-License-Identifier: Apache-2.0
#include "zone/additional.hpp"
#include "zone/answer_query.hpp"
#include "zone/cut.hpp"
#include "zone/entry_writer.hpp"
#include "zone/name_search.hpp"
#include "zone/reply.hpp"
#include "zone/spelt_pod.hpp"
#include "zone/table.hpp"
#include "zone/unusual.hpp"

#include <paddock/dns/answer.hpp>

#include <algorithm>
#include <array>

namespace paddock::dns {
namespace {

constexpr int max_cnames = 12;

Outcome forward_outcome(const wire::Query& query) {
  Outcome outcome;
  outcome.action = Action::forward;
  outcome.type = query.qtype();
  return outcome;
}

// One query on its way to its reply: the question's name is looked up first, then the targets of
// CNAMEs.
class Answering {
 public:
  Answering(const AuthorityTable& table, wire::Bytes message, const wire::Query& query,
            const AnswerContext& context, std::span<std::uint8_t> out) noexcept
      : table_(table),
        query_(query),
        context_(context),
        search_(table, query, context),
        reply_(message, query, context, out) {}

  Outcome run() noexcept {
    EntryView entry = search_.first();
    for (int cnames = 0; cnames <= max_cnames; ++cnames, entry = search_.next(cname_target())) {
      if (!search_.is_own()) {
        if (search_.is_hidden()) {
          hide();
          return reply_.finish();
        }
        if (!search_.has_zone()) return leave_zones(cnames > 0);
        if (!search_.is_known(entry)) return fail(ExtendedError::not_ready);
        if (zone().has_cuts) {
          const Cut cut = find_cut(table_, name(), zone().origin.size(), query_.qtype());
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
      if (is_circle(entry) || !follow(entry)) return reply_.finish();
    }
    reply_.drop_sections();  // more CNAMEs than anybody follows
    return fail(ExtendedError::none);
  }

 private:
  // The CNAMEs lead back to where they were: they are all there is to say, and asking others, or
  // again, would not help.
  bool is_circle(const EntryView& entry) noexcept {
    const auto end = seen_.begin() + seen_count_;
    if (std::find(seen_.begin(), end, entry.data()) != end) return true;
    seen_[seen_count_++] = entry.data();
    return false;
  }

  wire::Bytes name() const { return search_.name(); }
  const CompiledView* view() const { return search_.view(); }
  const CompiledZone& zone() const { return search_.zone(); }
  wire::Bytes cname_target() const { return reply_.bytes().subspan(at_); }

  wire::Bytes origin() const {
    return {reinterpret_cast<const std::uint8_t*>(zone().origin.data()), zone().origin.size()};
  }

  // The name is there for others.
  void hide() noexcept {
    reply_.set_authoritative();
    reply_.set_rcode(Rcode::nxdomain);
    reply_.set_error(ExtendedError::prohibited);
    add_negative_soa();
  }

  // The name is not ours. After a CNAME the server may resolve it, if recursion is wanted.
  Outcome leave_zones(bool is_target) noexcept {
    if (!search_.is_spelt()) return deny();  // nobody can be asked in the question's name
    if (!is_target) return context_.is_forwarding ? forward_outcome(query_) : refuse();
    if (!context_.is_forwarding || !query_.wants(wire::flag_rd)) return reply_.finish();
    return reply_.leave(name());
  }

  Outcome refuse() noexcept {
    reply_.set_rcode(Rcode::refused);
    if (!search_.has_zone()) reply_.set_error(ExtendedError::not_authoritative);
    return reply_.finish();
  }

  Outcome fail(ExtendedError error) noexcept {
    reply_.set_rcode(Rcode::servfail);
    reply_.set_error(error);
    return reply_.finish();
  }

  void add_negative_soa() noexcept {
    if (!search_.has_zone()) return reply_.add_soa(view()->soa(), at_, false);
    if (!search_.is_spelt()) return reply_.add_negative_soa(zone().soa, origin());
    reply_.add_soa(zone().soa, at_ + name().size() - zone().origin.size(), false);
  }

  // Below a delegation there is nothing of ours. Where we resolve for our clients, we do it there
  // too. A name that is not spelt in the reply cannot be referred.
  bool is_for_others() const {
    return !search_.is_spelt() || (context_.is_forwarding && query_.wants(wire::flag_rd));
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
    const wire::Bytes child = name().subspan(cut.offset);
    for (std::size_t at = start; at < end && !reply_.is_truncated();) {
      const std::size_t size = record_size(reply_.at(at));
      const wire::Bytes server = reply_.bytes().subspan(at + record_prefix, size - record_prefix);
      if (!add_addresses(reply_, table_, server, at + record_prefix) &&
          wire::is_within(server, child)) {
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
    if (search_.is_spelt()) reply_.add_answer(cut.set, at_ + cut.offset);
    const wire::Bytes suffix{cut.set.body + record_prefix,
                             record_size(cut.set.body) - record_prefix};
    std::array<std::uint8_t, Name::max_length> made;
    const std::size_t size = substitute(name(), cut.offset, suffix, made);
    if (size == 0) {
      reply_.set_rcode(Rcode::yxdomain);
      return false;
    }
    const std::size_t start = reply_.position();
    reply_.add_record(at_, Type::cname, wire::class_in, wire::load32(cut.set.body + 6),
                      {made.data(), size});
    return query_.qtype() != Type::cname && go_on_behind(start);  // that was asked for
  }

  // No entry: NXDOMAIN, unless the name spells an address where that is an answer.
  Outcome deny() noexcept {
    const bool may_spell = search_.has_zone() && zone().has_dashed_addresses;
    if (const auto pod = may_spell ? find_spelt_pod(table_, name()) : std::nullopt) {
      add_spelt_pod(*pod);
    } else {
      reply_.set_rcode(Rcode::nxdomain);
      add_negative_soa();
    }
    return reply_.finish();
  }

  void add_spelt_pod(const SpeltPod& pod) noexcept {
    const auto& address = pod.address;
    const Type type = address.size == 4 ? Type::a : Type::aaaa;
    if (query_.qtype() != type && query_.qtype() != Type::any) return add_negative_soa();
    reply_.add_record(at_, type, wire::class_in, pod.ttl, {address.bytes.data(), address.size});
    if (!context_.is_stale) reply_.set_error(ExtendedError::synthesized);
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
        if (set.type() == Type::ptr && view() != nullptr && view()->has_hidden()) {
          add_shown_pointers(set);
        } else {
          add_answer(set);
        }
        return false;
      }
      if (set.type() == Type::cname && is_for(set, type)) return add_cname(set);
    }
    add_negative_soa();
    return false;
  }

  // A CNAME that is a fallback stands for addresses only.
  static bool is_for(const SetView& cname, Type type) noexcept {
    return !cname.header.has(SetHeader::fallback) || type == Type::a || type == Type::aaaa;
  }

  bool is_apex() const noexcept {
    return search_.is_spelt() && search_.has_zone() && name().size() == zone().origin.size();
  }

  // Those that lead to names the client may see; without any, the name is not there for it.
  void add_shown_pointers(const SetView& set) noexcept {
    bool is_shown = false;
    for (const std::uint8_t* at = set.body; at != set.end(); at += record_size(at)) {
      const wire::Bytes target{at + record_prefix, record_size(at) - record_prefix};
      if (view()->hides(target)) continue;
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
    return true;
  }

  void add_answer(const SetView& set) noexcept {
    const std::size_t start = reply_.position();
    reply_.add_answer(set, at_);
    add_target_addresses(reply_, table_, set.type(), start, name(), at_);
  }

  const AuthorityTable& table_;
  const wire::Query& query_;
  const AnswerContext& context_;
  NameSearch search_;
  Reply reply_;
  std::array<const std::uint8_t*, max_cnames + 1> seen_;  // entries that were followed
  unsigned seen_count_ = 0;
  std::size_t at_ = wire::header_size;  // where the name stands in the reply
};

}  // namespace

Outcome answer_query(const Authority& authority, wire::Bytes message, const wire::Query& query,
                     const AnswerContext& context, std::span<std::uint8_t> out) noexcept {
  if (is_unusual(query)) return answer_unusual(authority.table(), message, query, context, out);
  return Answering(authority.table(), message, query, context, out).run();
}

Outcome answer(const Authority& authority, std::span<const std::uint8_t> message,
               const AnswerContext& context, std::span<std::uint8_t> out) noexcept {
  wire::Query query;
  if (const auto outcome = answer_unreadable(message, query, out)) return *outcome;
  return answer_query(authority, message, query, context, out);
}

}  // namespace paddock::dns
