// SPDX-License-Identifier: Apache-2.0
#include "coredns/import.hpp"

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

namespace paddock::coredns {
namespace {

using Texts = std::vector<std::string>;

struct Imported {
  YAML::Node settings;
  Texts lost;
  Texts noted;

  [[nodiscard]] Texts list(const char* key) const {
    Texts items;
    for (const auto& item : settings[key]) items.push_back(item.as<std::string>());
    return items;
  }
  [[nodiscard]] std::string value(const char* key) const {
    return settings[key].as<std::string>("");
  }
};

Imported imported(const std::string& text, Origin origin = Origin::coredns) {
  const auto import = import_corefile({"C", text}, origin, {});
  if (!import) {
    ADD_FAILURE() << import.error().text;
    return {};
  }
  Imported result{.settings = YAML::Load(import->yaml), .lost = {}, .noted = {}};
  for (const auto& remark : import->remarks) {
    (remark.is_lost ? result.lost : result.noted)
        .push_back(format(remark.place) + " " + remark.text);
  }
  return result;
}

// Plugins of a server for all names; their lines begin with the second.
Imported plugins(const std::string& lines) { return imported(".:53 {\n" + lines + "\n}\n"); }
bool says(const Texts& remarks, const std::string& begin) {
  return std::any_of(remarks.begin(), remarks.end(),
                     [&](const auto& remark) { return remark.starts_with(begin); });
}

TEST(KubernetesPlugin, HasACounterpartForEveryOption) {
  const auto result = plugins(
      "cache\nforward . 10.0.0.1\n"
      "kubernetes cluster.local 10.96.0.0/12 {\n"
      "  namespaces shop infra\n  namespace_labels team=web\n  labels env in (a, b)\n"
      "  pods verified\n  endpoint_pod_names\n  noendpoints\n  ttl 30\n  zonal\n"
      "  ignore empty_service\n  multicluster clusterset.local\n  startup_timeout 5s\n}");

  EXPECT_TRUE(result.lost.empty()) << result.lost[0];
  EXPECT_EQ(result.list("cluster_zone"), Texts{"cluster.local"});
  EXPECT_EQ(result.list("reverse_subnets"), Texts{"10.96.0.0/12"});
  EXPECT_EQ(result.list("namespaces"), (Texts{"shop", "infra"}));
  EXPECT_EQ(result.value("namespace_labels"), "team=web");
  EXPECT_EQ(result.value("labels"), "env in (a, b)");
  EXPECT_EQ(result.value("pods"), "verified");
  EXPECT_EQ(result.value("endpoint_pod_names"), "true");
  EXPECT_EQ(result.value("endpoints"), "false");
  EXPECT_EQ(result.value("ttl"), "30s");
  EXPECT_EQ(result.value("zonal_names"), "true");
  EXPECT_EQ(result.value("ignore_empty_services"), "true");
  EXPECT_EQ(result.value("clusterset_zone"), "clusterset.local");
  EXPECT_TRUE(says(result.noted, "C:8 pods verified: paddock-metadatad"));
}

TEST(KubernetesPlugin, NamesNoPodsUnlessTold) {
  EXPECT_EQ(plugins("kubernetes cluster.local").value("pods"), "disabled");
}

TEST(KubernetesPlugin, SaysWhatFallsThroughHereAndWhatNot) {
  const auto all = plugins("kubernetes cluster.local in-addr.arpa {\n fallthrough\n}");
  const auto none = plugins("kubernetes cluster.local in-addr.arpa");

  EXPECT_TRUE(says(all.lost,
                   "C:2 kubernetes cluster.local in-addr.arpa: fallthrough: a name that "
                   "cluster.local does not have"));
  EXPECT_TRUE(
      says(none.lost, "C:2 kubernetes cluster.local in-addr.arpa: in-addr.arpa: a reverse"));
}

TEST(KubernetesPlugin, OfASecondClusterHasATtlOfItsOwn) {
  const auto result = plugins("kubernetes a.local {\n ttl 30\n}\nkubernetes b.local");

  EXPECT_EQ(result.list("cluster_zone"), (Texts{"a.local", "b.local"}));
  EXPECT_EQ(result.value("ttl"), "30s");
  EXPECT_EQ(result.list("zone_ttl"), Texts{"b.local=5s"});
}

TEST(ForwardPlugin, NamesResolversOfAllNamesAndOfZones) {
  const auto result = imported(
      "corp.example lab.example {\n forward . 10.0.0.1 [fd00::1]:5353 {\n  force_tcp\n }\n}\n"
      "10.20.0.0/15 {\n forward . 10.0.0.2\n}\n"
      ". {\n cache\n forward far.example dns://10.0.0.3\n"
      " forward . tls://9.9.9.9 {\n  tls_servername dns.quad9.net\n  tls /etc/ca.pem\n"
      "  policy sequential\n  next SERVFAIL\n  except corp.example\n  max_concurrent 1000\n "
      "}\n}\n");

  EXPECT_TRUE(result.lost.empty()) << result.lost[0];
  EXPECT_EQ(result.list("stub"),
            (Texts{"corp.example=tcp://10.0.0.1,tcp://[fd00::1]:5353",
                   "lab.example=tcp://10.0.0.1,tcp://[fd00::1]:5353", "20.10.in-addr.arpa=10.0.0.2",
                   "21.10.in-addr.arpa=10.0.0.2", "far.example=10.0.0.3"}));
  EXPECT_EQ(result.list("upstreams"), Texts{"tls://9.9.9.9#dns.quad9.net"});
  EXPECT_EQ(result.value("tls_ca"), "/etc/ca.pem");
  EXPECT_EQ(result.value("upstream_order"), "given");
  EXPECT_EQ(result.list("source"), Texts{"none"});
}

TEST(ForwardPlugin, SaysWhatItCannotSay) {
  const auto result = plugins(
      "cache\nforward . https://dns.example/dns-query 10.0.0.1 {\n  next NXDOMAIN\n"
      "  except other.example\n  doh_method POST\n  tls /a.crt /a.key\n}");

  EXPECT_EQ(result.lost.size(), 5U);
  EXPECT_TRUE(says(result.lost, "C:3 forward . https://dns.example/dns-query 10.0.0.1: https://"));
  EXPECT_TRUE(says(result.lost, "C:4 forward: next NXDOMAIN:"));
  EXPECT_TRUE(says(result.lost, "C:5 forward: except other.example: names below other.example"));
  EXPECT_TRUE(says(result.lost, "C:6 forward: doh_method POST: has no counterpart"));
  EXPECT_TRUE(says(result.lost, "C:7 forward: tls /a.crt /a.key:"));
}

TEST(CachePlugin, KeepsWhatItMeans) {
  const auto result = plugins(
      "forward . 10.0.0.1\nkubernetes cluster.local\n"
      "cache 30 {\n  success 100000 3600\n  prefetch 0\n  serve_stale 1m30s immediate\n"
      "  servfail 5s\n  disable success cluster.local\n  disable denial example.org\n  keepttl\n}");

  EXPECT_EQ(result.value("cache_mb"), "49");
  EXPECT_EQ(result.value("cache_ttl"), "3600s");
  EXPECT_EQ(result.value("cache_negative_ttl"), "30s");
  EXPECT_EQ(result.value("prefetch"), "false");
  EXPECT_EQ(result.value("serve_stale"), "90s");
  EXPECT_EQ(result.lost.size(), 2U);
  EXPECT_TRUE(says(result.lost, "C:10 cache: disable denial example.org:"));
  EXPECT_TRUE(says(result.lost, "C:11 cache: keepttl:"));
  EXPECT_EQ(plugins("forward . 10.0.0.1").value("cache_mb"), "0");
}

TEST(HostsPlugin, CarriesLinesAndFiles) {
  const auto result = plugins(
      "hosts /etc/more-hosts {\n  10.0.0.1 a.example b.example\n  ttl 60\n  reload 5s\n"
      "  no_reverse\n  fallthrough\n}");

  EXPECT_EQ(result.list("hosts_files"), Texts{"/etc/more-hosts"});
  EXPECT_EQ(result.list("hosts"), Texts{"10.0.0.1 a.example b.example"});
  EXPECT_EQ(result.value("hosts_ttl"), "60s");
  EXPECT_EQ(result.lost, Texts{"C:6 hosts: no_reverse: has no counterpart"});
}

TEST(HostsPlugin, AnswersForItsOwnFileOnly) {
  const auto result = imported(
      "a.example {\n hosts /etc/a-hosts {\n  fallthrough\n }\n}\n"
      "b.example {\n hosts {\n  10.0.0.1 www.b.example\n  fallthrough\n }\n}\n"
      ". {\n cache\n forward . 10.0.0.1\n}\n");

  EXPECT_EQ(result.list("hosts_files"), Texts{"/etc/a-hosts"});
  EXPECT_EQ(result.list("hosts"), Texts{"10.0.0.1 www.b.example"});
  EXPECT_EQ(result.lost, Texts{"C:2 hosts /etc/a-hosts: names of the file outside of the server's "
                               "zones count, too"});
}

TEST(RewritePlugin, SpeaksOfNamesWithoutTheFinalDot) {
  const auto result = plugins(
      "rewrite name exact a.example. b.example.\n"
      "rewrite name suffix .old.example. .new.example.\n"
      "rewrite stop {\n  name regex ^(.*)\\.x\\.example\\.$ {1}.y.example.\n"
      "  answer name (.*)\\.y\\.example\\. {1}.x.example.\n}\n"
      "rewrite name substring .a. .b.\n"
      "rewrite ttl exact a.example 30-300\n"
      "rewrite type ANY HINFO");

  EXPECT_EQ(result.list("rewrite"),
            (Texts{"exact a.example b.example", "suffix .old.example .new.example",
                   "regex ^(.*)\\.x\\.example$ {1}.y.example", "regex ^(.*)\\.a\\.(.*)$ {1}.b.{2}",
                   "exact a.example ttl=30-300"}));
  EXPECT_EQ(result.lost, Texts{"C:10 rewrite type ANY HINFO: only names and TTLs are rewritten"});
}

TEST(OtherPlugins, AreAlreadySoOrNamed) {
  const auto result = plugins(
      "errors\nloop\nreload\nloadbalance\nany\nlog\nacl {\n block\n}\nwhoami\n"
      "bufsize 4096\nnsid node-1\ndns64 {\n allow_ipv4\n}\nautopath @kubernetes");

  EXPECT_EQ(result.noted.size(), 6U);
  EXPECT_EQ(result.lost,
            (Texts{"C:8 acl: has no counterpart; everybody who reaches the addresses of listen is "
                   "answered: let a firewall say who",
                   "C:11 whoami: has no counterpart"}));
  EXPECT_EQ(result.value("query_log"), "1");
  EXPECT_EQ(result.value("autopath"), "true");
  EXPECT_EQ(result.value("max_udp_payload"), "4096");
  EXPECT_EQ(result.value("server_id"), "node-1");
  EXPECT_EQ(result.value("dns64"), "64:ff9b::/96");
}

TEST(OtherPlugins, AnOrderOfAddressesIsNamed) {
  const auto result =
      plugins("loadbalance weighted file\nloadbalance round_robin {\n prefer 10.0.0.0/8\n}");

  EXPECT_EQ(result.lost, (Texts{"C:2 loadbalance weighted file: addresses take turns",
                                "C:4 loadbalance: prefer 10.0.0.0/8: addresses take turns, "
                                "wherever they are"}));
}

TEST(Templates, ThatDenyATypeOrAZoneAreRulesAndOthersAreNamed) {
  const auto result = plugins(
      "template IN AAAA . {\n rcode NXDOMAIN\n}\ntemplate ANY HTTPS\n"
      "template ANY ANY reddog.example. {\n rcode NXDOMAIN\n}\n"
      "template ANY ANY {\n rcode NXDOMAIN\n}\n"
      "template IN A sip.example {\n answer \"{{ .Name }} 60 IN A 192.0.2.{{ .Group.n }}\"\n}\n"
      "template IN A dev.example {\n match .*\n answer \"{{ .Name }} 60 IN A 192.0.2.1\"\n "
      "fallthrough\n}");

  EXPECT_EQ(result.list("block_types"), (Texts{"AAAA", "HTTPS"}));
  EXPECT_EQ(result.list("block"), Texts{"reddog.example"});
  EXPECT_EQ(result.list("hosts"), Texts{"192.0.2.1 dev.example *.dev.example"});
  EXPECT_EQ(result.lost, (Texts{"C:9 template ANY ANY: has no counterpart",
                                "C:12 template IN A sip.example: has no counterpart"}));
}

TEST(ZonePlugins, FindTheirFilesBelowTheRootOfTheServer) {
  const auto result = imported(
      "example.org {\n file db.example.org\n root /etc/zones\n hosts names {\n  fallthrough\n }\n"
      "}\nexample.net {\n file db.example.net\n}\n"
      ".:53 {\n root /etc/dns\n forward . tls://192.0.2.1 {\n  tls_servername r.example\n"
      "  tls ca.pem\n }\n}\n");

  EXPECT_EQ(result.list("zone"), Texts{"example.org=/etc/zones/db.example.org"});
  EXPECT_EQ(result.list("hosts_files"), Texts{"/etc/zones/names"});
  EXPECT_EQ(result.value("tls_ca"), "/etc/dns/ca.pem");
  EXPECT_TRUE(says(result.lost, "C:9 file db.example.net: name the file by its whole path"));
}

TEST(ZonePlugins, KeepFilesTransfersAndTrees) {
  const auto result = imported(
      "example.org {\n file /etc/zones/example.org {\n  reload 1m\n }\n"
      " transfer {\n  to 10.0.0.9:5353\n  to elsewhere\n }\n}\n"
      "skydns.local {\n etcd {\n  path /names\n  endpoint http://a:2379 http://b:2379\n }\n}\n"
      ". {\n cache\n forward . 10.0.0.1\n}\n");

  EXPECT_EQ(result.list("zone"), Texts{"example.org=/etc/zones/example.org"});
  EXPECT_EQ(result.list("transfer_to"), Texts{"10.0.0.9/32"});
  EXPECT_TRUE(says(result.lost, "C:7 transfer: to elsewhere: elsewhere is no address"));
  EXPECT_EQ(result.list("source"), Texts{"skydns:http://a:2379,http://b:2379/names"});
  EXPECT_EQ(result.list("skydns_domains"), Texts{"skydns.local"});
}

TEST(Addresses, AreThoseOfBindOrAll) {
  const auto bound = plugins("bind 169.254.20.10 fd00::10\nforward . 10.0.0.1\ncache");
  const auto both = imported(
      "a.example:5353 {\n forward . 10.0.0.1\n}\n"
      ".:53 {\n bind lo\n forward . 10.0.0.1\n cache\n}\n");

  EXPECT_EQ(bound.list("listen"), (Texts{"169.254.20.10:53", "[fd00::10]:53"}));
  EXPECT_EQ(both.list("listen"), Texts{":5353"});
  EXPECT_TRUE(says(both.lost, "C:1 zones are told apart by port"));
  EXPECT_TRUE(says(both.lost, "C:5 bind lo: lo: name addresses, not interfaces"));
}

TEST(Pages, AreWhereProbesAndPrometheusHadThem) {
  const auto all = plugins("health {\n lameduck 5s\n}\nready\nprometheus :9153");
  const auto health = plugins("health localhost:8091");
  const auto unknown = plugins("health nowhere:8080");

  EXPECT_EQ(all.value("admin_listen"), "0.0.0.0:9153");
  EXPECT_EQ(all.value("coredns_metrics"), "true");
  EXPECT_EQ(all.list("probe_listen"), (Texts{":8080", ":8181"}));
  EXPECT_EQ(health.list("probe_listen"), Texts{"127.0.0.1:8091"});
  EXPECT_TRUE(says(unknown.lost, "C:2 health nowhere:8080: must be ADDRESS:PORT"));
}

TEST(NodeLocal, AnswersTheZonesItAskedTheClusterFor) {
  const std::string written =
      "cluster.local {\n bind 169.254.20.10\n forward . 10.96.0.11 {\n  force_tcp\n }\n cache\n}\n"
      "in-addr.arpa {\n bind 169.254.20.10\n forward . 10.96.0.11\n}\n"
      "corp.example {\n bind 169.254.20.10\n forward . 10.0.0.1\n}\n"
      ". {\n bind 169.254.20.10\n forward . /etc/resolv.conf\n cache\n}\n";

  const auto result = imported(written, Origin::nodelocal);

  EXPECT_TRUE(result.lost.empty()) << result.lost[0];
  EXPECT_EQ(result.list("cluster_zone"), Texts{"cluster.local"});
  EXPECT_EQ(result.list("stub"), Texts{"corp.example=10.0.0.1"});
  EXPECT_FALSE(result.settings["source"]);
  EXPECT_EQ(import_corefile({"C", ". {\n bind __PILLAR__LOCAL__DNS__\n}"}, Origin::coredns, {})
                .error()
                .text,
            "C:2: this is NodeLocal DNSCache's: try again with --nodelocal");
}

TEST(KubeDns, HasStubDomainsAndResolvers) {
  const auto import = import_kube_dns(
      "cm.yaml", {.stub_domains = R"({"corp.example": ["10.0.0.1", "10.0.0.2:5353"]})",
                  .upstream_name_servers = R"(["8.8.8.8"])",
                  .federations = R"({"f": "example.com"})"});

  ASSERT_TRUE(import) << import.error().text;
  const auto settings = YAML::Load(import->yaml);
  EXPECT_EQ(settings["stub"][0].as<std::string>(), "corp.example=10.0.0.1,10.0.0.2:5353");
  EXPECT_EQ(settings["upstreams"][0].as<std::string>(), "8.8.8.8");
  EXPECT_FALSE(import->is_whole());
}

TEST(KubeDns, RefusesWhatIsNoList) {
  const auto import = import_kube_dns(
      "cm.yaml",
      {.stub_domains = R"({"corp": "10.0.0.1"})", .upstream_name_servers = {}, .federations = {}});

  ASSERT_FALSE(import);
  EXPECT_NE(import.error().text.find("cm.yaml: stubDomains: corp: must be a list"),
            std::string::npos);
}

}  // namespace
}  // namespace paddock::coredns
