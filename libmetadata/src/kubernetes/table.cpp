// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/table.hpp"

#include "kubernetes/ingress.hpp"
#include "store/judgement.hpp"

#include <algorithm>
#include <utility>

namespace paddock::metadata::kubernetes {
namespace {

std::string seen_name(const Key& key) { return key.ns + "/" + key.name; }

// A Service that exists only because other clusters export it.
bool is_only_imported(const Service& service) { return service.service_kind.empty(); }

std::shared_ptr<Service> imported_service(const Key& key, const Import& import) {
  auto service = std::make_shared<Service>();
  service->ns = Text::shared(key.ns);
  service->name = Text(key.name);
  service->uid = import.uid;
  service->clusterset_ips = import.ips;
  service->ports = import.ports;
  return service;
}

// Equal but for what the table itself says of it.
bool is_same(const Object& known, Object& fresh) {
  fresh.revision = known.revision;
  if (fresh.created == 0) fresh.created = known.created;
  return equal(known, fresh);
}

}  // namespace

Table::Table(std::string store, std::shared_ptr<const Cluster> last_known, std::string own_node)
    : store_(std::move(store)), own_node_(std::move(own_node)) {
  if (!last_known) return;
  draft_ = Draft(*last_known);
  revision_ = last_known->revision();
  // Another store may have kept its state here before: what no feed tells of would never go.
  for (const Network& network : last_known->networks()) erase(network.key());
  for (const Subnet& subnet : last_known->subnets()) erase(subnet.key());
}

void Table::remember_imports() {
  for (const Service& service : draft_.cluster().services()) {
    if (service.clusterset_ips.empty() && !is_only_imported(service)) continue;
    imports_[service.key()] = {
        .uid = service.uid, .ips = service.clusterset_ips, .ports = service.ports};
  }
}

void Table::wait(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, stop, [this] { return is_news_; });
}

Table::Step Table::take() {
  const std::scoped_lock lock(mutex_);
  is_news_ = false;
  if (!is_complete()) return {};
  Step step;
  step.is_first = !std::exchange(has_begun_, true);
  step.changes = std::exchange(changes_, {});
  step.cluster =
      draft_.build({.store = store_, .revision = revision_, .stale_since = stale_since()});
  return step;
}

Table::OwnNode Table::own_node() const {
  const std::scoped_lock lock(mutex_);
  // What was known before this process began may have been long ago.
  if (own_facts_.version.empty()) return {};
  return {draft_.cluster().find<Host>(own_node_), own_facts_};
}

void Table::wait_for_own_node(const std::string& version,
                              std::chrono::steady_clock::time_point until) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, until, [&] { return own_facts_.version != version; });
}

std::uint64_t Table::learn_own_node(const Json& node) {
  auto host = read_node(node);
  const std::scoped_lock lock(mutex_);
  if (version_of(node) > node_version_) put_node(std::move(host), node);
  const auto known = draft_.cluster().find<Host>(own_node_);
  return known ? known->revision : 0;
}

StoreHealth Table::health() const {
  const std::scoped_lock lock(mutex_);
  StoreHealth health;
  health.is_connected = stale_since() == 0 && is_complete();
  health.last_error = last_error_;
  return health;
}

void Table::put(std::shared_ptr<Object> object) {
  const Key key = object->key();
  const ObjectPtr known = draft_.cluster().find(key);
  if (known && is_same(*known, *object)) return;
  object->revision = ++revision_;
  draft_.put(std::move(object));
  note(key, revision_);
}

void Table::put_node(std::shared_ptr<Host> host, const Json& node) {
  node_version_ = std::max(node_version_, version_of(node));
  if (host->name == own_node_) {
    own_facts_ = read_node_facts(node);
    changed_.notify_all();
  }
  put(std::move(host));
}

void Table::erase(const Key& key) {
  if (draft_.erase(key)) note(key, ++revision_);
}

void Table::note(const Key& key, std::uint64_t revision) {
  if (has_begun_) changes_.push_back({revision, key});
  is_news_ = true;
  changed_.notify_all();
}

bool Table::is_complete() const {
  return std::all_of(standings_.begin(), standings_.end(),
                     [](const Standing& standing) { return standing.is_whole; });
}

// Since the first of those that are lost was lost.
std::int64_t Table::stale_since() const {
  std::int64_t since = 0;
  for (const Standing& standing : standings_) {
    if (standing.lost_since != 0 && (since == 0 || standing.lost_since < since)) {
      since = standing.lost_since;
    }
  }
  return since;
}

Feed::Feed(Table& table, Role role) : table_(table), role_(role), number_(table.standings_.size()) {
  table_.standings_.push_back({});
  if (role_ == Role::service_import) table_.remember_imports();
  if (role_ == Role::ingress) table_.has_ingresses_ = true;
}

Kind Feed::kind() const {
  switch (role_) {
    case Role::name_space:
      return Kind::name_space;
    case Role::node:
      return Kind::host;
    case Role::endpoint_slice:
      return Kind::endpoints;
    case Role::pod:
      return Kind::pod;
    case Role::service:
    case Role::service_import:
    case Role::ingress:
      break;
  }
  return Kind::service;
}

Key Feed::key_of(const Json& object) const {
  return role_ == Role::ingress ? key_of_ingress(object) : kubernetes::key_of(object, kind());
}

