// SPDX-License-Identifier: Apache-2.0
#include "skydns/place.hpp"
#include "skydns/records.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace paddock::dns {
namespace {

using std::chrono::seconds;

Error bad_key(std::string text) {
  return {make_error_code(boost::system::errc::invalid_argument), std::move(text)};
}

Name child(const Name& name, std::string_view label) { return name.child(label).value(); }

ZoneSpec reverse_zone(const char* origin) {
  return {.origin = Name::parse(origin).value(), .missing = Missing::forward};
}

// How many entries a name answers for; more would not fit into a message. Without a bound a change
// would cost as much as the tree is large, for the names at its top.
constexpr std::size_t max_members = 512;

struct NearestFirst {
  bool operator()(const Leaf* a, const Leaf* b) const {
    return a->labels.size() != b->labels.size() ? a->labels.size() < b->labels.size()
                                                : a->labels < b->labels;
  }
};
using Members = std::set<const Leaf*, NearestFirst>;

}  // namespace

struct SkyDnsNames::State {
  Options options;
  std::vector<Labels> domains;
  std::map<std::string, Labels> keys;  // as they were given
  std::map<Labels, Leaf> leaves;
  std::map<Place, Members> members;  // the leaves each name could answer for
  std::set<Place> changed;           // whose records may be others
  std::set<Place> contributed;       // that have records
  Content content = Content::unknown;
  bool is_new = true;  // the builder knows nothing

  // The labels of the domain a key is in, or of the reverse tree; 0 if neither.
  [[nodiscard]] std::size_t base_of(const Labels& labels) const {
    std::size_t base = 0;
    for (const Labels& domain : domains) {
      if (is_beginning(domain, labels)) base = std::max(base, domain.size());
    }
    return base == 0 && is_reverse(labels) ? 2 : base;
  }

  void change(const Leaf& leaf) {
    each_place(leaf, [this](Place place) { changed.insert(std::move(place)); });
  }

  [[nodiscard]] bool has_children(const Labels& labels) const {
    const auto next = leaves.upper_bound(labels);
    return next != leaves.end() && is_beginning(labels, next->first);
  }

  void add(const Leaf& leaf);
  void remove(const Leaf& leaf);
  [[nodiscard]] bool is_seen(const Leaf& leaf, const Place& place) const;
  [[nodiscard]] Leaves members_of(const Place& place) const;
  [[nodiscard]] Leaves below(Labels labels) const;
  [[nodiscard]] std::vector<Record> records_at(const Place& place, Leaves shown) const;
  [[nodiscard]] std::vector<Record> apex_records(const Name& domain, const Labels& labels) const;
  void add_name_servers(AuthorityBuilder& builder) const;
  [[nodiscard]] ZoneSpec domain_zone(const Name& domain, std::uint32_t serial) const;
};

void SkyDnsNames::State::add(const Leaf& leaf) {
  each_place(leaf, [&](const Place& place) { members[place].insert(&leaf); });
  change(leaf);
}

void SkyDnsNames::State::remove(const Leaf& leaf) {
  change(leaf);
  each_place(leaf, [&](const Place& place) {
    const auto found = members.find(place);
    found->second.erase(&leaf);
    if (found->second.empty()) members.erase(found);
  });
}

// Whether the leaf counts where it could: a key is hidden by those below it, and what SkyDNS has
// for itself is nothing of the domain's.
bool SkyDnsNames::State::is_seen(const Leaf& leaf, const Place& place) const {
  const bool is_own = place.mask == 0 && place.labels.size() == leaf.labels.size();
  if (is_own && !is_reverse(leaf.labels) && has_children(leaf.labels)) return false;
  return place.labels.size() != leaf.base || !is_special(leaf);
}

// In the order of their keys.
Leaves SkyDnsNames::State::members_of(const Place& place) const {
  Leaves seen;
  const auto found = members.find(place);
  if (found == members.end()) return seen;
  for (const Leaf* leaf : found->second) {
    if (seen.size() == max_members) break;
    if (is_seen(*leaf, place)) seen.push_back(leaf);
  }
  std::ranges::sort(seen, {}, [](const Leaf* leaf) -> const Labels& { return leaf->labels; });
  return seen;
}

