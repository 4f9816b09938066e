// SPDX-License-Identifier: Apache-2.0
#include "zone/compiled_sets.hpp"
#include "zone/entry_writer.hpp"
#include "zone/pattern.hpp"
#include "zone/soa.hpp"
#include "zone/sources.hpp"
#include "zone/table.hpp"

#include <malloc.h>

#include <algorithm>
#include <bitset>
#include <unordered_map>

namespace paddock::dns {
namespace {

using Wire = std::span<const std::uint8_t>;

Wire parent_of(Wire name) { return name.subspan(std::size_t{1} + name[0]); }

// Shards that grow beside one another leave holes between them, a third of a large table; below
// this many the holes are used again by what comes next.
constexpr std::size_t many_shards = AuthorityTable::width * Branch::width / 2;

bool is_wildcard(Wire name) { return name[0] == 1 && name[1] == '*'; }

}  // namespace

struct AuthorityBuilder::State {
  std::uint64_t seed = random_seed();
  std::vector<ZoneSpec> specs;      // longest origins first
  std::vector<CompiledZone> zones;  // in the same order
  std::vector<bool> is_zone_changed;

  // The table as it will be in the next snapshot. What is not ours alone is shared with the last
  // snapshot and copied before it is changed.
  std::array<std::shared_ptr<Branch>, AuthorityTable::width> branches;
  std::bitset<AuthorityTable::width> owned_branches;
  std::bitset<AuthorityTable::width * Branch::width> owned_shards;
  std::size_t name_count = 0;
  std::size_t table_memory = 0;  // of the shards that are not owned

  Sources sources;                                            // by hash of the key
  std::unordered_map<std::uint64_t, std::uint32_t> children;  // of names that have some, by hash

  bool is_changed = true;
  std::shared_ptr<const Authority> last;

  CompiledSets compiled;
  EntryWriter writer;
  std::vector<SetView> sets;  // scratch of replace()

  std::uint64_t hash(Wire name) const { return hash_bytes(name, seed); }

  EntryView find(Wire name, std::uint64_t hash) const {
    const Branch* branch = branches[branch_of(hash)].get();
    return branch ? find_entry(branch->shards[shard_of(hash)], name, hash) : EntryView();
  }

  // The shard a hash belongs to, made ours.
  Block& own_shard(std::uint64_t hash);
  void store(std::span<const std::uint8_t> entry, std::uint64_t hash);
  void remove(Wire name, std::uint64_t hash);

  void add_child(Wire parent);
  void remove_child(Wire parent);
  void add_name(Wire name, std::uint16_t zone);

  // Makes `fresh` all that `source` contributes to `name`.
  void replace(Wire name, std::uint16_t zone, std::uint32_t source, std::span<const SetView> fresh);
  void withdraw(std::uint64_t hash, std::uint32_t source);
  void note_change(Wire name, std::uint16_t zone);

  std::vector<std::uint64_t> contribute(std::span<const Record* const> records, std::uint32_t id,
                                        std::vector<Problem>& problems);
};

Block& AuthorityBuilder::State::own_shard(std::uint64_t hash) {
  const std::size_t branch = branch_of(hash);
  if (!owned_branches[branch]) {
    branches[branch] =
        branches[branch] ? std::make_shared<Branch>(*branches[branch]) : std::make_shared<Branch>();
    owned_branches[branch] = true;
  }
  Block& block = branches[branch]->shards[shard_of(hash)];
  const std::size_t index = branch * Branch::width + shard_of(hash);
  if (!owned_shards[index]) {
    table_memory -= memory_of(block);
    ShardEditor(block, seed).own();
    owned_shards[index] = true;
  }
  return block;
}

void AuthorityBuilder::State::store(std::span<const std::uint8_t> entry, std::uint64_t hash) {
  ShardEditor(own_shard(hash), seed).store(entry, hash);
}

void AuthorityBuilder::State::remove(Wire name, std::uint64_t hash) {
  ShardEditor(own_shard(hash), seed).remove(name, hash);
}

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
  const std::uint64_t hash_of_parent = hash(parent);
  if (++children[hash_of_parent] > 1 || find(parent, hash_of_parent)) return;
  std::vector<SetView> none;
  store(writer.write(parent, zone, none), hash_of_parent);
  add_name(parent, zone);
}

void AuthorityBuilder::State::remove_child(Wire parent) {
  const std::uint64_t hash_of_parent = hash(parent);
  const auto count = children.find(hash_of_parent);
  if (count == children.end() || --count->second > 0) return;
  children.erase(count);
  const EntryView entry = find(parent, hash_of_parent);
  if (!entry || entry.header().set_count > 0) return;
  note_change(parent, entry.header().zone);
  remove(parent, hash_of_parent);
  --name_count;
  remove_child(parent_of(parent));
}

