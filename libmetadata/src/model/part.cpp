// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/part.hpp>

#include <vector>

namespace paddock::metadata {
namespace {

template <class T>
std::shared_ptr<T> begin(const T& whole) {
  auto part = std::make_shared<T>();
  part->ns = whole.ns;
  part->name = whole.name;
  part->revision = whole.revision;
  return part;
}

ObjectPtr names_of(const Namespace& whole) {
  auto part = begin(whole);
  part->labels = whole.labels;
  return part;
}

ObjectPtr names_of(const Service& whole) {
  auto part = begin(whole);
  part->labels = whole.labels;
  part->cluster_ips = whole.cluster_ips;
  part->external_name = whole.external_name;
  part->external_ips = whole.external_ips;
  part->load_balancer_ips = whole.load_balancer_ips;
  part->clusterset_ips = whole.clusterset_ips;
  part->ports = whole.ports;
  part->selector = whole.selector;
  part->publish_not_ready = whole.publish_not_ready;
  part->targets = whole.targets;
  part->primary_service = whole.primary_service;
  part->links = whole.links;
  // Its hosts, and what they and its name outside lead to.
  part->lb_config = whole.lb_config;
  part->fqdn = whole.fqdn;
  return part;
}

ObjectPtr names_of(const Endpoints& whole) {
  auto part = begin(whole);
  part->service = whole.service;
  part->cluster = whole.cluster;
  part->ports = whole.ports;
  auto endpoints = whole.endpoints.to_vector();
  for (Endpoint& endpoint : endpoints) {
    endpoint.host = {};
    endpoint.serving = endpoint.ready;
    endpoint.terminating = false;
  }
  part->endpoints = std::move(endpoints);
  if (const Text* time = whole.annotations.find(change_time_annotation)) {
    part->annotations = TextMap{TextPair{Text::shared(change_time_annotation), *time}};
  }
  return part;
}

ObjectPtr names_of(const Pod& whole) {
  auto part = begin(whole);
  part->uid = whole.uid;
  part->created = whole.created;
  part->host = whole.host;
  part->addresses = whole.addresses;
  part->host_network = whole.host_network;
  part->state = whole.state;
  part->service = whole.service;
  part->dns = whole.dns;
  part->dns_search = whole.dns_search;
  part->links = whole.links;
  part->network_from = whole.network_from;
  return part;
}

template <class T>
ObjectPtr names_of(const T&) {  // of no other kind
  return nullptr;
}

}  // namespace

std::optional<Part> part_of_name(std::string_view name) noexcept {
  for (const Part part : {Part::all, Part::names, Part::hosts}) {
    if (name == name_of(part)) return part;
  }
  return std::nullopt;
}

std::string_view name_of(Part part) noexcept {
  return part == Part::all ? "all" : part == Part::names ? "names" : "hosts";
}

ObjectPtr part_of(Part part, const ObjectPtr& object) {
  if (!has_kind(part, object->kind)) return nullptr;
  if (part != Part::names) return object;
  return visit(*object, [](const auto& whole) { return names_of(whole); });
}

bool same_in(Part part, const ObjectPtr& a, const ObjectPtr& b) {
  return visit(*part_of(part, a), [&](const auto& typed) {
    using T = std::remove_cvref_t<decltype(typed)>;
    const auto other = part_of(part, b);
    T one = typed;
    one.revision = b->revision;
    const bool is_dated = part == Part::names && one.kind == Kind::endpoints;
    if (is_dated) one.annotations = other->annotations;  // they are nothing but a date
    return one == static_cast<const T&>(*other);
  });
}

}  // namespace paddock::metadata
