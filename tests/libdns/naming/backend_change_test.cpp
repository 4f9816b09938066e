// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <paddock/dns/clusterset_naming.hpp>
#include <paddock/dns/external_naming.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace paddock::dns {
namespace {

using Address = boost::asio::ip::address;

Address pod(unsigned number) {
  return boost::asio::ip::address_v4((10u << 24) + (1u << 16) + number);
}

std::vector<Address> pods(unsigned first, unsigned count) {
  std::vector<Address> all;
  for (unsigned i = 0; i < count; ++i) all.push_back(pod(first + i));
  return all;
}

Service headless(std::vector<Address> addresses) {
  return {.space = "shop",
          .name = "db",
          .kind = ServiceKind::headless,
          .ports = {{.name = "pg", .number = 5432}},
          .backends = {{.addresses = std::move(addresses)}}};
}

Service with_cluster_ip(std::vector<Address> addresses) {
  Service service = headless(std::move(addresses));
  service.kind = ServiceKind::cluster_ip;
  service.addresses = {ip("10.0.0.10")};
  return service;
}

// All there is of one service in every schema.
class Schemas {
 public:
  Schemas() : kubernetes_(options()), rancher_(RancherNames::Options{}) {}

  std::vector<ZoneSpec> zones() const {
    auto zones = kubernetes_.zones();
    std::ranges::move(external_.zones(), std::back_inserter(zones));
    std::ranges::move(clusterset_.zones(), std::back_inserter(zones));
    std::ranges::move(rancher_.zones(), std::back_inserter(zones));
    return zones;
  }
  std::vector<Record> records(const Service& service) const {
    std::vector<Record> all;
    for (const auto& part : {kubernetes_.service(service), external_.service(service),
                             clusterset_.service(service), rancher_.service(service, {})}) {
      EXPECT_TRUE(part.problems.empty());
      all.insert(all.end(), part.records.begin(), part.records.end());
    }
    return all;
  }

 private:
  static KubernetesNames::Options options() {
    KubernetesNames::Options options;
    options.zonal_names = true;
    options.ignores_empty_services = true;
    return options;
  }

  KubernetesNames kubernetes_;
  RancherNames rancher_;
  ExternalNames external_{{.origin = name("example.org")}, OutsideServices::and_headless, "dns"};
  ClustersetNames clusterset_{{.origin = name("clusterset.local")}};
};

Service random_service(std::mt19937& random) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  Service service = below(2) ? headless({}) : with_cluster_ip({});
  service.backends.clear();
  if (below(3) == 0) service.outside_addresses = {ip("192.0.2.1")};
  if (below(4) == 0) service.clusterset_addresses = {ip("10.0.1.10")};
  service.publishes_not_ready = below(4) == 0;
  if (below(4) == 0) service.ports.clear();
  if (below(3) == 0) service.ports.push_back({.name = "pg", .number = 5433});
  if (below(3) == 0) service.ports.push_back({.number = 9187});
  return service;
}

// Some backends of 0 to 9 addresses in all, some not ready, few with more to them.
void give_backends(Service& service, std::mt19937& random) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const bool has_ports = below(3) == 0;
  service.backends.clear();
  for (unsigned number = 0; number < 12; ++number) {
    if (below(4) == 0) continue;
    Backend backend{.addresses = {pod(number)}, .is_ready = below(8) != 0};
    if (below(100) == 0) backend.hostname = "db-" + std::to_string(number);
    if (below(100) == 0) backend.cluster = "east";
    if (below(100) == 0) backend.zone = "west-1";
    if (below(100) == 0) backend.addresses.push_back(pod(below(12)));
    if (has_ports) backend.ports = {{.name = "metrics", .number = 9100}};
    if (below(3) == 0) backend.addresses.push_back(ip("fd00::1:0"));
    service.backends.push_back(std::move(backend));
  }
}

TEST(BackendChange, NamesWhatAWholeNamingDoes) {
  std::mt19937 random(9);
  const Schemas schemas;
  int changes = 0;
  for (int round = 0; round < 2000; ++round) {
    Service before = random_service(random);
    Service after = before;
    give_backends(before, random);
    after.backends = before.backends;
    for (auto i = random() % 3; i > 0 && !after.backends.empty(); --i) {
      auto& backend = after.backends[random() % after.backends.size()];
      backend.addresses = {pod(static_cast<unsigned>(20 + random() % 3))};
      if (random() % 4 == 0) backend.is_ready = !backend.is_ready;
    }
    if (random() % 3 == 0 && !after.backends.empty()) after.backends.pop_back();
    const auto change = backend_change(before, after);
    if (!change) continue;
    ++changes;
    AuthorityBuilder builder(schemas.zones());
    builder.put("service", schemas.records(before));
    ASSERT_TRUE(builder.exchange("service", schemas.records(change->before),
                                 schemas.records(change->after)))
        << "round " << round;
    AuthorityBuilder fresh(schemas.zones());
    fresh.put("service", schemas.records(after));
    const auto got = builder.snapshot(test_time);
    const auto expected = fresh.snapshot(test_time);
    ASSERT_EQ(got->name_count(), expected->name_count()) << "round " << round;
    auto records = schemas.records(before);
    std::ranges::move(schemas.records(after), std::back_inserter(records));
    for (const Record& record : records) {
      const auto query = encode(DnsQuery{record.owner.format(), 255u});
      ASSERT_EQ(answer_bytes(*got, query, {.transport = Transport::tcp}),
                answer_bytes(*expected, query, {.transport = Transport::tcp}))
          << record.owner.format() << " in round " << round;
    }
  }
  EXPECT_GT(changes, 200);
}