void AuthorityBuilder::State::add_name(Wire name, std::uint16_t zone) {
  ++name_count;
  note_change(name, zone);
  if (name.size() > 1) add_child(parent_of(name));
}

void AuthorityBuilder::State::replace(Wire name, std::uint16_t zone, std::uint32_t source,
                                      std::span<const SetView> fresh) {
  const std::uint64_t hash_of_name = hash(name);
  const EntryView before = find(name, hash_of_name);
  sets.assign(fresh.begin(), fresh.end());
  const std::uint8_t* at = before ? before.sets() : nullptr;
  for (unsigned i = 0; before && i < before.header().set_count; ++i) {
    const SetView set = EntryView::read_set(at);
    if (set.header.source != source && !set.header.has(SetHeader::joined)) sets.push_back(set);
  }
  if (sets.empty() && !before) return;
  if (sets.empty() && !children.contains(hash_of_name)) {
    note_change(name, zone);
    remove(name, hash_of_name);
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
  store(entry, hash_of_name);
  note_change(name, zone);
  if (is_new) add_name(name, zone);
}

void AuthorityBuilder::State::withdraw(std::uint64_t hash_of_name, std::uint32_t source) {
  Branch* branch = branches[branch_of(hash_of_name)].get();
  if (branch == nullptr) return;
  const EntryView entry =
      ShardEditor(branch->shards[shard_of(hash_of_name)], seed).find_source(hash_of_name, source);
  if (!entry) return;
  const std::vector<std::uint8_t> name(entry.name().begin(), entry.name().end());
  replace(name, entry.header().zone, source, {});
}

// Puts sorted records under `id`; returns the sorted hashes of the names they belong to.
std::vector<std::uint64_t> AuthorityBuilder::State::contribute(
    std::span<const Record* const> records, std::uint32_t id, std::vector<Problem>& problems) {
  std::vector<std::uint64_t> names;
  for (std::size_t i = 0; i < records.size();) {
    const Name& owner = records[i]->owner;
    const std::size_t first = i;
    while (i < records.size() && records[i]->owner == owner) ++i;
    const std::uint16_t zone = AuthorityTable::enclosing_zone(zones, owner.wire());
    if (zone == AuthorityTable::no_zone) {
      problems.push_back({owner.format(), "is outside of every zone"});
      continue;
    }
    if (!compiled.compile(records.subspan(first, i - first), id)) {
      problems.push_back({owner.format(), "has more records than one answer set can hold"});
    }
    for (const SetView& set : compiled.sets()) {
      if (set.type() == dashed_addresses) zones[zone].has_dashed_addresses = true;
      const bool is_apex = owner.wire().size() == zones[zone].origin.size();
      if (set.type() == Type::dname || (set.type() == Type::ns && !is_apex)) {
        zones[zone].has_cuts = true;
      }
    }
    names.push_back(hash(owner.wire()));
    replace(owner.wire(), zone, id, compiled.sets());
  }
  std::ranges::sort(names);
  return names;
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
  std::vector<const Record*> sorted;
  sorted.reserve(records.size());
  for (const Record& record : records) sorted.push_back(&record);
  std::ranges::sort(sorted, record_less);

  const std::uint64_t key = hash_bytes(
      {reinterpret_cast<const std::uint8_t*>(source.data()), source.size()}, state_->seed);
  const std::uint32_t id = state_->sources.id_of(key);
  std::vector<Problem> problems;
  const std::vector<std::uint64_t> names = state_->contribute(sorted, id, problems);
  std::vector<std::uint64_t> gone;
  std::ranges::set_difference(state_->sources.names_of(key), names, std::back_inserter(gone));
  for (const std::uint64_t name : gone) state_->withdraw(name, id);
  state_->sources.set_names(key, names);
  return problems;
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
  const bool is_mostly_new = state.owned_shards.count() > many_shards;
  for (std::size_t i = 0; i < state.owned_shards.size(); ++i) {
    if (!state.owned_shards[i]) continue;
    Branch& branch = *state.branches[i / Branch::width];
    Block& block = branch.shards[i % Branch::width];
    branch.slot_masks[i % Branch::width] = ShardEditor(block, state.seed).trim();
    state.table_memory += memory_of(block);
  }
  if (is_mostly_new) ::malloc_trim(0);
  std::ranges::copy(state.branches, table->branches.begin());
  state.owned_branches.reset();
  state.owned_shards.reset();
  table->seed = state.seed;
  table->name_count = state.name_count;
  table->memory = state.table_memory + sizeof(Branch) * table->branches.size();
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
