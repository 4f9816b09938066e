// SPDX-License-Identifier: Apache-2.0
#include "zone/compiled_sets.hpp"
#include "zone/draft_table.hpp"
#include "zone/entry_writer.hpp"
#include "zone/pattern.hpp"
#include "zone/soa.hpp"
#include "zone/sources.hpp"

#include <algorithm>
#include <unordered_map>

namespace paddock::dns {
namespace {

using Wire = std::span<const std::uint8_t>;

// So many names' places are fetched before the first is looked at: the table is not in the cache.
constexpr std::size_t fetched_at_once = 32;

Wire parent_of(Wire name) { return name.subspan(std::size_t{1} + name[0]); }

bool record_or_ttl_less(const Record* a, const Record* b) {
  if (record_less(a, b)) return true;
  return a->ttl < b->ttl && !record_less(b, a);
}

std::vector<const Record*> sorted(std::span<const Record> records) {
  std::vector<const Record*> all;
  all.reserve(records.size());
  for (const Record& record : records) all.push_back(&record);
  std::ranges::sort(all, record_or_ttl_less);
  return all;
}

std::vector<const Record*> sorted_once(std::span<const Record> records) {
  auto all = sorted(records);
  const auto repeated =
      std::ranges::unique(all, [](const Record* a, const Record* b) { return *a == *b; });
  all.erase(repeated.begin(), repeated.end());
  return all;
}

bool is_wildcard(Wire name) { return name[0] == 1 && name[1] == '*'; }

bool is_same(const SetView& a, const SetView& b) {
  return a.header.type == b.header.type && a.header.count == b.header.count &&
         a.header.size_and_flags == b.header.size_and_flags &&
         std::memcmp(a.body, b.body, a.header.size()) == 0;
}

// Whether `fresh` is all that the entry has of `source`.
bool has_just(const EntryView& entry, std::uint32_t source, std::span<const SetView> fresh) {
  std::size_t same = 0;
  const std::uint8_t* at = entry.sets();
  for (unsigned i = 0; i < entry.header().set_count; ++i) {
    const SetView set = EntryView::read_set(at);
    if (set.header.source != source || set.header.has(SetHeader::joined)) continue;
    if (std::ranges::none_of(fresh, [&](const SetView& one) { return is_same(one, set); })) {
      return false;
    }
    ++same;
  }
  return same == fresh.size();
}

}  // namespace

struct AuthorityBuilder::State {
  std::vector<ZoneSpec> specs;      // longest origins first
  std::vector<CompiledZone> zones;  // in the same order
  std::vector<bool> is_zone_changed;

  DraftTable table;  // as it will be in the next snapshot
  std::size_t name_count = 0;

  Sources sources;                                            // by hash of the key
  std::unordered_map<std::uint64_t, std::uint32_t> children;  // of names that have some, by hash

  bool is_changed = true;
  std::shared_ptr<const Authority> last;

  CompiledSets compiled;
  EntryWriter writer;
  std::vector<SetView> sets;  // scratch of replace()

  void add_child(Wire parent);
  void remove_child(Wire parent);
  void add_name(Wire name, std::uint16_t zone);

  std::uint64_t key_of(std::string_view source) const {
    return table.hash({reinterpret_cast<const std::uint8_t*>(source.data()), source.size()});
  }

  // Makes `fresh` all that `source` contributes to `name`, which hashes to `hash`.
  void replace(Wire name, std::uint64_t hash, std::uint16_t zone, std::uint32_t source,
               std::span<const SetView> fresh);
  void withdraw(std::uint64_t hash, std::uint32_t source);
  void note_change(Wire name, std::uint16_t zone);

  // The records of one name, which hashes to `hash`.
  struct Owned {
    std::span<const Record* const> records;
    std::uint64_t hash = 0;

