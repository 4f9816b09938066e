// SPDX-License-Identifier: Apache-2.0
//
// The DNS specification of Kubernetes row by row, and what CoreDNS does beside it, asked of a small
// cluster. Where CoreDNS departs from the specification or the RFCs, ours is the other answer.
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr unsigned AAAA = LDNS_RR_TYPE_AAAA;
constexpr unsigned SRV = LDNS_RR_TYPE_SRV;
constexpr unsigned PTR = LDNS_RR_TYPE_PTR;
constexpr unsigned TXT = LDNS_RR_TYPE_TXT;
constexpr unsigned MX = LDNS_RR_TYPE_MX;

Service web() {
  return {.space = "shop",
          .name = "web",
          .addresses = {ip("10.0.0.10"), ip("fd00::10")},
          .ports = {{.name = "http", .number = 80}, {.number = 9090}},
          .backends = {{.addresses = {ip("10.1.0.1")}}}};
}

Service database() {
  return {.space = "shop",
          .name = "db",
          .kind = ServiceKind::headless,
          .ports = {{.name = "pg", .number = 5432}},
          .backends = {{.addresses = {ip("10.1.0.5")}, .hostname = "db-0", .pod = "db-0"},
                       {.addresses = {ip("10.1.0.6"), ip("fd00:1::")}, .pod = "db-pod"},
                       {.addresses = {ip("10.1.0.7")}, .hostname = "db-2", .is_ready = false}}};
}

Service external(std::string name, std::string target) {
  return {.space = "shop",
          .name = std::move(name),
          .kind = ServiceKind::external,
          .external_name = std::move(target)};
}

class Cluster {
 public:
  explicit Cluster(KubernetesNames::Options options = {})
      : names_(std::move(options)), builder_(names_.zones()) {
    put("base", names_.base());
    put("shop", names_.space("shop"));
    put("empty", names_.space("empty"));
  }

  Cluster& add(const Service& service) {
    return put("s" + service.space + service.name, names_.service(service));
  }
  Cluster& add(const Pod& pod) { return put("p" + pod.space + pod.name, names_.pod(pod)); }

  DnsReply ask(const std::string& asked, unsigned type, const AnswerContext& context = {}) {
    return dns::ask(*builder_.snapshot(test_time), {asked, type}, context);
  }
  Lines answer(const std::string& asked, unsigned type) { return sorted(ask(asked, type).answer); }

  // "NXDOMAIN", "NODATA" or "ANSWER"; both negatives must have the zone's SOA.
  std::string result(const std::string& asked, unsigned type) {
    const auto reply = ask(asked, type);
    EXPECT_TRUE(reply.aa());
    if (!reply.answer.empty()) return "ANSWER";
    EXPECT_EQ(reply.authority.size(), 1u) << asked;
    return reply.rcode == 3   ? "NXDOMAIN"
           : reply.rcode == 0 ? "NODATA"
                              : std::to_string(reply.rcode);
  }

  std::vector<Problem> problems;

 private:
  Cluster& put(const std::string& source, Contribution contribution) {
    for (auto& problem : contribution.problems) problems.push_back(problem);
    for (auto& problem : builder_.put(source, contribution.records)) problems.push_back(problem);
    return *this;
  }

  KubernetesNames names_;
  AuthorityBuilder builder_;
};

TEST(KubernetesNames, SchemaVersion) {
  Cluster cluster;
  EXPECT_EQ(cluster.answer("dns-version.cluster.local", TXT),
            Lines{"dns-version.cluster.local. 5 IN TXT \"1.1.0\""});
  EXPECT_EQ(cluster.result("dns-version.cluster.local", A), "NODATA");
}