// Whether it goes when this feed no longer tells of it: whose nobody tells is a Service's.
bool Feed::tells_of(const Service& service) const {
  const bool is_of_ingress = table_.has_ingresses_ && is_ingress(service);
  if (role_ == Role::ingress) return is_of_ingress;
  const bool is_of_import = is_only_imported(service) && table_.imports_.contains(service.key());
  return !is_of_ingress && !is_of_import;
}

void Feed::begin_list() {
  is_listing_ = true;
  seen_.clear();
}

void Feed::end_list() {
  const std::scoped_lock lock(table_.mutex_);
  erase_unseen();
  is_listing_ = false;
  seen_ = {};
  table_.standings_[number_].is_whole = true;
  table_.is_news_ = true;
  table_.changed_.notify_all();
}

void Feed::put(const Json& object) {
  const Key key = key_of(object);
  if (key.name.empty() || (has_namespace(key.kind) && key.ns.empty())) return;
  if (is_listing_) seen_.insert(seen_name(key));
  // Read outside of the lock: other feeds go on meanwhile.
  std::shared_ptr<Object> fresh;
  switch (role_) {
    case Role::name_space:
      fresh = read_namespace(object);
      break;
    case Role::node: {
      auto host = read_node(object);
      const std::scoped_lock lock(table_.mutex_);
      return table_.put_node(std::move(host), object);
    }
    case Role::pod:
      fresh = read_pod(object);
      break;
    case Role::endpoint_slice:
      fresh = read_endpoint_slice(object);
      break;
    case Role::ingress:
      fresh = read_ingress(object);
      break;
    case Role::service: {
      auto service = read_service(object);
      const std::scoped_lock lock(table_.mutex_);
      return put_service(std::move(service));
    }
    case Role::service_import: {
      auto import = read_service_import(object);
      const std::scoped_lock lock(table_.mutex_);
      return put_import(key, std::move(import));
    }
  }
  const std::scoped_lock lock(table_.mutex_);
  if (fresh) {
    table_.put(std::move(fresh));
  } else {
    table_.erase(key);
  }
}

void Feed::erase(const Json& object) {
  const Key key = key_of(object);
  const std::scoped_lock lock(table_.mutex_);
  if (role_ == Role::service) {
    erase_service(key);
  } else if (role_ == Role::service_import) {
    erase_import(key);
  } else {
    table_.erase(key);
  }
}

void Feed::put_service(std::shared_ptr<Service> service) {
  const auto import = table_.imports_.find(service->key());
  if (import != table_.imports_.end()) service->clusterset_ips = import->second.ips;
  table_.put(std::move(service));
}

void Feed::erase_service(const Key& key) {
  const auto import = table_.imports_.find(key);
  if (import == table_.imports_.end()) return table_.erase(key);
  table_.put(imported_service(key, import->second));
}

void Feed::put_import(const Key& key, Import import) {
  const auto known = table_.draft_.cluster().find<Service>(key.ns, key.name);
  table_.imports_[key] = import;
  if (!known || is_only_imported(*known)) return table_.put(imported_service(key, import));
  auto shared = clone(*known);
  shared->clusterset_ips = import.ips;
  table_.put(std::move(shared));
}

void Feed::erase_import(const Key& key) {
  table_.imports_.erase(key);
  const auto known = table_.draft_.cluster().find<Service>(key.ns, key.name);
  if (!known) return;
  if (is_only_imported(*known)) return table_.erase(key);
  auto unshared = clone(*known);
  unshared->clusterset_ips = {};
  table_.put(std::move(unshared));
}

// What was there and has not been told again is gone.
void Feed::erase_unseen() {
  std::vector<Key> gone;
  const auto look_at = [&](const Key& key) {
    if (!seen_.contains(seen_name(key))) gone.push_back(key);
  };
  if (role_ == Role::service_import) {
    for (const auto& [key, import] : table_.imports_) look_at(key);
    for (const Key& key : gone) erase_import(key);
    return;
  }
  const auto look_at_all = [&]<class T>(const Range<T>& all) {
    for (const T& object : all) {
      if constexpr (std::is_same_v<T, Service>) {
        if (!tells_of(object)) continue;
      }
      look_at(object.key());
    }
  };
  const Cluster& cluster = table_.draft_.cluster();
  switch (kind()) {
    case Kind::name_space:
      look_at_all(cluster.namespaces());
      break;
    case Kind::host:
      look_at_all(cluster.hosts());
      break;
    case Kind::service:
      look_at_all(cluster.services());
      break;
    case Kind::endpoints:
      look_at_all(cluster.endpoints());
      break;
    case Kind::pod:
      look_at_all(cluster.pods());
      break;
    case Kind::network:
    case Kind::subnet:
      break;
  }
  for (const Key& key : gone) {
    if (role_ == Role::service) {
      erase_service(key);
    } else {
      table_.erase(key);
    }
  }
}

void Feed::connected() {
  const std::scoped_lock lock(table_.mutex_);
  table_.standings_[number_].lost_since = 0;
  table_.is_news_ = true;
  table_.changed_.notify_all();
}

void Feed::lost(const Error& why) {
  const std::scoped_lock lock(table_.mutex_);
  auto& standing = table_.standings_[number_];
  if (standing.lost_since == 0) standing.lost_since = unix_milliseconds();
  table_.last_error_ = why.text;
  table_.is_news_ = true;
  table_.changed_.notify_all();
}

}  // namespace paddock::metadata::kubernetes