    const Name& owner() const { return records.front()->owner; }
  };
  std::vector<Owned> by_owner(std::span<const Record* const> records) const;
  void fetch(std::span<const Owned> owners) const;
  void note_kinds(const Name& owner, std::uint16_t zone);  // of the sets compiled last
  void contribute(const Owned& owned, std::uint32_t id, std::uint16_t zone,
                  std::vector<Problem>& problems);
  std::vector<std::uint64_t> contribute(std::span<const Record* const> records, std::uint32_t id,
                                        std::vector<Problem>& problems);
  bool exchange(const Owned& before, const Owned& after, std::uint32_t id,
                std::vector<std::uint64_t>& names);
  bool exchange(std::span<const Record* const> before, std::span<const Record* const> after,
                std::uint64_t key);
};

void AuthorityBuilder::State::note_change(Wire name, std::uint16_t zone) {
  is_changed = true;
  is_zone_changed[zone] = true;
  if (is_wildcard(name)) zones[zone].has_wildcards = true;
  if (is_pattern(name)) zones[zone].has_patterns = true;
}

// Above `parent` something exists now, so `parent` exists too, with or without records.
void AuthorityBuilder::State::add_child(Wire parent) {
  const std::uint16_t zone = AuthorityTable::enclosing_zone(zones, parent);
  if (zone == AuthorityTable::no_zone) return;
  const std::uint64_t hash_of_parent = table.hash(parent);
  if (++children[hash_of_parent] > 1 || table.find(parent, hash_of_parent)) return;
  std::vector<SetView> none;
  table.store(writer.write(parent, zone, none), hash_of_parent);
  add_name(parent, zone);
}

void AuthorityBuilder::State::remove_child(Wire parent) {
  const std::uint64_t hash_of_parent = table.hash(parent);
  const auto count = children.find(hash_of_parent);
  if (count == children.end() || --count->second > 0) return;
  children.erase(count);
  const EntryView entry = table.find(parent, hash_of_parent);
  if (!entry || entry.header().set_count > 0) return;
  note_change(parent, entry.header().zone);
  table.remove(parent, hash_of_parent);
  --name_count;
  remove_child(parent_of(parent));
}

void AuthorityBuilder::State::add_name(Wire name, std::uint16_t zone) {
  ++name_count;
  note_change(name, zone);
  if (name.size() > 1) add_child(parent_of(name));
}

void AuthorityBuilder::State::replace(Wire name, std::uint64_t hash_of_name, std::uint16_t zone,
                                      std::uint32_t source, std::span<const SetView> fresh) {
  const EntryView before = table.find(name, hash_of_name);
  if (before && !fresh.empty() && before.header().zone == zone && has_just(before, source, fresh)) {
    return;
  }
  sets.assign(fresh.begin(), fresh.end());
  const std::uint8_t* at = before ? before.sets() : nullptr;
  for (unsigned i = 0; before && i < before.header().set_count; ++i) {
    const SetView set = EntryView::read_set(at);
    if (set.header.source != source && !set.header.has(SetHeader::joined)) sets.push_back(set);
  }
  if (sets.empty() && !before) return;
  if (sets.empty() && !children.contains(hash_of_name)) {
    note_change(name, zone);
    table.remove(name, hash_of_name);
    --name_count;
    if (name.size() > 1) remove_child(parent_of(name));
    return;
  }
  const auto entry = writer.write(name, zone, sets);
  if (before && before.size() == entry.size() &&
      std::memcmp(before.data(), entry.data(), entry.size()) == 0) {
    return;
  }
  const bool is_new = !before;
  table.store(entry, hash_of_name);
  note_change(name, zone);
  if (is_new) add_name(name, zone);
}

void AuthorityBuilder::State::withdraw(std::uint64_t hash_of_name, std::uint32_t source) {
  const EntryView entry = table.find_source(hash_of_name, source);
  if (!entry) return;
  const std::vector<std::uint8_t> name(entry.name().begin(), entry.name().end());
  replace(name, hash_of_name, entry.header().zone, source, {});
}

// Splits sorted records by their owners.
std::vector<AuthorityBuilder::State::Owned> AuthorityBuilder::State::by_owner(
    std::span<const Record* const> records) const {
  std::vector<Owned> owners;
  owners.reserve(records.size());
  for (std::size_t i = 0; i < records.size();) {
    const Name& owner = records[i]->owner;
    const std::size_t first = i;
    while (i < records.size() && records[i]->owner == owner) ++i;
    owners.push_back({records.subspan(first, i - first), table.hash(owner.wire())});
  }
  return owners;
}

// Has the processor fetch what will be looked at, all at once instead of one after the other.
void AuthorityBuilder::State::fetch(std::span<const Owned> owners) const {
  for (const Owned& owned : owners) __builtin_prefetch(table.first_slot_of(owned.hash));
  for (const Owned& owned : owners) {
    const std::uint8_t* entry = table.likely_entry_of(owned.hash);
    if (entry == nullptr) continue;  // nothing is in its shard yet
    __builtin_prefetch(entry);
    __builtin_prefetch(entry + cache_line);
  }
}

void AuthorityBuilder::State::note_kinds(const Name& owner, std::uint16_t zone) {
  const bool is_apex = owner.wire().size() == zones[zone].origin.size();
  for (const SetView& set : compiled.sets()) {
    if (set.type() == dashed_addresses) zones[zone].has_dashed_addresses = true;
    if (set.type() == Type::dname || (set.type() == Type::ns && !is_apex)) {
      zones[zone].has_cuts = true;
    }
  }
}

void AuthorityBuilder::State::contribute(const Owned& owned, std::uint32_t id, std::uint16_t zone,
                                         std::vector<Problem>& problems) {
  const Name& owner = owned.owner();
  if (!compiled.compile(owned.records, id)) {
    problems.push_back({owner.format(), "has more records than one answer set can hold"});
  }
  note_kinds(owner, zone);
  replace(owner.wire(), owned.hash, zone, id, compiled.sets());
}

// Puts sorted records under `id`; returns the sorted hashes of the names they belong to.
std::vector<std::uint64_t> AuthorityBuilder::State::contribute(
    std::span<const Record* const> records, std::uint32_t id, std::vector<Problem>& problems) {
  const std::vector<Owned> owners = by_owner(records);
  std::vector<std::uint64_t> names;
  names.reserve(owners.size());
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (i % fetched_at_once == 0) {
      fetch(std::span(owners).subspan(i, std::min(fetched_at_once, owners.size() - i)));
    }
    const Name& owner = owners[i].owner();
    const std::uint16_t zone = AuthorityTable::enclosing_zone(zones, owner.wire());
    if (zone == AuthorityTable::no_zone) {
      problems.push_back({owner.format(), "is outside of every zone"});
      continue;
    }
    names.push_back(owners[i].hash);
    contribute(owners[i], id, zone, problems);
  }
  std::ranges::sort(names);
  return names;
}

