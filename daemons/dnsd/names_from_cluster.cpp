// SPDX-License-Identifier: Apache-2.0
#include "dnsd/names_from_cluster.hpp"

#include "dnsd/options.hpp"

#include <paddock/dns/upstream.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace paddock::dnsd {

namespace {

namespace asio = boost::asio;

std::vector<asio::ip::address> listen_addresses(const Options& options) {
  std::vector<asio::ip::address> addresses;
  for (const auto& text : options.listen) {
    const auto endpoint = dns::parse_endpoint(text).value();
    if (!endpoint.address.is_unspecified()) addresses.push_back(endpoint.address);
  }
  return addresses;
}

dns::PodAddresses pod_addresses(const std::string& mode) {
  if (mode == "disabled") return dns::PodAddresses::disabled;
  return mode == "verified" ? dns::PodAddresses::verified : dns::PodAddresses::insecure;
}

dns::KubernetesNames::Options kubernetes_options(const Options& options) {
  dns::KubernetesNames::Options kubernetes;
  kubernetes.zone = dns::Name::parse(options.cluster_zone).value();
  kubernetes.ttl = std::chrono::duration_cast<std::chrono::seconds>(options.ttl);
  kubernetes.pod_addresses = pod_addresses(options.pods);
  kubernetes.endpoint_pod_names = options.endpoint_pod_names;
  kubernetes.server_addresses = listen_addresses(options);
  for (const auto& subnet : options.reverse_subnets) {
    if (subnet.find(':') == std::string::npos) {
      kubernetes.reverse_v4.push_back(asio::ip::make_network_v4(subnet).canonical());
    } else {
      kubernetes.reverse_v6.push_back(asio::ip::make_network_v6(subnet).canonical());
    }
  }
  return kubernetes;
}

std::optional<dns::RancherNames> rancher_names(const Options& options) {
  if (options.rancher_zone == "none") return std::nullopt;
  dns::RancherNames::Options rancher;
  rancher.zone = dns::Name::parse(options.rancher_zone).value();
  rancher.ttl = std::chrono::duration_cast<std::chrono::seconds>(options.ttl);
  rancher.server_addresses = listen_addresses(options);
  rancher.metadata_addresses = {asio::ip::make_address(options.metadata_address)};
  return dns::RancherNames(rancher);
}

std::vector<dns::ZoneSpec> all_zones(const dns::KubernetesNames& kubernetes,
                                     const std::optional<dns::RancherNames>& rancher) {
  auto zones = kubernetes.zones();
  std::ranges::move(dns::special_use_zones(), std::back_inserter(zones));
  if (rancher) std::ranges::move(rancher->zones(), std::back_inserter(zones));
  return zones;
}

std::string lower(std::string_view protocol) {
  std::string text(protocol);
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

std::vector<dns::Port> translate(const metadata::List<metadata::Port>& ports) {
  std::vector<dns::Port> out;
  for (const auto& port : ports) {
    out.push_back({.name = port.name.str(),
                   .protocol = lower(metadata::protocol_name(port.protocol)),
                   .number = port.port});
  }
  return out;
}

dns::ServiceKind kind_of(const metadata::Service& service) {
  if (!service.external_name.empty()) return dns::ServiceKind::external;
  if (!service.targets.empty()) return dns::ServiceKind::alias;
  if (!service.cluster_ips.empty()) return dns::ServiceKind::cluster_ip;
  if (!service.external_ips.empty() && service.selector.empty()) return dns::ServiceKind::external;
  return dns::ServiceKind::headless;
}

// A validated "stack/service".
dns::ServiceReference reference(std::string_view text) {
  const auto slash = text.find('/');
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

bool exists(const metadata::Cluster& cluster, const std::string& space) {
  return cluster.find<metadata::Namespace>(space) ||
         !cluster.all_in<metadata::Service>(space).empty() ||
         !cluster.all_in<metadata::Pod>(space).empty() ||
         !cluster.all_in<metadata::Endpoints>(space).empty();
}

}  // namespace

dns::Service translate(const metadata::Service& service,
                       const metadata::Range<metadata::Endpoints>& slices) {
  dns::Service out;
  out.space = service.ns.str();
  out.name = service.name.str();
  out.kind = kind_of(service);
  const auto& addresses =
      out.kind == dns::ServiceKind::external ? service.external_ips : service.cluster_ips;
  out.addresses.assign(addresses.begin(), addresses.end());
  out.external_name = service.external_name.str();
  out.ports = translate(service.ports);
  out.publishes_not_ready = service.publish_not_ready;
  out.primary = service.primary_service.str();
  for (const auto& target : service.targets) {
    out.targets.push_back(reference(target.view()));
  }
  for (const auto& slice : slices) {
    const auto ports = translate(slice.ports);
    for (const auto& endpoint : slice.endpoints) {
      out.backends.push_back({.addresses = endpoint.addresses.to_vector(),
                              .hostname = endpoint.hostname.str(),
                              .pod = endpoint.pod.str(),
                              .is_ready = endpoint.ready,
                              .ports = ports});
    }
  }
  return out;
}

dns::Pod translate(const metadata::Pod& pod) {
  return {.space = pod.ns.str(), .name = pod.name.str(), .addresses = pod.addresses.to_vector()};
}

NamesFromCluster::NamesFromCluster(const Options& options)
    : kubernetes_(kubernetes_options(options)),
      rancher_(rancher_names(options)),
      builder_(all_zones(kubernetes_, rancher_)),
      cluster_(std::make_shared<metadata::Cluster>()) {
  put("base", {kubernetes_.base(), rancher_ ? rancher_->base() : dns::Contribution{}});
  builder_.put("special use", dns::special_use_records());
}

void NamesFromCluster::follow(std::shared_ptr<const metadata::Cluster> cluster) {
  Touched touched;
  metadata::diff(*cluster_, *cluster, [&](const metadata::Difference& difference) {
    if (difference.before) touch(*difference.before, touched);
    if (difference.after) touch(*difference.after, touched);
    return true;
  });
  cluster_ = std::move(cluster);
  touch_aliases(touched);
  for (const auto& space : touched.spaces) name_space(space);
  for (const auto& key : touched.services) name_service(key);
  for (const auto& key : touched.pods) name_pod(key);
}

void NamesFromCluster::touch(const metadata::Object& object, Touched& touched) {
  if (object.kind == metadata::Kind::name_space) touched.spaces.insert(object.name.str());
  if (!metadata::has_namespace(object.kind)) return;
  touched.spaces.insert(object.ns.str());
  if (const auto* slice = metadata::as<metadata::Endpoints>(&object)) {
    touched.services.emplace(object.ns.str(), slice->service.str());
  } else if (object.kind == metadata::Kind::service) {
    touched.services.emplace(object.ns.str(), object.name.str());
  } else {
    touched.pods.emplace(object.ns.str(), object.name.str());
  }
}

// An alias has the names' values of what it stands for, however many aliases lie between.
void NamesFromCluster::touch_aliases(Touched& touched) const {
  std::vector<ServiceKey> open(touched.services.begin(), touched.services.end());
  while (!open.empty()) {
    const auto found = aliases_.find(open.back());
    open.pop_back();
    if (found == aliases_.end()) continue;
    for (const auto& alias : found->second) {
      if (touched.services.insert(alias).second) open.push_back(alias);
    }
  }
}

std::optional<dns::Service> NamesFromCluster::find_service(const ServiceKey& key) const {
  const auto service = cluster_->find<metadata::Service>(key.first, key.second);
  if (!service) return std::nullopt;
  return translate(*service, cluster_->endpoints_of(key.first, key.second));
}

void NamesFromCluster::name_space(const std::string& space) {
  const auto source = "namespace " + space;
  put(source, exists(*cluster_, space) ? std::vector{kubernetes_.space(space)}
                                       : std::vector<dns::Contribution>{});
}

void NamesFromCluster::name_service(const ServiceKey& key) {
  const auto source = "service " + key.first + "/" + key.second;
  const auto service = find_service(key);
  remember_targets(key, service ? service->targets : std::vector<dns::ServiceReference>{});
  if (!service) return put(source, {});

  std::vector<dns::Contribution> contributions{kubernetes_.service(*service)};
  if (rancher_) {
    std::vector<std::unique_ptr<dns::Service>> found;  // what the alias looks at lives till here
    contributions.push_back(
        rancher_->service(*service, [&](std::string_view stack, std::string_view name) {
          const auto target = find_service({std::string(stack), std::string(name)});
          found.push_back(target ? std::make_unique<dns::Service>(*target) : nullptr);
          return found.back().get();
        }));
  }
  put(source, std::move(contributions));
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
  if (!pod) return put(source, {});
  std::vector<dns::Contribution> contributions;
  if (metadata::is_running(*pod)) contributions.push_back(kubernetes_.pod(translate(*pod)));
  if (rancher_) contributions.push_back(rancher_->container(translate(*pod)));
  put(source, std::move(contributions));
}

void NamesFromCluster::put(const std::string& source,
                           std::vector<dns::Contribution> contributions) {
  std::vector<dns::Record> records;
  std::vector<dns::Problem> problems;
  for (auto& contribution : contributions) {
    std::ranges::move(contribution.records, std::back_inserter(records));
    std::ranges::move(contribution.problems, std::back_inserter(problems));
  }
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
  std::vector<dns::Problem> all;
  for (const auto& [source, problems] : problems_) {
    all.insert(all.end(), problems.begin(), problems.end());
  }
  return all;
}

}  // namespace paddock::dnsd
