// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/ingress.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::kubernetes {
namespace {

Json ingress(const char* spec, const char* annotations = "{}") {
  auto object = Json::parse(R"({"metadata": {"name": "web", "namespace": "shop", "uid": "u-1"},
    "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.10"}, {"hostname": "lb.test"}]}}})");
  object["spec"] = Json::parse(spec);
  object["metadata"]["annotations"] = Json::parse(annotations);
  return object;
}

Json rules_of(const Service& service) {
  return Json::parse(service.lb_config.view()).at("port_rules");
}

TEST(KubernetesIngress, IsALoadBalancerServiceAsRancherCalledIt) {
  const auto service = read_ingress(ingress(R"({"rules": [{"host": "shop.example.com", "http":
    {"paths": [{"path": "/api", "backend": {"service": {"name": "api", "port": {"number": 8080}}}},
               {"path": "/", "backend": {"service": {"name": "web", "port": {"name": "http"}}}}]}}]})"));

  EXPECT_EQ(service->key(), (Key{Kind::service, "shop", "shop-rancherlb-web"}));
  EXPECT_EQ(service->uid, "u-1");
  EXPECT_EQ(effective_kind(*service), "loadBalancerService");
  EXPECT_EQ(service->load_balancer_ips, (Addresses{boost::asio::ip::make_address("192.0.2.10")}));
  EXPECT_EQ(service->fqdn, "lb.test");
  EXPECT_EQ(rules_of(*service), Json::parse(R"([
    {"hostname": "shop.example.com", "path": "/api", "protocol": "http", "service": "shop/api",
     "source_port": 80, "target_port": 8080},
    {"hostname": "shop.example.com", "path": "/", "protocol": "http", "service": "shop/web",
     "source_port": 80}])"));
  EXPECT_TRUE(is_ingress(*service));
}

TEST(KubernetesIngress, ListensForTlsWhereItsHostHasSome) {
  constexpr auto spec = R"({"tls": [{"hosts": ["a.test"], "secretName": "s"}],
    "rules": [{"host": "a.test", "http": {"paths": [{"backend": {"service": {"name": "a"}}}]}},
              {"host": "b.test", "http": {"paths": [{"backend": {"service": {"name": "b"}}}]}}]})";
  const auto both = read_ingress(ingress(spec));
  const auto only = read_ingress(ingress(spec, R"({"allow.http": "false", "https.port": "8443"})"));

  EXPECT_EQ(both->ports,
            (List<Port>{Port{.name = "https", .port = 443}, Port{.name = "http", .port = 80}}));
  EXPECT_EQ(rules_of(*both).size(), 3U);
  EXPECT_EQ(rules_of(*only)[0]["source_port"], 8443);
  EXPECT_EQ(rules_of(*only)[1]["protocol"], "http") << "of the host without";
}

TEST(KubernetesIngress, WithoutRulesLeadsToItsDefaultBackend) {
  const auto service = read_ingress(
      ingress(R"({"defaultBackend": {"service": {"name": "web", "port": {"number": 80}}}})"));

  EXPECT_EQ(rules_of(*service), Json::parse(R"([{"protocol": "http", "service": "shop/web",
    "source_port": 80, "target_port": 80}])"));
}

TEST(KubernetesIngress, OfWrongTypesIsEmptyRatherThanRefused) {
  EXPECT_TRUE(key_of_ingress(Json()).name.empty());
  EXPECT_TRUE(
      rules_of(*read_ingress(Json::parse(R"({"spec": {"rules": [5, {"http": 1}]}})"))).empty());
}

}  // namespace
}  // namespace paddock::metadata::kubernetes
