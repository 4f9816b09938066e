// SPDX-License-Identifier: Apache-2.0
#include "dnsd/names_from_cluster.hpp"

#include "dnsd/options.hpp"
#include "dnsd/translate.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <ranges>
#include <stdexcept>

namespace paddock::dnsd {

namespace {

bool exists(const metadata::Cluster& cluster, const std::string& space) {
  return cluster.find<metadata::Namespace>(space) ||
         !cluster.all_in<metadata::Service>(space).empty() ||
         !cluster.all_in<metadata::Pod>(space).empty() ||
         !cluster.all_in<metadata::Endpoints>(space).empty();
}

bool is_on_others_network(const metadata::Pod& pod) {
  return pod.addresses.empty() && !pod.network_from.empty();
}

// A zone of the cluster stays that: it answers for the file only when the cluster is known.
std::vector<dns::ZoneSpec> all_zones(const Schemas& schemas,
                                     const std::vector<dns::Name>& authoritative,
                                     const std::vector<dns::ZoneSpec>& others,
                                     const Options& options) {
  auto zones = schemas.zones();
  for (const auto& other : others) {
    const bool is_taken = std::ranges::any_of(
        zones, [&](const dns::ZoneSpec& zone) { return zone.origin == other.origin; });
    if (is_taken && other.missing == dns::Missing::nxdomain) {
      throw std::runtime_error("the zone " + other.origin.format() +
                               " comes from two places; give only one of them");
    }
    if (!is_taken) zones.push_back(other);
  }
  for (const auto& origin : authoritative) {
    const auto ttl = ttl_of(options, origin);
    zones.push_back(
        {.origin = origin, .ttl = ttl, .negative_ttl = ttl, .content = dns::Content::fixed});
  }
  return zones;
}

std::string source_of_service(const std::pair<std::string, std::string>& key) {
  return "service " + key.first + "/" + key.second;
}

dns::Contribution joined(std::vector<dns::Contribution> contributions) {
  if (contributions.empty()) return {};
  dns::Contribution whole = std::move(contributions.front());
  std::size_t count = 0;
  for (const auto& one : contributions) count += one.records.size();
  whole.records.reserve(whole.records.size() + count);
  for (auto& more : contributions | std::views::drop(1)) {
    std::ranges::move(more.records, std::back_inserter(whole.records));
    std::ranges::move(more.problems, std::back_inserter(whole.problems));
  }
  return whole;
}

}  // namespace

NamesFromCluster::NamesFromCluster(const Options& options,
                                   const std::vector<dns::Name>& authoritative,
                                   const std::vector<dns::ZoneSpec>& others)
    : schemas_(options),
      exposure_(options),
      has_endpoints_(options.endpoints),
      zones_(all_zones(schemas_, authoritative, others, options)),
      builder_(zones_),
      views_(options),
      cluster_(std::make_shared<metadata::Cluster>()) {
  put("base", schemas_.base());
}

void NamesFromCluster::follow(std::shared_ptr<const metadata::Cluster> cluster) {
  Touched touched;
  bool concerns_views = false;
  metadata::diff(*cluster_, *cluster, [&](const metadata::Difference& difference) {
    const bool comes_or_goes = !difference.before || !difference.after;
    for (const auto& object : {difference.before, difference.after}) {
      if (!object) continue;
      touch(*object, touched);
      if (comes_or_goes && metadata::has_namespace(object->kind)) {
        touched.spaces.insert(object->ns.str());  // which exists while anything is in it
      }
      concerns_views = concerns_views || views_.concerns(*object);
    }
    return true;
  });
  const auto before = std::exchange(cluster_, std::move(cluster));
  if (concerns_views) views_.follow(*cluster_);
  name(touched, *before);
}

void NamesFromCluster::set_reach(Reach reach) {
  if (reach == reach_) return;
  const auto before = std::exchange(reach_, std::move(reach));
  Touched touched;
  for (const auto& slice : cluster_->endpoints()) {
    const auto is_other = [&](const boost::asio::ip::address& address) {
      return before.holds(address) != reach_.holds(address);
    };
    const bool is_touched = std::ranges::any_of(slice.endpoints, [&](const auto& endpoint) {
      return std::ranges::any_of(endpoint.addresses, is_other);
    });
    if (is_touched) touched.services.emplace(slice.ns.str(), slice.service.str());
  }
  name(touched, *cluster_);
}

// All that a change touches, and what hangs on it.
void NamesFromCluster::name(Touched& touched, const metadata::Cluster& before) {
  touch_spaces(touched);
  touch_aliases(touched);
  find_holders(touched);
  for (const auto& space : touched.spaces) name_space(space);
  for (const auto& key : touched.services) name_service(key);
  for (const auto& key : touched.backends) {
    if (!touched.services.contains(key)) name_backends(key, before);
  }
  for (const auto& key : touched.pods) name_pod(key);
  for (const auto& uid : touched.networks) {
    const auto network = networks_.find(uid);
    if (network != networks_.end() && network->second.sharers.empty()) networks_.erase(network);
  }
}

void NamesFromCluster::take(const AnswersFile& answers) {
  std::vector<dns::Record> inside;
  std::vector<dns::Record> outside;
  for (const auto& record : answers.common.records) {
    const bool is_ours = std::ranges::any_of(zones_, [&record](const dns::ZoneSpec& zone) {
      return record.owner.is_within(zone.origin);
    });
    (is_ours ? inside : outside).push_back(record);
  }
  put("answers", {{.records = std::move(inside), .problems = answers.problems}});
  views_.take(answers, std::move(outside));
}

void NamesFromCluster::touch(const metadata::Object& object, Touched& touched) {
  if (object.kind == metadata::Kind::name_space) {
    touched.spaces.insert(object.name.str());
    if (exposure_.looks_at_spaces()) touched.labelled.insert(object.name.str());
  }
  if (const auto* slice = metadata::as<metadata::Endpoints>(&object)) {
    touched.backends.emplace(object.ns.str(), slice->service.str());
  } else if (object.kind == metadata::Kind::service) {
    touched.services.emplace(object.ns.str(), object.name.str());
  } else if (const auto* pod = metadata::as<metadata::Pod>(&object)) {
    touch_pod(*pod, touched);
  }
}

// Pods that share its network are named by its addresses.
void NamesFromCluster::touch_pod(const metadata::Pod& pod, Touched& touched) {
  const ServiceKey key{pod.ns.str(), pod.name.str()};
  touched.pods.insert(key);
  if (!pod.service.empty() && !metadata::is_running(pod)) {
    const auto service = service_of(pod);
    touched.services.emplace(service.space, service.name);
  }
  if (const auto shared = networks_.find(pod.network_from.view()); shared != networks_.end()) {
    shared->second.sharers.erase(key);  // until it is named again
    touched.networks.insert(shared->first);
  }
  if (const auto own = networks_.find(pod.uid.view()); own != networks_.end()) {
    own->second.holder = key;
    touched.pods.insert(own->second.sharers.begin(), own->second.sharers.end());
  }
}

// A namespace whose labels changed may show or hide all that is in it.
void NamesFromCluster::touch_spaces(Touched& touched) const {
  for (const auto& space : touched.labelled) {
    for (const auto& service : cluster_->all_in<metadata::Service>(space)) {
      touched.services.emplace(space, service.name.str());
    }
    for (const auto& pod : cluster_->all_in<metadata::Pod>(space)) {
      touched.pods.emplace(space, pod.name.str());
    }
  }
}

// An alias has the names' values of what it stands for, however many aliases lie between.
void NamesFromCluster::touch_aliases(Touched& touched) const {
  std::vector<ServiceKey> open(touched.services.begin(), touched.services.end());
  open.insert(open.end(), touched.backends.begin(), touched.backends.end());
  while (!open.empty()) {
    const auto found = aliases_.find(open.back());
    open.pop_back();
    if (found == aliases_.end()) continue;
    for (const auto& alias : found->second) {
      if (touched.services.insert(alias).second) open.push_back(alias);
    }
  }
}

// All that are not where they were, or not known yet, in one walk: there may be as many as pods.
void NamesFromCluster::find_holders(Touched& touched) {
  std::set<std::string, std::less<>> sought;
  for (const auto& key : touched.pods) {
    const auto pod = cluster_->find<metadata::Pod>(key.first, key.second);
    if (!pod || !is_on_others_network(*pod)) continue;
    const auto uid = pod->network_from.str();
    networks_.try_emplace(uid);
    touched.networks.insert(uid);
    if (!holder_of(uid)) sought.insert(uid);
  }
  if (sought.empty()) return;
  for (const auto& pod : cluster_->pods()) {
    if (!sought.contains(pod.uid.view())) continue;
    networks_[pod.uid.str()].holder = {pod.ns.str(), pod.name.str()};
  }
}

// Null when it is nowhere.
std::shared_ptr<const metadata::Pod> NamesFromCluster::holder_of(const std::string& uid) const {
  const auto network = networks_.find(uid);
  if (network == networks_.end()) return nullptr;
  const auto& [space, name] = network->second.holder;
  auto pod = cluster_->find<metadata::Pod>(space, name);
  return pod && pod->uid == uid ? pod : nullptr;
}

std::optional<dns::Service> NamesFromCluster::find_service(const metadata::Cluster& cluster,
                                                           const ServiceKey& key) const {
  const auto service = cluster.find<metadata::Service>(key.first, key.second);
  if (!service || !exposure_.shows(*service) || !exposure_.shows_space(cluster, key.first)) {
    return std::nullopt;
  }
  if (!has_endpoints_) return translate(*service, metadata::Range<metadata::Endpoints>());
  auto named = translate(*service, cluster.endpoints_of(key.first, key.second));
  add_last_container(named, cluster);
  for (auto& backend : named.backends)
    std::erase_if(backend.addresses,
                  [this](const auto& address) { return !reach_.holds(address); });
  return named;
}

void NamesFromCluster::name_space(const std::string& space) {
  const bool is_shown = exists(*cluster_, space) && exposure_.shows_space(*cluster_, space);
  put("namespace " + space, is_shown ? schemas_.space(space) : std::vector<dns::Contribution>{});
}

void NamesFromCluster::name_service(const ServiceKey& key) {
  const auto source = source_of_service(key);
  const auto service = find_service(*cluster_, key);
  remember_targets(key, service ? service->targets : std::vector<dns::ServiceReference>{});
  if (!service) return put(source, {});
  std::vector<std::unique_ptr<dns::Service>> found;  // what the alias looks at lives till here
  put(source, schemas_.service(*service, [&](std::string_view stack, std::string_view name) {
    const auto target = find_service(*cluster_, {std::string(stack), std::string(name)});
    found.push_back(target ? std::make_unique<dns::Service>(*target) : nullptr);
    return found.back().get();
  }));
}

// At the cost of those that changed, where that can be.
void NamesFromCluster::name_backends(const ServiceKey& key, const metadata::Cluster& before) {
  const auto source = source_of_service(key);
  auto old = find_service(before, key);
  auto now = find_service(*cluster_, key);
  std::optional<dns::BackendChange> change;
  if (old && now && !problems_.contains(source)) {
    change = dns::backend_change(std::move(*old), std::move(*now));
  }
  if (!change || !exchange(source, *change)) name_service(key);
}

bool NamesFromCluster::exchange(const std::string& source, const dns::BackendChange& change) {
  const auto before = joined(schemas_.service(change.before, {}));
  const auto after = joined(schemas_.service(change.after, {}));
  return after.problems.empty() && builder_.exchange(source, before.records, after.records);
}

void NamesFromCluster::remember_targets(const ServiceKey& alias,
                                        const std::vector<dns::ServiceReference>& targets) {
  if (const auto known = targets_.find(alias); known != targets_.end()) {
    for (const auto& target : known->second) {
      const auto entry = aliases_.find(target);
      entry->second.erase(alias);
      if (entry->second.empty()) aliases_.erase(entry);
    }
    targets_.erase(known);
  }
  for (const auto& target : targets) {
    const ServiceKey key{target.space, target.name};
    aliases_[key].insert(alias);
    targets_[alias].insert(key);
  }
}

void NamesFromCluster::name_pod(const ServiceKey& key) {
  const auto source = "pod " + key.first + "/" + key.second;
  const auto pod = cluster_->find<metadata::Pod>(key.first, key.second);
  if (!pod || !exposure_.shows_space(*cluster_, key.first)) return put(source, {});
  dns::Pod named = translate(*pod);
  const bool is_sharing = is_on_others_network(*pod);
  if (is_sharing) {
    const auto uid = pod->network_from.str();
    networks_[uid].sharers.insert(key);
    if (const auto holder = holder_of(uid)) named.addresses = holder->addresses.to_vector();
  }
  // An address that is another pod's makes no name of this one but Rancher's.
  // One that starts is reached already: its init containers speak.
  const bool is_there = metadata::is_running(*pod) || pod->state == "starting";
  put(source, schemas_.pod(named, is_there && !is_sharing));
}

void NamesFromCluster::put(const std::string& source,
                           std::vector<dns::Contribution> contributions) {
  auto [records, problems] = joined(std::move(contributions));
  if (records.empty()) {
    builder_.erase(source);
  } else {
    std::ranges::move(builder_.put(source, records), std::back_inserter(problems));
  }
  if (problems.empty()) {
    problems_.erase(source);
  } else {
    problems_[source] = std::move(problems);
  }
}

std::shared_ptr<const dns::Authority> NamesFromCluster::authority() {
  return builder_.snapshot(std::chrono::system_clock::now());
}

std::vector<dns::Problem> NamesFromCluster::problems() const {
  std::vector<dns::Problem> all = views_.problems();
  for (const auto& [source, problems] : problems_) {
    all.insert(all.end(), problems.begin(), problems.end());
  }
  return all;
}

}  // namespace paddock::dnsd