TEST(KubernetesNames, ClusterIpService) {
  Cluster cluster;
  cluster.add(web());
  EXPECT_EQ(cluster.answer("web.shop.svc.cluster.local", A),
            Lines{"web.shop.svc.cluster.local. 5 IN A 10.0.0.10"});
  EXPECT_EQ(cluster.answer("web.shop.svc.cluster.local", AAAA),
            Lines{"web.shop.svc.cluster.local. 5 IN AAAA fd00::10"});
  const auto srv = cluster.ask("_http._tcp.web.shop.svc.cluster.local", SRV);
  EXPECT_EQ(
      srv.answer,
      Lines{"_http._tcp.web.shop.svc.cluster.local. 5 IN SRV 0 50 80 web.shop.svc.cluster.local."});
  EXPECT_EQ(srv.additional, (Lines{"web.shop.svc.cluster.local. 5 IN A 10.0.0.10",
                                   "web.shop.svc.cluster.local. 5 IN AAAA fd00::10"}));
  EXPECT_EQ(cluster.answer("10.0.0.10.in-addr.arpa", PTR),
            Lines{"10.0.0.10.in-addr.arpa. 5 IN PTR web.shop.svc.cluster.local."});
  EXPECT_EQ(cluster.answer(reverse_name(ip("fd00::10")).format(), PTR).size(), 1u);
}

