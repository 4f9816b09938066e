// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

#include <map>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;

class Stack {
 public:
  Stack() : builder_(names_.zones()) { put("base", names_.base()); }

  Stack& add(Service service) {
    const std::string key = service.space + "/" + service.name;
    services_[key] = std::move(service);
    return *this;
  }
  Stack& add(const Pod& container) {
    return put("c" + container.name, names_.container(container));
  }

  DnsReply ask(const std::string& asked, unsigned type = A) {
    problems.clear();
    for (const auto& [key, service] : services_) {
      put(key, names_.service(service, [this](std::string_view space, std::string_view name) {
        const auto found = services_.find(std::string(space) + "/" + std::string(name));
        return found == services_.end() ? nullptr : &found->second;
      }));
    }
    return dns::ask(*builder_.snapshot(test_time), {asked, type});
  }
  Lines answer(const std::string& asked) { return sorted(ask(asked + ".rancher.internal").answer); }

  std::vector<Problem> problems;

 private:
  Stack& put(const std::string& source, const Contribution& contribution) {
    problems.insert(problems.end(), contribution.problems.begin(), contribution.problems.end());
    EXPECT_TRUE(builder_.put(source, contribution.records).empty());
    return *this;
  }

  RancherNames names_{RancherNames::Options{}};
  std::map<std::string, Service> services_;
  AuthorityBuilder builder_;
};

Service service(std::string name, std::vector<Backend> backends) {
  return {.space = "Shop",
          .name = std::move(name),
          .kind = ServiceKind::headless,
          .backends = std::move(backends)};
}

Service alias(std::string name, std::vector<ServiceReference> targets) {
  return {.space = "Shop",
          .name = std::move(name),
          .kind = ServiceKind::alias,
          .targets = std::move(targets)};
}

TEST(RancherNames, ServicesAreTheirContainers) {
  Stack stack;
  stack.add(service("Web", {{.addresses = {ip("10.42.1.1")}},
                            {.addresses = {ip("10.42.1.2")}},
                            {.addresses = {ip("10.42.1.3")}, .is_ready = false}}));
  EXPECT_EQ(stack.answer("web.shop"), (Lines{"web.shop.rancher.internal. 1 IN A 10.42.1.1",
                                             "web.shop.rancher.internal. 1 IN A 10.42.1.2"}));
  EXPECT_EQ(stack.ask("shop.rancher.internal").rcode, 0u);
  EXPECT_EQ(stack.ask("web.shop.rancher.internal", LDNS_RR_TYPE_AAAA).authority.size(), 1u);
  EXPECT_EQ(stack.ask("none.shop.rancher.internal").rcode, 3u);
}

TEST(RancherNames, AVirtualAddressComesBeforeContainers) {
  Stack stack;
  Service vip = service("vip", {{.addresses = {ip("10.42.1.1")}}});
  vip.kind = ServiceKind::cluster_ip;
  vip.addresses = {ip("10.43.0.1")};
  EXPECT_EQ(stack.add(vip).answer("vip.shop"),
            Lines{"vip.shop.rancher.internal. 1 IN A 10.43.0.1"});
}

TEST(RancherNames, TheLastContainerIsGivenWhenNoneIsReady) {
  Stack stack;
  stack.add(service("web", {{.addresses = {ip("10.42.1.1")}, .is_ready = false},
                            {.addresses = {ip("10.42.1.2")}, .is_ready = false},
                            {.addresses = {}, .is_ready = false}}));
  EXPECT_EQ(stack.answer("web.shop"), Lines{"web.shop.rancher.internal. 1 IN A 10.42.1.2"});
  stack.add(service("none", {}));
  EXPECT_EQ(stack.ask("none.shop.rancher.internal").rcode, 3u);
}

TEST(RancherNames, SidekicksAreBelowTheirPrimary) {
  Stack stack;
  Service sidekick = service("log", {{.addresses = {ip("10.42.1.9")}}});
  sidekick.primary = "web";
  EXPECT_EQ(stack.add(sidekick).answer("log.web.shop"),
            Lines{"log.web.shop.rancher.internal. 1 IN A 10.42.1.9"});
}