// At one name; one of both may have no records. Keeps `names`, which is sorted, those of the
// source.
bool AuthorityBuilder::State::exchange(const Owned& before, const Owned& after, std::uint32_t id,
                                       std::vector<std::uint64_t>& names) {
  const Owned& owned = before.records.empty() ? after : before;
  const Name& owner = owned.owner();
  const std::uint16_t zone = AuthorityTable::enclosing_zone(zones, owner.wire());
  if (zone == AuthorityTable::no_zone) return false;
  const EntryView entry = table.find(owner.wire(), owned.hash);
  if (!compiled.exchange(entry, id, before.records, after.records)) return false;
  note_kinds(owner, zone);
  const auto place = std::ranges::lower_bound(names, owned.hash);
  const bool is_known = place != names.end() && *place == owned.hash;
  if (is_known && compiled.sets().empty()) names.erase(place);
  if (!is_known && !compiled.sets().empty()) names.insert(place, owned.hash);
  replace(owner.wire(), owned.hash, zone, id, compiled.sets());
  return true;
}

bool AuthorityBuilder::State::exchange(std::span<const Record* const> before,
                                       std::span<const Record* const> after, std::uint64_t key) {
  const auto known = sources.names_of(key);
  if (known.empty()) return before.empty() && after.empty();
  const std::uint32_t id = sources.id_of(key);
  std::vector<std::uint64_t> names(known.begin(), known.end());
  const std::vector<Owned> old = by_owner(before);
  const std::vector<Owned> fresh = by_owner(after);
  fetch(old);
  fetch(fresh);
  bool is_done = true;
  for (auto from = old.begin(), to = fresh.begin();
       is_done && (from != old.end() || to != fresh.end());) {
    const bool has_old = to == fresh.end() || (from != old.end() && !(to->owner() < from->owner()));
    const bool has_fresh =
        from == old.end() || (to != fresh.end() && !(from->owner() < to->owner()));
    is_done = exchange(has_old ? *from++ : Owned{}, has_fresh ? *to++ : Owned{}, id, names);
  }
  sources.set_names(key, names);
  return is_done;
}

