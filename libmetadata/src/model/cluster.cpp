// SPDX-License-Identifier: Apache-2.0
#include "model/treap.hpp"

namespace paddock::metadata {

using detail::Order;
using detail::Probe;

namespace {

constexpr std::size_t slot(Kind kind) noexcept { return static_cast<std::size_t>(kind); }

std::size_t size_of(const detail::Node* root) noexcept { return root == nullptr ? 0 : root->count; }

// Whether this is the first place of the address in the pod's list, so the one to index.
bool is_first(const Pod& pod, std::size_t part) {
  return std::find(pod.addresses.begin(), pod.addresses.begin() + part, pod.addresses[part]) ==
         pod.addresses.begin() + part;
}

// Whether both stand at the same places of every index, so that one simply replaces the other
// there.
bool is_indexed_alike(const Object& a, const Object& b) {
  if (a.kind == Kind::endpoints) {
    return static_cast<const Endpoints&>(a).service == static_cast<const Endpoints&>(b).service;
  }
  if (a.kind != Kind::pod) return true;
  const auto& pod = static_cast<const Pod&>(a);
  const auto& other = static_cast<const Pod&>(b);
  return pod.host == other.host && pod.host_network == other.host_network &&
         pod.addresses == other.addresses;
}

}  // namespace

Cluster::Cluster() = default;
Cluster::~Cluster() = default;

const detail::Node* Cluster::root(Kind kind) const noexcept { return tables_[slot(kind)].get(); }

std::size_t Cluster::count(Kind kind) const noexcept { return size_of(root(kind)); }

std::size_t Cluster::size() const noexcept {
  std::size_t sum = 0;
  for (const Kind kind : all_kinds) sum += count(kind);
  return sum;
}

std::pair<std::size_t, std::size_t> Cluster::namespace_bounds(Kind kind,
                                                              std::string_view ns) const {
  return detail::bounds(Order::key, root(kind), Probe{{}, ns, {}, {}, 1});
}

ObjectPtr Cluster::find(Kind kind, std::string_view ns, std::string_view name) const {
  const detail::Node* node = detail::find(Order::key, root(kind), detail::key_probe(ns, name));
  return node == nullptr ? nullptr : node->object;
}

ObjectPtr Cluster::find(const Key& key) const { return find(key.kind, key.ns, key.name); }

Range<Endpoints> Cluster::endpoints_of(std::string_view ns, std::string_view service) const {
  const auto* root = endpoints_by_service_.get();
  const auto [first, last] = detail::bounds(Order::service, root, Probe{{}, ns, service, {}, 2});
  return {root, first, last};
}

Range<Pod> Cluster::pods_on(std::string_view host) const {
  const auto* root = pods_by_host_.get();
  const auto [first, last] = detail::bounds(Order::host, root, Probe{{}, host, {}, {}, 1});
  return {root, first, last};
}

std::shared_ptr<const Pod> Cluster::pod_at(const boost::asio::ip::address& address) const {
  Probe at{address, {}, {}, {}, 1};
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    at.address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  // Whoever else claims it stands below the first that is found.
  const auto* top = detail::find(Order::address, pods_by_address_.tree_of(at.address), at);
  if (top == nullptr) return nullptr;
  const auto [first, last] = detail::bounds(Order::address, top, at);
  const Range<Pod> claims(top, first, last);
  const auto rank = [](const Pod& pod) { return std::pair(is_running(pod), pod.created); };
  std::shared_ptr<const Pod> best;
  for (auto claim = claims.begin(); claim != claims.end(); ++claim) {
    if (!best || rank(*claim) > rank(*best)) best = claim.share();
  }
  return best;
}

Draft::Draft(const Cluster& base) : next_(base) {}

void Draft::put(ObjectPtr object) {
  const std::size_t table = slot(object->kind);
  const ObjectPtr before = next_.find(object->kind, object->ns, object->name);
  if (before && !is_indexed_alike(*before, *object)) unindex(*before);
  index(object);
  next_.tables_[table] =
      detail::put(Order::key, std::move(next_.tables_[table]), std::move(object));
}

bool Draft::erase(const Key& key) {
  const ObjectPtr before = next_.find(key);
  if (!before) return false;
  unindex(*before);
  auto& table = next_.tables_[slot(key.kind)];
  table = detail::erase(Order::key, std::move(table), detail::key_probe(key.ns, key.name));
  return true;
}

std::shared_ptr<const Cluster> Draft::build(Cluster::Stamp stamp) {
  next_.stamp_ = std::move(stamp);
  return std::make_shared<const Cluster>(next_);
}

void Draft::index(const ObjectPtr& object) {
  if (object->kind == Kind::endpoints) {
    next_.endpoints_by_service_ =
        detail::put(Order::service, std::move(next_.endpoints_by_service_), object);
  }
  const Pod* pod = as<Pod>(object.get());
  if (pod == nullptr) return;
  if (!pod->host.empty()) {
    next_.pods_by_host_ = detail::put(Order::host, std::move(next_.pods_by_host_), object);
  }
  if (pod->host_network) return;
  for (std::uint32_t part = 0; part < pod->addresses.size(); ++part) {
    if (is_first(*pod, part)) next_.pods_by_address_.put(object, part);
  }
}

void Draft::unindex(const Object& object) {
  const auto drop = [&object](Order order, detail::NodePtr& root) {
    root = detail::erase(order, std::move(root), detail::probe_of(order, object, 0));
  };
  if (object.kind == Kind::endpoints) drop(Order::service, next_.endpoints_by_service_);
  const Pod* pod = as<Pod>(&object);
  if (pod == nullptr) return;
  drop(Order::host, next_.pods_by_host_);
  if (pod->host_network) return;
  for (std::uint32_t part = 0; part < pod->addresses.size(); ++part) {
    next_.pods_by_address_.erase(*pod, part);
  }
}

}  // namespace paddock::metadata
