// SPDX-License-Identifier: Apache-2.0
#include "dnsd/pod_views.hpp"

#include "dnsd/options.hpp"
#include "dnsd/translate.hpp"

#include <algorithm>

namespace paddock::dnsd {

namespace {

namespace asio = boost::asio;

// A namespace of this name or of all names stands before what its pods see besides themselves.
constexpr std::string_view any_namespace = "*";

std::map<std::string, std::set<std::string>> visible_namespaces(const Options& options) {
  std::map<std::string, std::set<std::string>> visible;
  for (const auto& text : options.visible_namespaces) {
    const auto equals = text.find('=');
    auto& seen = visible[text.substr(0, equals)];
    for (std::size_t at = equals + 1; at < text.size();) {
      const auto plus = std::min(text.find('+', at), text.size());
      if (plus > at) seen.insert(text.substr(at, plus - at));
      at = plus + 1;
    }
  }
  return visible;
}

std::vector<dns::Name> namespace_parents(const Options& options) {
  std::vector<dns::Name> parents;
  const auto add = [&parents](const std::string& text) {
    if (auto name = dns::Name::parse(text)) parents.push_back(std::move(name).value());
  };
  for (const auto& zone : options.cluster_zones) {
    add("svc." + zone);
    add("pod." + zone);
  }
  if (options.clusterset_zone != "none") add("svc." + options.clusterset_zone);
  if (options.external_zone != "none") add(options.external_zone);
  if (options.rancher_zone != "none") add(options.rancher_zone);
  return parents;
}

void add_clients(const metadata::Pod& pod, const metadata::Cluster& cluster, dns::View& view) {
  for (const auto& address : pod.addresses) {
    const auto holder = cluster.pod_at(address);
    if (!holder || holder->key() != pod.key()) continue;
    if (address.is_v4()) {
      view.clients_v4.emplace_back(address.to_v4(), 32);
    } else {
      view.clients_v6.emplace_back(asio::ip::address_v6(address.to_v6().to_bytes()), 128);
    }
  }
}

bool changes_nothing(const dns::View& view) {
  return view.same.empty() && view.search.empty() && view.upstreams.empty() &&
         view.hidden.empty() && view.path.empty();
}

}  // namespace

std::string set_name(const std::vector<dns::Upstream>& upstreams) {
  std::string name;
  for (const auto& upstream : upstreams) name += (name.empty() ? "" : " ") + format(upstream);
  return name;
}

std::vector<dns::Upstream> upstreams_of(std::string_view set_name) {
  std::vector<dns::Upstream> upstreams;
  while (!set_name.empty()) {
    const auto space = std::min(set_name.find(' '), set_name.size());
    if (auto upstream = dns::parse_upstream(set_name.substr(0, space))) {
      upstreams.push_back(std::move(upstream).value());
    }
    set_name.remove_prefix(std::min(space + 1, set_name.size()));
  }
  return upstreams;
}

PodViews::PodViews(const Options& options)
    : host_(host_name(options)),
      parents_(namespace_parents(options)),
      ndots_(options.ndots),
      never_recurse_to_(options.never_recurse_to.begin(), options.never_recurse_to.end()),
      visible_(visible_namespaces(options)) {
  if (options.rancher_zone != "none") {
    rancher_zone_ = dns::Name::parse(options.rancher_zone).value();
  }
  if (!options.autopath || options.cluster_zones.empty()) return;
  path_zone_ = dns::Name::parse(options.cluster_zones.front()).value();
  for (const auto& text : options.autopath_search) {
    path_search_.push_back(dns::Name::parse(text).value());
  }
}

bool PodViews::concerns(const metadata::Object& object) const {
  if (const auto* pod = metadata::as<metadata::Pod>(&object)) {
    return pod->host == host_ || linked_.contains(pod->uid.view()) ||
           std::ranges::any_of(pod->addresses,
                               [this](const auto& one) { return addresses_.contains(one); });
  }
  return object.kind == metadata::Kind::service &&
         services_.contains({object.ns.str(), object.name.str()});
}

std::vector<dns::View> PodViews::follow(const metadata::Cluster& cluster) {
  services_.clear();
  linked_.clear();
  addresses_.clear();
  problems_.clear();
  std::vector<dns::View> views;
  for (const auto& pod : cluster.pods_on(host_)) {
    if (pod.host_network) continue;
    addresses_.insert(pod.addresses.begin(), pod.addresses.end());
    dns::View view = view_of(pod, cluster);
    const bool has_clients = !view.clients_v4.empty() || !view.clients_v6.empty();
    if (has_clients && !changes_nothing(view)) views.push_back(std::move(view));
  }
  return views;
}

dns::View PodViews::view_of(const metadata::Pod& pod, const metadata::Cluster& cluster) {
  dns::View view{.name = "pod " + pod.ns.str() + "/" + pod.name.str(), .ndots = ndots_};
  add_clients(pod, cluster, view);
  add_search(pod, view);
  add_upstreams(pod, view);
  add_path(pod.ns.str(), view);
  if (rancher_zone_) {
    add_service_links(pod, cluster, view);
    add_container_links(pod, cluster, view);
  }
  hide_namespaces(pod.ns.str(), view);
  return view;
}

void PodViews::add_search(const metadata::Pod& pod, dns::View& view) {
  for (const auto& text : pod.dns_search) {
    if (auto name = dns::Name::parse(text.view())) {
      view.search.push_back(std::move(name).value());
    } else {
      report(view, "dns_search: " + name.error().text);
    }
  }
}

// Without what would ask us again.
void PodViews::add_upstreams(const metadata::Pod& pod, dns::View& view) {
  std::vector<dns::Upstream> upstreams;
  for (const auto& text : pod.dns) {
    const auto upstream = dns::parse_upstream(text.view());
    if (!upstream) {
      report(view, "dns: " + upstream.error().text);
      continue;
    }
    const auto& address = upstream->endpoint.address;
    if (!address.is_loopback() && !never_recurse_to_.contains(address.to_string())) {
      upstreams.push_back(*upstream);
    }
  }
  view.upstreams = set_name(upstreams);
}

// An alias of a link is a name of its own, alone and in the stack of what it leads to.
void PodViews::add_service_links(const metadata::Pod& pod, const metadata::Cluster& cluster,
                                 dns::View& view) {
  if (pod.service.empty()) return;
  const auto its = service_of(pod);
  services_.emplace(its.space, its.name);
  const auto service = cluster.find<metadata::Service>(its.space, its.name);
  if (!service) return;
  const std::string zone = rancher_zone_->format();
  for (const auto& link : service->links) {
    const std::string path = link.key.str();
    const std::string alias = link.value.str();
    const auto slash = path.find('/');
    const std::string stack = path.substr(0, slash);
    const std::string name = path.substr(slash + 1);
    if (alias.empty() || alias == name || alias == path) continue;
    const std::string target = name + "." + stack + "." + zone;
    add_same(alias + "." + zone, target, view);
    add_same(alias + "." + stack + "." + zone, target, view);
  }
}

void PodViews::add_container_links(const metadata::Pod& pod, const metadata::Cluster& cluster,
                                   dns::View& view) {
  if (pod.links.empty()) return;
  const std::string zone = rancher_zone_->format();
  std::map<std::string, std::string> names;  // of the pods linked to, by uid
  for (const auto& link : pod.links) names[link.value.str()];
  for (const auto& other : cluster.pods()) {
    const auto name = names.find(other.uid.str());
    if (name != names.end()) name->second = other.name.str();
  }
  for (const auto& link : pod.links) {
    linked_.insert(link.value.str());
    const auto& name = names[link.value.str()];
    if (name.empty()) {
      report(view, "link " + link.key.str() + ": there is no pod of uid " + link.value.str());
    } else {
      add_same(link.key.str() + "." + zone, name + "." + zone, view);
    }
  }
}

// What came first stays: a service's link hides a container's of the same name.
void PodViews::add_same(const std::string& name, const std::string& target, dns::View& view) {
  const auto from = dns::Name::parse(name);
  const auto to = dns::Name::parse(target);
  if (!from || !to) return report(view, "link: " + (from ? to : from).error().text);
  const auto is_taken = [&from](const dns::SameAs& same) { return same.name == *from; };
  if (std::ranges::none_of(view.same, is_taken)) view.same.push_back({*from, *to});
}

// As the kubelet writes it into the pod's resolv.conf.
void PodViews::add_path(const std::string& space, dns::View& view) const {
  if (!path_zone_) return;
  const auto services = path_zone_->child("svc").value();
  const auto own = services.child(space);
  if (!own) return;
  view.path = {*own, services, *path_zone_};
  view.path.insert(view.path.end(), path_search_.begin(), path_search_.end());
}

void PodViews::hide_namespaces(const std::string& space, dns::View& view) const {
  auto seen = visible_.find(space);
  if (seen == visible_.end()) seen = visible_.find(std::string(any_namespace));
  if (seen == visible_.end()) return;
  view.hidden = parents_;
  for (const auto& parent : parents_) {
    const auto show = [&](std::string_view label) {
      if (const auto name = parent.child(label)) view.shown.push_back(*name);
    };
    show(space);
    for (const auto& other : seen->second) show(other);
    if (parent == rancher_zone_) show("rancher-metadata");
    show("dns");  // where the zone's name server is, if it is a zone
  }
}

void PodViews::report(const dns::View& view, std::string text) {
  problems_.push_back({view.name, std::move(text)});
}

}  // namespace paddock::dnsd