TEST(RancherNames, ContainersAndMetadata) {
  Stack stack;
  stack.add(Pod{.space = "Shop", .name = "Shop_Web_1", .addresses = {ip("10.42.1.1")}});
  EXPECT_EQ(stack.answer("shop_web_1"), Lines{"shop_web_1.rancher.internal. 1 IN A 10.42.1.1"});
  EXPECT_EQ(stack.answer("rancher-metadata"),
            Lines{"rancher-metadata.rancher.internal. 1 IN A 169.254.169.250"});
}

TEST(RancherNames, ExternalServices) {
  Stack stack;
  stack.add({.space = "Shop",
             .name = "db",
             .kind = ServiceKind::external,
             .addresses = {ip("192.0.2.1")}});
  stack.add({.space = "Shop",
             .name = "both",
             .kind = ServiceKind::external,
             .addresses = {ip("192.0.2.1")},
             .external_name = "db.example.com"});
  EXPECT_EQ(stack.answer("db.shop"), Lines{"db.shop.rancher.internal. 1 IN A 192.0.2.1"});
  EXPECT_EQ(stack.answer("both.shop"),
            Lines{"both.shop.rancher.internal. 1 IN CNAME db.example.com."});
}

TEST(RancherNames, AnAliasIsTheUnionOfItsTargets) {
  Stack stack;
  stack.add(service("a", {{.addresses = {ip("10.42.1.1")}}}));
  stack.add(service("b", {{.addresses = {ip("10.42.1.2")}}, {.addresses = {ip("10.42.1.1")}}}));
  stack.add(alias("inner", {{"Shop", "b"}}));
  stack.add(alias("all", {{"Shop", "a"}, {"Shop", "inner"}}));
  EXPECT_EQ(stack.answer("all.shop"), (Lines{"all.shop.rancher.internal. 1 IN A 10.42.1.1",
                                             "all.shop.rancher.internal. 1 IN A 10.42.1.2"}));
  stack.add({.space = "Shop",
             .name = "out",
             .kind = ServiceKind::external,
             .external_name = "db.example.com"});
  stack.add(alias("to-out", {{"Shop", "out"}}));
  EXPECT_EQ(stack.answer("to-out.shop"),
            Lines{"to-out.shop.rancher.internal. 1 IN CNAME db.example.com."});
  EXPECT_TRUE(stack.problems.empty());
}

TEST(RancherNames, LoopsAndMissingTargetsSpoilNothingElse) {
  Stack stack;
  stack.add(service("web", {{.addresses = {ip("10.42.1.1")}}}));
  stack.add(alias("x", {{"Shop", "y"}, {"Shop", "web"}, {"Shop", "gone"}}));
  stack.add(alias("y", {{"Shop", "x"}}));
  EXPECT_EQ(stack.answer("x.shop"), Lines{"x.shop.rancher.internal. 1 IN A 10.42.1.1"});
  EXPECT_EQ(stack.answer("y.shop"), Lines{"y.shop.rancher.internal. 1 IN A 10.42.1.1"});
  EXPECT_EQ(stack.answer("web.shop").size(), 1u);
  EXPECT_NE(
      std::ranges::find(stack.problems, Problem{"service Shop/x",
                                                "is an alias of Shop/gone, which does not exist"}),
      stack.problems.end());
  EXPECT_NE(std::ranges::find(stack.problems,
                              Problem{"service Shop/x", "is an alias of itself by way of Shop/x"}),
            stack.problems.end());
}

TEST(RancherNames, ReadinessFollowsStateAndHealth) {
  EXPECT_TRUE(RancherNames::is_ready("running", "", false));
  EXPECT_TRUE(RancherNames::is_ready("starting", "healthy", true));
  EXPECT_TRUE(RancherNames::is_ready("running", "updating-healthy", true));
  EXPECT_FALSE(RancherNames::is_ready("running", "", true));
  EXPECT_FALSE(RancherNames::is_ready("running", "initializing", false));
  EXPECT_FALSE(RancherNames::is_ready("running", "updating-unhealthy", true));
  EXPECT_FALSE(RancherNames::is_ready("stopped", "healthy", true));
}

}  // namespace
}  // namespace paddock::dns