Leaves SkyDnsNames::State::below(Labels labels) const {
  Leaves found;
  for (auto at = leaves.lower_bound(labels); at != leaves.end() && is_beginning(labels, at->first);
       ++at) {
    found.push_back(&at->second);
  }
  return found;
}

// The domain itself: what apex.dns says, else all entries; and who its name servers are.
std::vector<Record> SkyDnsNames::State::apex_records(const Name& domain,
                                                     const Labels& labels) const {
  Labels special = labels;
  special.insert(special.end(), {"dns", "apex"});
  const Leaves apex = below(special);
  std::vector<Record> records = records_of(domain, of_one_group(apex));
  special.back() = "ns";
  const std::size_t before = records.size();
  for (const Leaf* leaf : below(special)) {
    boost::system::error_code no_address;
    boost::asio::ip::make_address(leaf->entry.host, no_address);
    if (!no_address) records.push_back(ns_record(domain, leaf->name, leaf->ttl));
  }
  if (records.size() == before) {
    records.push_back(ns_record(domain, child(child(domain, "dns"), "ns"), options.ttl));
  }
  return records;
}

std::vector<Record> SkyDnsNames::State::records_at(const Place& place, Leaves shown) const {
  const auto owner = [&]() -> Result<Name> {
    const std::size_t base = base_of(place.labels);
    return name_of(place.labels, base, place.labels.size(), place.mask);
  }();
  if (!owner) return {};
  const bool is_domain = std::ranges::find(domains, place.labels) != domains.end();
  if (is_domain) {
    auto records = apex_records(*owner, place.labels);
    const bool has_apex =
        std::ranges::any_of(records, [](const Record& record) { return record.type != Type::ns; });
    if (!has_apex) {
      auto all = records_of(*owner, of_one_group(shown));
      std::ranges::move(all, std::back_inserter(records));
    }
    return records;
  }
  if (shown.empty()) return {};
  if (is_reverse(place.labels)) return pointers_of(*shown.front());
  return records_of(*owner, of_one_group(shown));
}

ZoneSpec SkyDnsNames::State::domain_zone(const Name& domain, std::uint32_t serial) const {
  const Name dns = child(domain, "dns");
  return {.origin = domain,
          .ttl = options.ttl,
          .negative_ttl = options.negative_ttl,
          .content = content,
          .mname = child(dns, "ns"),
          .rname = child(domain, "hostmaster"),
          .refresh = seconds{28800},
          .retry = seconds{7200},
          .expire = seconds{604800},
          .own_soa = ZoneSpec::OwnSoa{.serial = serial, .ttl = options.ttl}};
}

SkyDnsNames::SkyDnsNames(Options options) : state_(std::make_unique<State>()) {
  for (const Name& domain : options.domains) state_->domains.push_back(labels_of(domain));
  state_->options = std::move(options);
  start_over();
}

SkyDnsNames::~SkyDnsNames() = default;
SkyDnsNames::SkyDnsNames(SkyDnsNames&&) noexcept = default;
SkyDnsNames& SkyDnsNames::operator=(SkyDnsNames&&) noexcept = default;

std::vector<ZoneSpec> SkyDnsNames::zones() const {
  std::vector<ZoneSpec> zones{reverse_zone("in-addr.arpa"), reverse_zone("ip6.arpa")};
  for (const Name& domain : state_->options.domains) {
    zones.push_back(state_->domain_zone(domain, 0));
  }
  return zones;
}

Result<void> SkyDnsNames::set(std::string_view key, std::string_view json,
                              std::optional<seconds> lease) {
  State& state = *state_;
  if (!key.starts_with(state.options.prefix + "/")) {
    return bad_key("the key is not below " + state.options.prefix);
  }
  Leaf leaf{.labels = labels_of(key, state.options.prefix), .base = 0, .name = {}, .entry = {}};
  leaf.base = leaf.labels.empty() ? 0 : state.base_of(leaf.labels);
  if (leaf.base == 0) return bad_key("the key is in none of the domains");
  auto name = name_of(leaf.labels, leaf.base, leaf.labels.size());
  if (!name) return name.error();
  auto entry = parse_skydns_entry(json);
  if (!entry) return entry.error();
  leaf.name = std::move(*name);
  leaf.entry = std::move(*entry);
  leaf.ttl = leaf.entry.ttl.value_or(lease.value_or(state.options.ttl));
  if (lease) leaf.ttl = std::min(leaf.ttl, *lease);
  state.keys[std::string(key)] = leaf.labels;
  const Labels labels = leaf.labels;
  const auto [place, is_new] = state.leaves.insert_or_assign(labels, std::move(leaf));
  if (is_new) {
    state.add(place->second);
  } else {
    state.change(place->second);
  }
  return {};
}