TEST(BackendChange, IsOfTheAddressesThatChanged) {
  auto addresses = pods(0, 100);
  addresses[7] = pod(200);

  const auto change = backend_change(headless(pods(0, 100)), headless(addresses));

  ASSERT_TRUE(change);
  ASSERT_EQ(change->before.backends.size(), 1u);
  EXPECT_EQ(change->before.backends[0].addresses, std::vector{pod(7)});
  EXPECT_EQ(change->before.further_addresses, 99u);
  EXPECT_EQ(change->after.backends[0].addresses, std::vector{pod(200)});
  EXPECT_EQ(change->after.further_addresses, 99u);
}

TEST(BackendChange, WhereNoneComesOneStandsForThoseThatStay) {
  const auto change = backend_change(headless(pods(0, 100)), headless(pods(1, 99)));

  ASSERT_TRUE(change);
  ASSERT_EQ(change->before.backends.size(), 1u);
  EXPECT_EQ(change->before.backends[0].addresses.size(), 2u);
  EXPECT_EQ(change->before.further_addresses, 98u);
  EXPECT_EQ(change->after.backends[0].addresses.size(), 1u);
  EXPECT_EQ(change->after.further_addresses, 98u);
}

TEST(BackendChange, OrderAndPlaceOfAddressesAreNoChange) {
  Service split = headless(pods(0, 3));
  split.backends.push_back({.addresses = pods(3, 5)});
  auto reversed = pods(0, 8);
  std::ranges::reverse(reversed);

  const auto change = backend_change(split, headless(reversed));

  ASSERT_TRUE(change);
  EXPECT_EQ(change->before.backends[0].addresses, change->after.backends[0].addresses);
}

TEST(BackendChange, IsNoneWhenSrvRecordsGetAnotherWeight) {
  EXPECT_FALSE(backend_change(headless(pods(0, 10)), headless(pods(0, 9))));
  EXPECT_TRUE(backend_change(headless(pods(0, 60)), headless(pods(0, 59))));
  EXPECT_TRUE(backend_change(with_cluster_ip(pods(0, 10)), with_cluster_ip(pods(0, 9))));

  Service before = headless(pods(0, 10));
  before.ports.clear();
  Service after = headless(pods(0, 9));
  after.ports.clear();
  EXPECT_TRUE(backend_change(before, after)) << "it has none";
}

TEST(BackendChange, IsNoneWhereNothingOrLittleStays) {
  EXPECT_FALSE(backend_change(headless({}), headless(pods(0, 1))));
  EXPECT_FALSE(backend_change(headless(pods(0, 1)), headless({})));
  EXPECT_FALSE(backend_change(headless(pods(0, 4)), headless(pods(4, 4))));
}

TEST(BackendChange, IsNoneForBackendsThatHaveMoreThanAddresses) {
  const auto has_change = [](auto edit) {
    Service before = headless(pods(0, 8));
    Service after = headless(pods(0, 8));
    after.backends[0].addresses[0] = pod(99);
    EXPECT_TRUE(backend_change(before, after));
    before.backends.push_back({.addresses = {pod(50)}});
    after.backends.push_back({.addresses = {pod(50)}});
    edit(before.backends[1]);
    edit(after.backends[1]);
    return backend_change(before, after).has_value();
  };
  EXPECT_TRUE(has_change([](Backend&) {}));
  EXPECT_FALSE(has_change([](Backend& backend) { backend.hostname = "db-0"; }));
  EXPECT_FALSE(has_change([](Backend& backend) { backend.pod = "db-pod"; }));
  EXPECT_FALSE(has_change([](Backend& backend) { backend.zone = "west-1"; }));
  EXPECT_FALSE(has_change([](Backend& backend) { backend.cluster = "east"; }));
  EXPECT_FALSE(has_change([](Backend& backend) { backend.ports = {{.number = 1}}; }));
  EXPECT_FALSE(has_change([](Backend& backend) { backend.addresses = {pod(3)}; })) << "repeated";
  EXPECT_FALSE(has_change([](Backend& backend) { backend.addresses = {ip("::ffff:10.9.9.9")}; }));
  EXPECT_TRUE(has_change([](Backend& backend) {
    backend.is_ready = false;
    backend.hostname = "db-0";
  })) << "not ready: it has no names";
}

}  // namespace
}  // namespace paddock::dns
