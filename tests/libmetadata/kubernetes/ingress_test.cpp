// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/ingress.hpp"

#include <paddock/metadata/codec.hpp>

#include <gtest/gtest.h>

#include <set>
#include <string>

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

// Ingresses may be called what no Service can be; each is still a Service of its own.
TEST(KubernetesIngress, WithANameThatIsNoLabelHasOneMadeOfIt) {
  std::set<std::string> names;
  const std::string longest_label(63, 'n');
  for (const std::string& name : {std::string("a.b"), std::string("a-b"), std::string(253, 'x'),
                                  std::string(252, 'x') + "y", std::string("www.shop.example")}) {
    for (const std::string& ns : {std::string("shop"), longest_label}) {
      auto object = ingress(R"({"defaultBackend": {"service": {"name": "web"}}})");
      object["metadata"]["name"] = name;
      object["metadata"]["namespace"] = ns;

      const auto service = read_ingress(object);

      EXPECT_TRUE(is_name(Kind::service, service->name)) << service->name.view();
      EXPECT_TRUE(is_ingress(*service)) << service->name.view();
      EXPECT_EQ(service->key(), key_of_ingress(object));
      EXPECT_TRUE(names.insert(service->ns.str() + "/" + service->name.str()).second);
    }
  }
}

TEST(KubernetesIngress, ListensOnceOnAPortThatIsBothWaysIn) {
  const auto service =
      read_ingress(ingress(R"({"tls": [{}], "defaultBackend": {"service": {"name": "web"}}})",
                           R"({"http.port": "443"})"));

  EXPECT_EQ(service->ports, (List<Port>{Port{.name = "https", .port = 443}}));
  EXPECT_EQ(rules_of(*service).size(), 2U);
}

TEST(KubernetesIngress, OfWrongTypesIsEmptyRatherThanRefused) {
  EXPECT_TRUE(key_of_ingress(Json()).name.empty());
  EXPECT_TRUE(
      rules_of(*read_ingress(Json::parse(R"({"spec": {"rules": [5, {"http": 1}]}})"))).empty());
}

}  // namespace
}  // namespace paddock::metadata::kubernetes
