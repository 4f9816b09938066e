// SPDX-License-Identifier: Apache-2.0
//
// NameSearch: which entry answers for a name, for this client. The client's view has names of its
// own and a search list; zones have wildcards and patterns. The name found may be another than the
// one that was asked: then it stands nowhere in the reply.
#pragma once

#include "wire/message.hpp"
#include "zone/compiled_view.hpp"
#include "zone/reply.hpp"
#include "zone/table.hpp"

#include <paddock/dns/answer.hpp>

#include <array>
#include <string>

namespace paddock::dns {

class NameSearch {
 public:
  // All of them must outlive the search.
  NameSearch(const AuthorityTable& table, const wire::Query& asked, const AnswerContext& context)
      : table_(table),
        asked_(asked),
        context_(context),
        view_(context.views == nullptr ? nullptr : context.views->find(context.client)),
        name_(asked.qname()) {}

  // The entry of the name that was asked, of its wildcard, or of the first name of the search list
  // that has one; a false view if there is none.
  EntryView first() noexcept { return view_ == nullptr ? find() : find_in_view(); }

  // The target of a CNAME; `name` is spelt in the reply and stays there.
  EntryView next(wire::Bytes name) noexcept {
    name_ = name;
    is_spelt_ = true;
    return next();
  }

  // What was looked up last, and the zone it belongs to.
  wire::Bytes name() const { return name_; }
  bool has_zone() const { return zone_ != AuthorityTable::no_zone; }
  const CompiledZone& zone() const { return table_.zones[zone_]; }

  const CompiledView* view() const { return view_; }
  bool is_own() const { return is_own_; }      // the entry is the view's own
  bool is_spelt() const { return is_spelt_; }  // the name is the one that stands in the reply
  bool is_hidden() const { return view_ != nullptr && !is_own_ && view_->hides(name_); }

  // False while an answer from the zone would be made of what nobody has told yet. What is there is
  // right; only in a zone that is ours alone the rest must not be denied, nor given to others.
  bool is_known(const EntryView& entry) const {
    if (is_all_known(zone(), context_)) return true;
    return zone().missing == Missing::forward && (entry || context_.is_forwarding);
  }

 private:
  // The name's own entry, else the wildcard's that covers it.
  EntryView find() noexcept {
    const EntryView entry = table_.find(name_);
    zone_ = entry ? entry.header().zone : table_.zone_of(name_);
    if (entry || zone_ == AuthorityTable::no_zone) return entry;
    if (zone().has_patterns) {
      if (const EntryView pattern = find_pattern()) return pattern;
    }
    return zone().has_wildcards ? find_wildcard() : entry;
  }

  EntryView next() noexcept;
  EntryView find_pattern() const noexcept;
  EntryView find_wildcard() const noexcept;
  EntryView find_own() noexcept;
  EntryView resolve_same(const EntryView& entry) noexcept;
  EntryView find_in_view() noexcept;
  bool is_of_client_alone() noexcept;
  bool compose(const std::string& suffix) noexcept;
  EntryView find_below(const std::string& suffix, bool& is_found) noexcept;

  const AuthorityTable& table_;
  const wire::Query& asked_;
  const AnswerContext& context_;
  const CompiledView* view_;
  wire::Bytes name_;
  std::uint16_t zone_ = AuthorityTable::no_zone;
  bool is_own_ = false;
  bool is_spelt_ = true;
  std::array<std::uint8_t, Name::max_length> composed_;  // a name of the search list
};

}  // namespace paddock::dns
