// SPDX-License-Identifier: Apache-2.0
#include "zone/name_search.hpp"

#include "zone/entry_writer.hpp"
#include "zone/pattern.hpp"

#include <cstring>

namespace paddock::dns {

EntryView NameSearch::next() noexcept {
  is_own_ = false;
  if (view_ != nullptr) {
    if (const EntryView own = find_own()) return own;
    if (!is_spelt_) return {};
  }
  return find();
}

EntryView NameSearch::find_pattern() const noexcept {
  std::array<std::uint8_t, Name::max_length> pattern;
  const std::size_t size = write_pattern(name_, pattern);
  return size == 0 ? EntryView() : table_.find({pattern.data(), size});
}

// RFC 4592: the wildcard directly below the closest name that exists.
EntryView NameSearch::find_wildcard() const noexcept {
  wire::Bytes ancestor = name_;
  do {
    ancestor = ancestor.subspan(std::size_t{1} + ancestor[0]);
  } while (ancestor.size() > zone().origin.size() && !table_.find(ancestor));
  std::array<std::uint8_t, Name::max_length + 2> wildcard{1, '*'};
  if (ancestor.size() + 2 > Name::max_length) return {};
  std::memcpy(wildcard.data() + 2, ancestor.data(), ancestor.size());
  return table_.find({wildcard.data(), ancestor.size() + 2});
}

// What the view has of its own under the name, of the client's or the common view.
EntryView NameSearch::find_own() noexcept {
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
EntryView NameSearch::resolve_same(const EntryView& entry) noexcept {
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

// Rancher's order: what the client alone has, under the name and below its search list; the name;
// the name below each name of the search lists. Ends with what the name alone gives.
EntryView NameSearch::find_in_view() noexcept {
  if (view_->next() != nullptr && is_of_client_alone()) return find_own();
  if (const EntryView own = find_own(); is_own_ || !is_spelt_) return own;
  const EntryView entry = find();
  if (has_zone()) return entry;  // a whole name
  for (const CompiledView* view = view_; view != nullptr; view = view->next()) {
    if (!view->searches(asked_.label_count)) continue;
    for (const std::string& suffix : view->search()) {
      bool is_found = false;
      if (const EntryView found = find_below(suffix, is_found); is_found) return found;
    }
  }
  name_ = asked_.qname();
  zone_ = AuthorityTable::no_zone;
  is_spelt_ = true;
  return {};
}

// A name that the client alone has below its search list hides what everybody has under the short
// one.
bool NameSearch::is_of_client_alone() noexcept {
  if (!view_->searches(asked_.label_count) || view_->find(name_)) return false;
  if (table_.zone_of(name_) != AuthorityTable::no_zone) return false;  // a whole name
  for (const std::string& suffix : view_->search()) {
    if (compose(suffix) && view_->find(name_)) return true;
  }
  name_ = asked_.qname();
  is_spelt_ = true;
  return false;
}

// False when a name cannot be so long.
bool NameSearch::compose(const std::string& suffix) noexcept {
  const wire::Bytes asked = asked_.qname();
  if (asked.size() - 1 + suffix.size() > Name::max_length) return false;
  std::memcpy(composed_.data(), asked.data(), asked.size() - 1);
  std::memcpy(composed_.data() + asked.size() - 1, suffix.data(), suffix.size());
  name_ = {composed_.data(), asked.size() - 1 + suffix.size()};
  is_spelt_ = false;
  return true;
}

// `is_found` when the search ends here: at a name that has records, or at one that may have some
// when its zone has been learnt.
EntryView NameSearch::find_below(const std::string& suffix, bool& is_found) noexcept {
  if (!compose(suffix)) return {};
  EntryView entry = find_own();
  if (!entry) entry = find();
  if (is_own_) {
    is_found = true;
  } else if (has_zone() && !view_->hides(name_)) {
    is_found = (entry && entry.header().visible_count > 0) || !is_known(entry);
  }
  return entry;
}

}  // namespace paddock::dns
