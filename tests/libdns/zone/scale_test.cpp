// SPDX-License-Identifier: Apache-2.0
//
// A large cluster: 10,000 services with 15 endpoints each, half of the services headless, every
// endpoint a pod. Memory is counted, not time.
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned services = 10000;
constexpr unsigned endpoints = 15;

boost::asio::ip::address address_of(unsigned service, unsigned endpoint) {
  return boost::asio::ip::address_v4(0x0A000000u + service * 16 + endpoint);
}

Service service_of(unsigned i, unsigned backends) {
  Service service{.space = "team-" + std::to_string(i % 100),
                  .name = "service-" + std::to_string(i),
                  .kind = i % 2 ? ServiceKind::headless : ServiceKind::cluster_ip,
                  .ports = {{.name = "http", .number = 8080}}};
  if (i % 2 == 0) service.addresses = {boost::asio::ip::address_v4(0xC0A80000u + i)};
  for (unsigned j = 0; j < backends; ++j)
    service.backends.push_back({.addresses = {address_of(i, j)}});
  return service;
}

TEST(Scale, ALargeClusterIsCompactAndAChangeIsSmall) {
  const KubernetesNames names(KubernetesNames::Options{});
  AuthorityBuilder builder(names.zones());
  builder.put("base", names.base().records);
  for (unsigned i = 0; i < 100; ++i) {
    const std::string space = "team-" + std::to_string(i);
    builder.put("namespace " + space, names.space(space).records);
  }
  for (unsigned i = 0; i < services; ++i) {
    const Service service = service_of(i, endpoints);
    const std::string key = service.space + "/" + service.name;
    EXPECT_TRUE(builder.put("service " + key, names.service(service).records).empty());
    for (unsigned j = 0; j < endpoints; ++j) {
      const Pod pod{.space = service.space,
                    .name = service.name + "-7d4b9c6f5-x2x" + std::to_string(j),
                    .addresses = {address_of(i, j)}};
      builder.put("pod " + pod.space + "/" + pod.name, names.pod(pod).records);
    }
  }
  const auto before = builder.snapshot(test_time);
  const double per_endpoint =
      static_cast<double>(before->memory() + builder.memory()) / (services * endpoints);
  RecordProperty("table_bytes", std::to_string(before->memory()));
  RecordProperty("builder_bytes", std::to_string(builder.memory()));
  EXPECT_LE(before->memory() + builder.memory(), 90'000'000u)
      << per_endpoint << " octets an endpoint";
  EXPECT_EQ(ask(*before, {"service-9999.team-99.svc.cluster.local"}).answer.size(), endpoints);

  const Service smaller = service_of(9999, endpoints - 1);
  builder.put("service team-99/service-9999", names.service(smaller).records);
  const auto after = builder.snapshot(test_time);
  EXPECT_EQ(ask(*after, {"service-9999.team-99.svc.cluster.local"}).answer.size(), endpoints - 1);
  EXPECT_EQ(ask(*before, {"service-9999.team-99.svc.cluster.local"}).answer.size(), endpoints);
  EXPECT_EQ(after->name_count(), before->name_count() - 1);
}

}  // namespace
}  // namespace paddock::dns
