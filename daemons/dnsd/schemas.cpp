// SPDX-License-Identifier: Apache-2.0
#include "dnsd/schemas.hpp"

#include "dnsd/options.hpp"

#include <paddock/dns/upstream.hpp>

#include <algorithm>
#include <iterator>

namespace paddock::dnsd {

namespace {

namespace asio = boost::asio;

dns::PodAddresses pod_addresses(const std::string& mode) {
  if (mode == "disabled") return dns::PodAddresses::disabled;
  return mode == "verified" ? dns::PodAddresses::verified : dns::PodAddresses::insecure;
}

dns::KubernetesNames kubernetes_names(const Options& options, const std::string& zone,
                                      bool is_first) {
  dns::KubernetesNames::Options kubernetes;
  kubernetes.zone = dns::Name::parse(zone).value();
  kubernetes.ttl = ttl_of(options, kubernetes.zone);
  kubernetes.pod_addresses = pod_addresses(options.pods);
  kubernetes.pod_names = kubernetes.pod_addresses != dns::PodAddresses::disabled;
  kubernetes.endpoint_pod_names = options.endpoint_pod_names;
  kubernetes.ignores_empty_services = options.ignore_empty_services;
  kubernetes.zonal_names = options.zonal_names;
  kubernetes.has_reverse = is_first;
  kubernetes.server_addresses = server_addresses(options);
  for (const auto& subnet : options.reverse_subnets) {
    if (subnet.find(':') == std::string::npos) {
      kubernetes.reverse_v4.push_back(asio::ip::make_network_v4(subnet).canonical());
    } else {
      kubernetes.reverse_v6.push_back(asio::ip::make_network_v6(subnet).canonical());
    }
  }
  return dns::KubernetesNames(kubernetes);
}

std::vector<dns::KubernetesNames> kubernetes_names(const Options& options) {
  std::vector<dns::KubernetesNames> names;
  for (const auto& zone : options.cluster_zones) {
    names.push_back(kubernetes_names(options, zone, names.empty()));
  }
  return names;
}

dns::ServiceZone service_zone(const Options& options, const std::string& origin) {
  const auto name = dns::Name::parse(origin).value();
  return {
      .origin = name, .ttl = ttl_of(options, name), .server_addresses = server_addresses(options)};
}

std::optional<dns::ExternalNames> external_names(const Options& options) {
  if (options.external_zone == "none") return std::nullopt;
  return dns::ExternalNames(service_zone(options, options.external_zone),
                            options.external_headless ? dns::OutsideServices::and_headless
                                                      : dns::OutsideServices::with_addresses,
                            options.external_apex);
}

std::optional<dns::ClustersetNames> clusterset_names(const Options& options) {
  if (options.clusterset_zone == "none") return std::nullopt;
  return dns::ClustersetNames(service_zone(options, options.clusterset_zone));
}

std::optional<dns::HostNames> host_names(const Options& options) {
  std::vector<dns::ServiceZone> zones;
  for (const auto& zone : options.ingress_zones) {
    if (zone != "none") zones.push_back(service_zone(options, zone));
  }
  if (zones.empty()) return std::nullopt;
  return dns::HostNames(std::move(zones));
}

std::optional<dns::RancherNames> rancher_names(const Options& options) {
  if (options.rancher_zone == "none") return std::nullopt;
  dns::RancherNames::Options rancher;
  rancher.zone = dns::Name::parse(options.rancher_zone).value();
  rancher.ttl = ttl_of(options, rancher.zone);
  rancher.server_addresses = server_addresses(options);
  rancher.metadata_addresses.clear();
  for (const auto& text : options.metadata_address) {
    rancher.metadata_addresses.push_back(asio::ip::make_address(text));
  }
  return dns::RancherNames(rancher);
}

}  // namespace

Schemas::Schemas(const Options& options)
    : kubernetes_(kubernetes_names(options)),
      external_(external_names(options)),
      clusterset_(clusterset_names(options)),
      hosts_(host_names(options)),
      rancher_(rancher_names(options)) {}

std::vector<dns::ZoneSpec> Schemas::zones() const {
  std::vector<dns::ZoneSpec> zones = dns::special_use_zones();
  const auto add = [&zones](const auto& names) {
    std::ranges::move(names.zones(), std::back_inserter(zones));
  };
  for (const auto& names : kubernetes_) add(names);
  if (external_) add(*external_);
  if (clusterset_) add(*clusterset_);
  if (hosts_) add(*hosts_);
  if (rancher_) add(*rancher_);
  return zones;
}

std::vector<dns::Contribution> Schemas::base() const {
  std::vector<dns::Contribution> contributions{{.records = dns::special_use_records()}};
  for (const auto& names : kubernetes_) contributions.push_back(names.base());
  if (external_) contributions.push_back(external_->base());
  if (clusterset_) contributions.push_back(clusterset_->base());
  if (rancher_) contributions.push_back(rancher_->base());
  return contributions;
}

std::vector<dns::Contribution> Schemas::space(std::string_view name) const {
  std::vector<dns::Contribution> contributions;
  for (const auto& names : kubernetes_) contributions.push_back(names.space(name));
  if (external_) contributions.push_back(external_->space(name));
  if (clusterset_) contributions.push_back(clusterset_->space(name));
  return contributions;
}

std::vector<dns::Contribution> Schemas::service(const dns::Service& service,
                                                const dns::RancherNames::FindService& find) const {
  std::vector<dns::Contribution> contributions;
  for (const auto& names : kubernetes_) contributions.push_back(names.service(service));
  if (external_) contributions.push_back(external_->service(service));
  if (clusterset_) contributions.push_back(clusterset_->service(service));
  if (hosts_) contributions.push_back(hosts_->service(service));
  if (rancher_) contributions.push_back(rancher_->service(service, find));
  return contributions;
}

std::vector<dns::Contribution> Schemas::pod(const dns::Pod& pod, bool is_there) const {
  std::vector<dns::Contribution> contributions;
  for (const auto& names : kubernetes_) {
    if (is_there) contributions.push_back(names.pod(pod));
  }
  if (rancher_) contributions.push_back(rancher_->container(pod));
  return contributions;
}

}  // namespace paddock::dnsd