AuthorityBuilder::AuthorityBuilder(std::vector<ZoneSpec> zones)
    : state_(std::make_unique<State>()) {
  std::ranges::stable_sort(zones, [](const ZoneSpec& a, const ZoneSpec& b) {
    const auto size_a = a.origin.wire().size();
    const auto size_b = b.origin.wire().size();
    return size_a != size_b ? size_a > size_b : a.origin < b.origin;
  });
  const auto repeated = std::ranges::unique(zones, {}, &ZoneSpec::origin);
  zones.erase(repeated.begin(), repeated.end());
  for (const ZoneSpec& zone : zones) state_->zones.push_back(compile_zone(zone));
  state_->is_zone_changed.assign(zones.size(), true);
  state_->specs = std::move(zones);
  put_name_servers();
}

void AuthorityBuilder::put_name_servers() {
  std::vector<Record> name_servers;
  for (const ZoneSpec& zone : state_->specs) {
    if (!zone.own_soa) name_servers.push_back(ns_record(zone.origin, mname_of(zone), zone.ttl));
  }
  put(std::string_view("\0zones", 6), name_servers);
}

bool AuthorityBuilder::set_zone(const ZoneSpec& zone) {
  State& state = *state_;
  const auto found = std::ranges::find(state.specs, zone.origin, &ZoneSpec::origin);
  if (found == state.specs.end()) return false;
  const auto index = static_cast<std::size_t>(found - state.specs.begin());
  CompiledZone compiled = compile_zone(zone);
  const CompiledZone& before = state.zones[index];
  compiled.has_wildcards = before.has_wildcards;
  compiled.has_dashed_addresses = before.has_dashed_addresses;
  compiled.has_cuts = before.has_cuts;
  compiled.has_patterns = before.has_patterns;
  state.zones[index] = std::move(compiled);
  *found = zone;
  state.is_zone_changed[index] = state.is_changed = true;
  put_name_servers();
  return true;
}

AuthorityBuilder::~AuthorityBuilder() = default;
AuthorityBuilder::AuthorityBuilder(AuthorityBuilder&&) noexcept = default;
AuthorityBuilder& AuthorityBuilder::operator=(AuthorityBuilder&&) noexcept = default;

std::vector<Problem> AuthorityBuilder::put(std::string_view source,
                                           std::span<const Record> records) {
  const std::uint64_t key = state_->key_of(source);
  const std::uint32_t id = state_->sources.id_of(key);
  std::vector<Problem> problems;
  const std::vector<std::uint64_t> names = state_->contribute(sorted(records), id, problems);
  std::vector<std::uint64_t> gone;
  std::ranges::set_difference(state_->sources.names_of(key), names, std::back_inserter(gone));
  for (const std::uint64_t name : gone) state_->withdraw(name, id);
  state_->sources.set_names(key, names);
  return problems;
}

bool AuthorityBuilder::exchange(std::string_view source, std::span<const Record> before,
                                std::span<const Record> after) {
  const auto old = sorted_once(before);
  const auto fresh = sorted_once(after);
  std::vector<const Record*> gone;
  std::vector<const Record*> come;
  std::ranges::set_difference(old, fresh, std::back_inserter(gone), record_or_ttl_less);
  std::ranges::set_difference(fresh, old, std::back_inserter(come), record_or_ttl_less);
  return state_->exchange(gone, come, state_->key_of(source));
}

void AuthorityBuilder::erase(std::string_view source) { put(source, {}); }

bool AuthorityBuilder::has_changed() const { return state_->is_changed; }

std::shared_ptr<const Authority> AuthorityBuilder::snapshot(
    std::chrono::system_clock::time_point now) {
  State& state = *state_;
  if (!state.is_changed) return state.last;
  const auto serial = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  for (std::size_t i = 0; i < state.zones.size(); ++i) {
    const bool is_dated = state.is_zone_changed[i] && !state.zones[i].has_own_serial;
    if (is_dated) set_serial(state.zones[i].soa, serial);
    state.is_zone_changed[i] = false;
  }
  auto table = std::make_unique<AuthorityTable>();
  state.table.share_with(*table);
  table->name_count = state.name_count;
  table->zones = state.zones;
  state.last = std::make_shared<const Authority>(std::move(table));
  state.is_changed = false;
  return state.last;
}

std::size_t AuthorityBuilder::memory() const {
  constexpr std::size_t node_overhead = 3 * sizeof(void*);  // link, allocator, bucket
  return sizeof(State) + state_->sources.memory() + state_->children.size() * (16 + node_overhead);
}

}  // namespace paddock::dns