void SkyDnsNames::erase(std::string_view key) {
  State& state = *state_;
  const auto known = state.keys.find(std::string(key));
  if (known == state.keys.end()) return;
  const auto leaf = state.leaves.find(known->second);
  if (leaf != state.leaves.end()) {
    state.remove(leaf->second);
    state.leaves.erase(leaf);
  }
  state.keys.erase(known);
}

std::vector<std::string> SkyDnsNames::keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, labels] : state_->keys) keys.push_back(key);
  return keys;
}

void SkyDnsNames::set_content(Content content) {
  state_->is_new = state_->is_new || state_->content != content;
  state_->content = content;
}

void SkyDnsNames::start_over() {
  State& state = *state_;
  state.contributed.clear();
  for (const Labels& domain : state.domains) state.changed.insert({domain, 0});
  for (const auto& [labels, leaf] : state.leaves) state.change(leaf);
  state.is_new = true;
}

// ns.dns and local.dns are this server while no entry says otherwise.
void SkyDnsNames::State::add_name_servers(AuthorityBuilder& builder) const {
  for (std::size_t i = 0; i < domains.size(); ++i) {
    std::vector<Record> records;
    for (const char* label : {"ns", "local"}) {
      Labels labels = domains[i];
      labels.insert(labels.end(), {"dns", label});
      if (!below(labels).empty()) continue;
      const Name owner = child(child(options.domains[i], "dns"), label);
      records.push_back({.owner = owner, .type = existence, .ttl = options.ttl});
      for (const auto& address : options.server_addresses) {
        records.push_back(address_record(owner, address, options.ttl));
      }
    }
    builder.put(options.source + " servers " + options.domains[i].format(), records);
  }
}

void SkyDnsNames::contribute(AuthorityBuilder& builder, std::chrono::system_clock::time_point now) {
  State& state = *state_;
  if (state.changed.empty() && !state.is_new) return;
  for (const Place& place : state.changed) {
    const auto records = state.records_at(place, state.members_of(place));
    std::string source = state.options.source + " " + std::to_string(place.mask);
    for (const std::string& label : place.labels) source += "/" + label;
    if (!records.empty()) {
      builder.put(source, records);
      state.contributed.insert(place);
    } else if (state.contributed.erase(place) > 0) {
      builder.erase(source);
    }
  }
  state.changed.clear();
  state.is_new = false;
  state.add_name_servers(builder);
  const auto serial = static_cast<std::uint32_t>(
      std::chrono::duration_cast<seconds>(now.time_since_epoch()).count());
  for (const Name& domain : state.options.domains) {
    builder.set_zone(state.domain_zone(domain, serial));
  }
}

// Keys are <domain>/dns/stub/<zone>/<any label>.
std::vector<StubZone> SkyDnsNames::stub_zones() const {
  const State& state = *state_;
  std::map<Name, std::vector<Upstream>> found;
  for (const Labels& domain : state.domains) {
    Labels special = domain;
    special.insert(special.end(), {"dns", "stub"});
    for (const Leaf* leaf : state.below(special)) {
      if (leaf->labels.size() < special.size() + 2) continue;
      const Labels labels(leaf->labels.begin() + static_cast<std::ptrdiff_t>(special.size()),
                          leaf->labels.end() - 1);
      const auto zone = name_of(labels, labels.size(), labels.size());
      boost::system::error_code no_address;
      const auto address = boost::asio::ip::make_address(leaf->entry.host, no_address);
      if (!zone || no_address) continue;
      const std::uint16_t port = leaf->entry.port == 0 ? 53 : leaf->entry.port;
      found[*zone].push_back(Upstream{.endpoint = {address, port}});
    }
  }
  std::vector<StubZone> stubs;
  for (auto& [zone, upstreams] : found) stubs.push_back({zone, std::move(upstreams)});
  return stubs;
}

}  // namespace paddock::dns