TEST(KubernetesNames, EndpointsOfAClusterIpServiceHaveNamesBesideIt) {  // as in CoreDNS
  Service service = web();
  service.backends = {{.addresses = {ip("10.1.0.1")}},
                      {.addresses = {ip("10.1.0.2"), ip("fd00:1::2")}, .hostname = "web-2"},
                      {.addresses = {ip("10.1.0.3")}, .is_ready = false}};
  Cluster cluster;
  cluster.add(service);
  EXPECT_EQ(cluster.answer("web.shop.svc.cluster.local", A),
            Lines{"web.shop.svc.cluster.local. 5 IN A 10.0.0.10"});
  EXPECT_EQ(cluster.answer("10-1-0-1.web.shop.svc.cluster.local", A),
            Lines{"10-1-0-1.web.shop.svc.cluster.local. 5 IN A 10.1.0.1"});
  EXPECT_EQ(cluster.answer("web-2.web.shop.svc.cluster.local", AAAA),
            Lines{"web-2.web.shop.svc.cluster.local. 5 IN AAAA fd00:1::2"});
  EXPECT_EQ(cluster.answer("2.0.1.10.in-addr.arpa", PTR),
            Lines{"2.0.1.10.in-addr.arpa. 5 IN PTR web-2.web.shop.svc.cluster.local."});
  EXPECT_EQ(cluster.result("10-1-0-3.web.shop.svc.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("10-1-0-9.web.shop.svc.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.answer("_http._tcp.web.shop.svc.cluster.local", SRV).size(), 1u);
}

TEST(KubernetesNames, SrvAtTheServiceListsEveryPort) {  // as CoreDNS does; some clients rely on it
  Cluster cluster;
  cluster.add(web());
  EXPECT_EQ(cluster.answer("web.shop.svc.cluster.local", SRV),
            (Lines{"web.shop.svc.cluster.local. 5 IN SRV 0 25 80 web.shop.svc.cluster.local.",
                   "web.shop.svc.cluster.local. 5 IN SRV 0 25 9090 web.shop.svc.cluster.local."}));
}

TEST(KubernetesNames, SrvWeightsAreSharedByAddresses) {  // in CoreDNS: one share, however many ways
  Cluster cluster;
  cluster.add({.space = "shop",
               .name = "db",
               .kind = ServiceKind::headless,
               .ports = {{.name = "pg", .number = 5432}},
               .backends = {{.addresses = {ip("10.1.0.1"), ip("fd00:1::1")}, .hostname = "db-0"},
                            {.addresses = {ip("10.1.0.2")}, .hostname = "db-1"},
                            {.addresses = {ip("10.1.0.3")}, .hostname = "db-1"}}});
  EXPECT_EQ(
      cluster.answer("_pg._tcp.db.shop.svc.cluster.local", SRV),
      (Lines{
          "_pg._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 25 5432 db-0.db.shop.svc.cluster.local.",
          "_pg._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 25 5432 "
          "db-1.db.shop.svc.cluster.local."}));
}

TEST(KubernetesNames, AnSrvWeightIsAtLeastOne) {  // 0 is for targets that nothing chooses between
  Service many = database();
  many.backends.clear();
  for (unsigned i = 0; i < 150; ++i) {
    many.backends.push_back({.addresses = {boost::asio::ip::address_v4(0x0A010000u + i)}});
  }
  Cluster cluster;
  cluster.add(many);
  const auto reply =
      cluster.ask("_pg._tcp.db.shop.svc.cluster.local", SRV, {.transport = Transport::tcp});
  EXPECT_EQ(reply.answer.size(), 150u);
  for (const auto& line : reply.answer) {
    EXPECT_NE(line.find(" SRV 0 1 5432 "), std::string::npos) << line;
  }
}

TEST(KubernetesNames, HeadlessService) {
  Cluster cluster;
  cluster.add(database());
  EXPECT_EQ(cluster.answer("db.shop.svc.cluster.local", A),
            (Lines{"db.shop.svc.cluster.local. 5 IN A 10.1.0.5",
                   "db.shop.svc.cluster.local. 5 IN A 10.1.0.6"}));
  EXPECT_EQ(cluster.answer("db.shop.svc.cluster.local", AAAA),
            Lines{"db.shop.svc.cluster.local. 5 IN AAAA fd00:1::"});
  EXPECT_EQ(cluster.answer("db-0.db.shop.svc.cluster.local", A),
            Lines{"db-0.db.shop.svc.cluster.local. 5 IN A 10.1.0.5"});
  EXPECT_EQ(cluster.answer("10-1-0-6.db.shop.svc.cluster.local", A).size(), 1u);
  EXPECT_EQ(cluster.answer("fd00-1--0.db.shop.svc.cluster.local", AAAA).size(), 1u);
  EXPECT_EQ(cluster.result("db-2.db.shop.svc.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("db-pod.db.shop.svc.cluster.local", A), "NXDOMAIN");

  const auto srv = cluster.ask("_pg._tcp.db.shop.svc.cluster.local", SRV);
  EXPECT_EQ(
      sorted(srv.answer),
      (Lines{
          "_pg._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 33 5432 "
          "10-1-0-6.db.shop.svc.cluster.local.",
          "_pg._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 33 5432 db-0.db.shop.svc.cluster.local.",
          "_pg._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 33 5432 "
          "fd00-1--0.db.shop.svc.cluster.local."}));
  EXPECT_EQ(srv.additional.size(), 3u);
  EXPECT_EQ(cluster.answer("5.0.1.10.in-addr.arpa", PTR),
            Lines{"5.0.1.10.in-addr.arpa. 5 IN PTR db-0.db.shop.svc.cluster.local."});
  EXPECT_EQ(cluster.result("7.0.1.10.in-addr.arpa", PTR), "NXDOMAIN");
}

TEST(KubernetesNames, HeadlessWithoutReadyEndpointsDoesNotExist) {
  Service service = database();
  for (auto& backend : service.backends) backend.is_ready = false;
  Cluster cluster;
  EXPECT_EQ(cluster.add(service).result("db.shop.svc.cluster.local", A), "NXDOMAIN");
  service.publishes_not_ready = true;
  EXPECT_EQ(cluster.add(service).answer("db.shop.svc.cluster.local", A).size(), 3u);
}

TEST(KubernetesNames, EndpointsSharingAHostNameShareItsAddresses) {
  Service service = database();
  service.backends = {{.addresses = {ip("10.1.0.5")}, .hostname = "db-0"},
                      {.addresses = {ip("fd00::5")}, .hostname = "db-0"},
                      {.addresses = {ip("10.1.0.6")}, .hostname = "db-0"}};
  Cluster cluster;
  cluster.add(service);
  EXPECT_EQ(cluster.answer("db-0.db.shop.svc.cluster.local", A).size(), 2u);
  EXPECT_EQ(cluster.answer("_pg._tcp.db.shop.svc.cluster.local", SRV),
            Lines{"_pg._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 33 5432 "
                  "db-0.db.shop.svc.cluster.local."});
}

TEST(KubernetesNames, EndpointPortsAreTheirOwn) {
  Service service = database();
  service.backends = {{.addresses = {ip("10.1.0.5")},
                       .hostname = "db-0",
                       .ports = {{.name = "pg", .number = 15432}}}};
  Cluster cluster;
  EXPECT_EQ(cluster.add(service).answer("_pg._tcp.db.shop.svc.cluster.local", SRV),
            Lines{"_pg._tcp.db.shop.svc.cluster.local. 5 IN SRV 0 100 15432 "
                  "db-0.db.shop.svc.cluster.local."});
}

TEST(KubernetesNames, PodNamesLabelEndpointsWhenAsked) {
  Cluster cluster({.endpoint_pod_names = true});
  cluster.add(database());
  EXPECT_EQ(cluster.answer("db-pod.db.shop.svc.cluster.local", A).size(), 1u);
  EXPECT_EQ(cluster.result("10-1-0-6.db.shop.svc.cluster.local", A), "NXDOMAIN");
}

TEST(KubernetesNames, ZonalNamesPinOrPreferATopologyZone) {
  Cluster cluster({.zonal_names = true});
  Service service = database();
  service.backends = {{.addresses = {ip("10.1.0.5")}, .zone = "a"},
                      {.addresses = {ip("10.1.0.6")}, .zone = "b"},
                      {.addresses = {ip("10.1.0.7")}, .zone = "c", .is_ready = false},
                      {.addresses = {ip("10.1.0.8")}}};
  cluster.add(service);

  EXPECT_EQ(cluster.answer("a.pin._zone.db.shop.svc.cluster.local", A),
            Lines{"a.pin._zone.db.shop.svc.cluster.local. 5 IN A 10.1.0.5"});
  EXPECT_EQ(cluster.result("c.pin._zone.db.shop.svc.cluster.local", A), "NODATA");
  EXPECT_EQ(cluster.result("a.pin._zone.db.shop.svc.cluster.local", AAAA), "NODATA");
  EXPECT_EQ(cluster.answer("b.prefer._zone.db.shop.svc.cluster.local", A),
            Lines{"b.prefer._zone.db.shop.svc.cluster.local. 5 IN A 10.1.0.6"});
  EXPECT_EQ(cluster.answer("c.prefer._zone.db.shop.svc.cluster.local", A).size(), 3u);
  EXPECT_EQ(cluster.answer("a.pin._zone.db.shop.svc.cluster.local", SRV),
            Lines{"a.pin._zone.db.shop.svc.cluster.local. 5 IN SRV 0 100 5432 "
                  "10-1-0-5.db.shop.svc.cluster.local."});
  EXPECT_EQ(cluster.result("c.pin._zone.db.shop.svc.cluster.local", SRV), "NODATA");
  EXPECT_EQ(cluster.answer("c.prefer._zone.db.shop.svc.cluster.local", SRV).size(), 3u);
  EXPECT_EQ(cluster.answer("db.shop.svc.cluster.local", A).size(), 3u);
  EXPECT_EQ(Cluster().add(service).result("a.pin._zone.db.shop.svc.cluster.local", A), "NXDOMAIN");
}

TEST(KubernetesNames, ASecondZoneOfAClusterHasNoReverseNames) {
  const KubernetesNames second({.zone = name("corp.example"),
                                .pod_addresses = PodAddresses::verified,
                                .has_reverse = false});
  EXPECT_EQ(second.zones().size(), 1u);
  AuthorityBuilder builder(second.zones());
  builder.put("s", second.service(web()).records);
  builder.put("p",
              second.pod({.space = "shop", .name = "x", .addresses = {ip("10.1.0.1")}}).records);
  const auto authority = builder.snapshot(test_time);
  EXPECT_EQ(dns::ask(*authority, {"web.shop.svc.corp.example", A}).answer.size(), 1u);
  EXPECT_EQ(dns::ask(*authority, {"10-1-0-1.shop.pod.corp.example", A}).answer.size(), 1u);
}

TEST(KubernetesNames, ASliceThatMeansEveryPortHasNoSrv) {
  Service service = database();
  service.backends = {{.addresses = {ip("10.1.0.5")}, .ports = {{.name = "any", .number = 0}}}};
  Cluster cluster;
  cluster.add(service);
  EXPECT_EQ(cluster.result("db.shop.svc.cluster.local", SRV), "NODATA");
}

TEST(KubernetesNames, ExternalName) {
  Cluster cluster;
  cluster.add(web())
      .add(external("out", "Target.Example.com"))
      .add(external("in", "web.shop.svc.cluster.local."));
  for (const unsigned type : {A, AAAA, MX, TXT, SRV, 65u}) {  // whatever is asked, there is a CNAME
    EXPECT_EQ(cluster.answer("out.shop.svc.cluster.local", type),
              Lines{"out.shop.svc.cluster.local. 5 IN CNAME target.example.com."});
  }
  EXPECT_EQ(cluster.answer("in.shop.svc.cluster.local", A),
            (Lines{"in.shop.svc.cluster.local. 5 IN CNAME web.shop.svc.cluster.local.",
                   "web.shop.svc.cluster.local. 5 IN A 10.0.0.10"}));
  EXPECT_EQ(cluster.result("_http._tcp.out.shop.svc.cluster.local", SRV), "NXDOMAIN");
  EXPECT_TRUE(cluster.problems.empty());
}

TEST(KubernetesNames, AnExternalNameThatIsNoneGivesNoRecord) {
  Cluster cluster;
  cluster.add(external("v4", "192.0.2.1"))
      .add(external("v6", "fd00::1"))
      .add(external("bad", "a..b"));
  EXPECT_EQ(cluster.result("v4.shop.svc.cluster.local", A), "NXDOMAIN");
  ASSERT_EQ(cluster.problems.size(), 3u);
  EXPECT_EQ(cluster.problems[0].subject, "service shop/v4");
}

TEST(KubernetesNames, ExternalAddresses) {
  Cluster cluster;
  cluster.add({.space = "shop",
               .name = "legacy",
               .kind = ServiceKind::external,
               .addresses = {ip("192.0.2.1")}});
  EXPECT_EQ(cluster.answer("legacy.shop.svc.cluster.local", A).size(), 1u);
}

TEST(KubernetesNames, NegativeAnswersOfTheSpecification) {
  Cluster cluster;
  cluster.add(web()).add(database());
  struct Case {
    const char* asked;
    unsigned type;
    const char* result;
  };
  for (const Case& c : {
           Case{"cluster.local", A, "NODATA"},
           Case{"cluster.local", TXT, "NODATA"},
           Case{"svc.cluster.local", A, "NODATA"},
           Case{"pod.cluster.local", A, "NODATA"},
           Case{"shop.svc.cluster.local", A, "NODATA"},
           Case{"empty.svc.cluster.local", A, "NODATA"},
           Case{"unknown.svc.cluster.local", A, "NXDOMAIN"},
           Case{"web.unknown.svc.cluster.local", A, "NXDOMAIN"},
           Case{"web.shop.svc.cluster.local", TXT, "NODATA"},
           Case{"web.shop.svc.cluster.local", MX, "NODATA"},
           Case{"unknown.shop.svc.cluster.local", A, "NXDOMAIN"},
           Case{"db-9.db.shop.svc.cluster.local", A, "NXDOMAIN"},
           Case{"_x._tcp.web.shop.svc.cluster.local", SRV, "NXDOMAIN"},
           Case{"_http._udp.web.shop.svc.cluster.local", SRV, "NXDOMAIN"},
           Case{"_tcp.web.shop.svc.cluster.local", SRV, "NODATA"},
           Case{"_http._tcp.web.shop.svc.cluster.local", A, "NODATA"},
           Case{"http.tcp.web.shop.svc.cluster.local", SRV, "NXDOMAIN"},
           Case{"0.0.10.in-addr.arpa", PTR, "NODATA"},
           Case{"10.0.0.10.in-addr.arpa", A, "NODATA"},
           Case{"10.0.0.10.in-addr.arpa", TXT, "NODATA"},
           Case{"11.0.0.10.in-addr.arpa", PTR, "NXDOMAIN"},
           Case{"x.cluster.local", A, "NXDOMAIN"},
       }) {
    EXPECT_EQ(cluster.result(c.asked, c.type), c.result) << c.asked;
  }
}

TEST(KubernetesNames, NameServer) {
  Cluster cluster({.server_addresses = {ip("169.254.169.250"), ip("0.0.0.0")}});
  const auto ns = cluster.ask("cluster.local", LDNS_RR_TYPE_NS);
  EXPECT_EQ(ns.answer, Lines{"cluster.local. 5 IN NS ns.dns.cluster.local."});
  EXPECT_EQ(ns.additional, Lines{"ns.dns.cluster.local. 5 IN A 169.254.169.250"});
  EXPECT_EQ(Cluster().result("ns.dns.cluster.local", A), "NODATA");
}

TEST(KubernetesNames, TtlIsThatOfEveryRecord) {
  Cluster cluster({.ttl = std::chrono::seconds{30}});
  cluster.add(web());
  EXPECT_EQ(cluster.answer("web.shop.svc.cluster.local", A),
            Lines{"web.shop.svc.cluster.local. 30 IN A 10.0.0.10"});
  EXPECT_EQ(cluster.ask("x.cluster.local", A).authority.at(0),
            "cluster.local. 30 IN SOA ns.dns.cluster.local. hostmaster.cluster.local. 1700000000 "
            "7200 1800 86400 30");
}

const Pod pod{.space = "shop", .name = "web-1", .addresses = {ip("10.1.0.1"), ip("fd00:1::1")}};

TEST(KubernetesNames, PodsHaveNames) {
  Cluster cluster;
  cluster.add(pod);
  EXPECT_EQ(cluster.answer("web-1.shop.pod.cluster.local", A),
            Lines{"web-1.shop.pod.cluster.local. 5 IN A 10.1.0.1"});
  EXPECT_EQ(cluster.answer("web-1.shop.pod.cluster.local", AAAA).size(), 1u);
  EXPECT_EQ(cluster.answer("1.0.1.10.in-addr.arpa", PTR),
            Lines{"1.0.1.10.in-addr.arpa. 5 IN PTR web-1.shop.pod.cluster.local."});
  cluster.add(Pod{.space = "shop", .name = "job.v2", .addresses = {ip("10.1.0.2")}});
  EXPECT_EQ(cluster.answer("job.v2.shop.pod.cluster.local", A).size(), 1u);
  EXPECT_TRUE(cluster.problems.empty());
}

TEST(KubernetesNames, AnEndpointsReverseNameTakesThePodsPlace) {
  Cluster cluster;
  cluster.add(Pod{.space = "shop", .name = "db-0", .addresses = {ip("10.1.0.5")}}).add(database());
  EXPECT_EQ(cluster.answer("5.0.1.10.in-addr.arpa", PTR),
            Lines{"5.0.1.10.in-addr.arpa. 5 IN PTR db-0.db.shop.svc.cluster.local."});
}

TEST(KubernetesNames, PodAddressesVerified) {
  Cluster cluster({.pod_addresses = PodAddresses::verified});
  cluster.add(pod).add(database());
  cluster.add(Pod{.space = "shop", .name = "db-0", .addresses = {ip("10.1.0.5")}});
  EXPECT_EQ(cluster.answer("10-1-0-1.shop.pod.cluster.local", A),
            Lines{"10-1-0-1.shop.pod.cluster.local. 5 IN A 10.1.0.1"});
  EXPECT_EQ(cluster.answer("fd00-1--1.shop.pod.cluster.local", AAAA).size(), 1u);  // both families
  EXPECT_EQ(cluster.answer("10-1-0-5.shop.pod.cluster.local", A).size(), 1u);
  EXPECT_EQ(cluster.result("10-1-0-1.shop.pod.cluster.local", AAAA), "NODATA");
  EXPECT_EQ(cluster.result("10-1-0-9.shop.pod.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("10-1-0-1.empty.pod.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("10-1-0-6.shop.pod.cluster.local", A),
            "NXDOMAIN");  // an endpoint, no pod
  EXPECT_EQ(cluster.result("shop.pod.cluster.local", A), "NODATA");
}

TEST(KubernetesNames, PodAddressesInsecure) {
  Cluster cluster({.pod_addresses = PodAddresses::insecure});
  EXPECT_EQ(cluster.answer("10-9-9-9.empty.pod.cluster.local", A).size(), 1u);
  EXPECT_EQ(cluster.answer("fd00--0.empty.pod.cluster.local", AAAA).size(), 1u);
  EXPECT_EQ(cluster.result("10-9-9-9.unknown.pod.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("x.10-9-9-9.empty.pod.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("10-9-9.empty.pod.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("empty.pod.cluster.local", A), "NODATA");
}

TEST(KubernetesNames, PodAddressesDisabled) {
  Cluster cluster({.pod_addresses = PodAddresses::disabled, .pod_names = false});
  cluster.add(pod);
  EXPECT_EQ(cluster.result("10-1-0-1.shop.pod.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("shop.pod.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("pod.cluster.local", A), "NODATA");
}

TEST(KubernetesNames, PodAddressesWithoutPodNames) {
  Cluster cluster({.pod_addresses = PodAddresses::verified, .pod_names = false});
  cluster.add(pod);
  EXPECT_EQ(cluster.answer("10-1-0-1.shop.pod.cluster.local", A).size(), 1u);
  EXPECT_EQ(cluster.result("web-1.shop.pod.cluster.local", A), "NXDOMAIN");
  EXPECT_EQ(cluster.result("1.0.1.10.in-addr.arpa", PTR), "NXDOMAIN");
}

TEST(KubernetesNames, EmptyServicesCanBeIgnored) {
  Service service = web();
  service.backends.clear();
  EXPECT_EQ(Cluster().add(service).result("web.shop.svc.cluster.local", A), "ANSWER");
  EXPECT_EQ(Cluster({.ignores_empty_services = true})
                .add(service)
                .result("web.shop.svc.cluster.local", A),
            "NXDOMAIN");
}

TEST(KubernetesNames, ReverseZonesOfOurSubnetsAreClosed) {
  Cluster cluster({.server_addresses = {ip("192.0.2.53")},
                   .reverse_v4 = {boost::asio::ip::make_network_v4("10.1.0.0/16")}});
  const AnswerContext forwarding{.is_forwarding = true};
  const auto missing = cluster.ask("9.9.1.10.in-addr.arpa", PTR, forwarding);
  EXPECT_EQ(missing.rcode, 3u);
  EXPECT_TRUE(missing.authority.at(0).starts_with(
      "1.10.in-addr.arpa. 5 IN SOA ns.dns.1.10.in-addr.arpa. hostmaster.1.10.in-addr.arpa. "));
  EXPECT_EQ(cluster.answer("1.10.in-addr.arpa", LDNS_RR_TYPE_NS),
            Lines{"1.10.in-addr.arpa. 5 IN NS ns.dns.1.10.in-addr.arpa."});
  EXPECT_EQ(cluster.answer("ns.dns.1.10.in-addr.arpa", A).size(), 1u);
}

TEST(KubernetesNames, WhatCannotBeNamedIsReportedAndHidesNothing) {
  Cluster cluster;
  Service service = web();
  service.ports.push_back({.name = "bad port", .number = 1});
  cluster.add(service)
      .add(Service{.space = "shop", .name = "a.b"})
      .add(Service{.space = "shop", .name = std::string(64, 'x')});
  cluster.add(Pod{.space = "-", .name = "x"});
  Service headless = database();
  headless.backends[0].hostname = "bad host";
  cluster.add(headless);
  ASSERT_EQ(cluster.problems.size(), 5u);
  EXPECT_EQ(cluster.problems[0],
            (Problem{"service shop/web", "port name \"_bad port\" cannot be a DNS label"}));
  EXPECT_EQ(cluster.answer("web.shop.svc.cluster.local", SRV).size(), 3u);
  EXPECT_EQ(cluster.answer("10-1-0-5.db.shop.svc.cluster.local", A).size(), 1u);
}

}  // namespace
}  // namespace paddock::dns
