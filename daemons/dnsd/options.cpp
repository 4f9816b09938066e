// SPDX-License-Identifier: Apache-2.0
#include "dnsd/options.hpp"

#include "dnsd/option_checks.hpp"
#include "dnsd/sources.hpp"
#include "runtime/cluster_source.hpp"
#include "runtime/host_name.hpp"

namespace paddock::dnsd {

namespace {

using runtime::Reload;
namespace checks = runtime::checks;

void describe_names(runtime::OptionTable& table, Options& options) {
  table.list(
      {"cluster-zone", "NAME", "Zones of the Kubernetes names; reverse names lead into the first."},
      options.cluster_zones, check_zone);
  table.text({"rancher-zone", "NAME", "Zone of the Rancher names, or none."}, options.rancher_zone,
             check_zone_or_none);
  table.list({.name = "metadata-address",
              .value = "ADDRESS",
              .help = "What rancher-metadata is the name of.",
              .alias = "rancher-metadata-answer"},
             options.metadata_address, checks::address());
  table.list({"server-addresses", "ADDRESS",
              "Addresses of the name servers of our zones, ns.dns.ZONE and ns1.dns.ZONE. Default: "
              "those of --listen."},
             options.server_addresses, checks::address());
  table.list({"reverse-subnets", "CIDR",
              "Subnets whose reverse names are known here and nowhere else; a missing one does "
              "not exist, instead of being forwarded."},
             options.reverse_subnets, checks::subnet());
  table.text({"pods", "MODE",
              "Names of pods by address (a-b-c-d.NAMESPACE.pod.ZONE): disabled (and no other names "
              "of pods), insecure (any address, in a namespace that exists) or verified (a pod "
              "must have it)."},
             options.pods, checks::one_of({"disabled", "insecure", "verified"}));
  table.boolean({"endpoint-pod-names", "", "Name endpoints without a hostname after their pod."},
                options.endpoint_pod_names);
  table.boolean({"endpoints", "", "Name what services get by their endpoints."}, options.endpoints);
  table.text(
      {"reach-file", "FILE",
       "Leave endpoints out that this host does not reach yet, as its netd says in this file "
       "(netd's --reach-file). Default: none are left out."},
      options.reach_file);
  table.boolean({"ignore-empty-services", "",
                 "A service with cluster addresses but no ready endpoint does not exist."},
                options.ignore_empty_services);
  table.boolean({"zonal-names", "",
                 "Name the endpoints of headless services by topology zone: "
                 "TOPOLOGY.pin._zone.SERVICE and TOPOLOGY.prefer._zone.SERVICE."},
                options.zonal_names);
  table.duration({"ttl", "TIME", "TTL of our own names; also how long their absence is cached."},
                 options.ttl, std::chrono::seconds{0}, std::chrono::hours{1});
  table.list({"zone-ttl", "ZONE=TIME", "TTL of the names of one of our zones instead."},
             options.zone_ttl, check_zone_ttl);
}

void describe_other_zones(runtime::OptionTable& table, Options& options) {
  table.text({"external-zone", "NAME",
              "Zone for outside the cluster: services by load balancers and external IPs; or "
              "none."},
             options.external_zone, check_zone_or_none);
  table.boolean({"external-headless", "", "Headless services in the external zone, too."},
                options.external_headless);
  table.text({"external-apex", "LABEL",
              "The name servers of the external zone stand below this label, as ns1.dns.ZONE."},
             options.external_apex, check_zone_label);
  table.text({"clusterset-zone", "NAME",
              "Zone of the services that several clusters share, clusterset.local by custom; or "
              "none."},
             options.clusterset_zone, check_zone_or_none);
  table.list({"ingress-zone", "NAME",
              "Zone of the hosts of load balancer services, as metadatad makes them of Ingresses "
              "(its --ingresses); other names of it are forwarded. Several may be given."},
             options.ingress_zones, check_zone_or_none);
  table.list({"namespaces", "NAME", "Namespaces that are named; default: all."},
             options.namespaces);
  table.text({"namespace-labels", "SELECTOR",
              "Only namespaces with these labels are named, as env=prod,tier in (a,b),!legacy."},
             options.namespace_labels, check_selector);
  table.text({"labels", "SELECTOR", "Only services with these labels are named."}, options.labels,
             check_selector);
}

void describe_clients(runtime::OptionTable& table, Options& options) {
  table.text({"host-name", "NAME",
              "This host in the cluster; its pods are the clients that have links, search lists "
              "and resolvers of their own. Default: the kernel's host name."},
             options.host_name, runtime::check_host_name);
  table.text({"answers", "FILE", "A file of names by client, in Rancher's form.", Reload::live},
             options.answers);
  table.text({.name = "listen-reload",
              .value = "ADDRESS:PORT",
              .help = "Where POST /v1/reload is taken, or none. Default: 127.0.0.1:8113 with "
                      "--answers, else none.",
              .alias = "listenReload"},
             options.listen_reload, check_reload_listen);
  table.list({"search", "NAME",
              "Where a name in none of our zones is looked for as well, for every client, after "
              "its own list; rancher.internal as Rancher did."},
             options.search, check_zone);
  table.integer(
      {"ndots", "N", "Search lists are for names with fewer dots than this; 0: for all names."},
      options.ndots, 0U, 15U);
  table.boolean({"autopath", "",
                 "Complete the search list of this host's pods here: the first name of it that a "
                 "pod asks for is answered with a CNAME to where the name was found."},
                options.autopath);
  table.list({"autopath-search", "NAME",
              "What stands in those lists behind NAMESPACE.svc.ZONE, svc.ZONE and ZONE."},
             options.autopath_search, check_zone);
  table.list({"never-recurse-to", "ADDRESS", "Resolvers of pods that would lead back to us."},
             options.never_recurse_to, checks::address());
  table.list({"visible-namespaces", "NS=NS+NS",
              "What the pods of a namespace see besides it, all other namespaces do not exist for "
              "them; *=NS for pods of namespaces that are not named."},
             options.visible_namespaces, check_visible);
}

void describe_forwarding(runtime::OptionTable& table, Options& options) {
  table.duration({.name = "upstream-timeout",
                  .value = "TIME",
                  .help = "How long one resolver may take before another is asked.",
                  .reload = Reload::live,
                  .alias = "recurser-timeout"},
                 options.upstream_timeout, std::chrono::milliseconds{10}, std::chrono::seconds{30});
  table.boolean({"forward", "", "Ask other resolvers for names that are not ours.", Reload::live},
                options.forward);
  table.list({"upstreams", "ADDRESS[:PORT]",
              "Resolvers to ask; without any, those of --resolv-conf. tcp://ADDRESS asks over TCP, "
              "tls://ADDRESS#NAME over TLS.",
              Reload::live},
             options.upstreams, check_upstream);
  table.list(
      {"stub", "ZONE=ADDRESS,...",
       "Resolvers of one zone, which are asked for its names instead of the others.", Reload::live},
      options.stubs,
      [&stubs = options.stubs](const std::string& text) { return check_stub(text, stubs); });
  table.text(
      {"upstream-order", "WORD",
       "Which resolver is asked first: the fastest, or always in the order given.", Reload::live},
      options.upstream_order, checks::one_of({"fastest", "given"}));
  table.boolean({"random-case", "",
                 "Spell names at random towards resolvers and believe only replies spelt alike.",
                 Reload::live},
                options.random_case);
  table.text(
      {"tls-ca", "FILE", "Who signs for resolvers over TLS (PEM). Default: whom the system trusts.",
       Reload::live},
      options.tls_ca, check_file_or_none);
  table.boolean(
      {"private-reverse", "",
       "Ask the resolvers for reverse names of private addresses, too (RFC 6303).", Reload::live},
      options.private_reverse);
  table.text({"resolv-conf", "FILE", "Where the host's own resolvers are listed.", Reload::live},
             options.resolv_conf, checks::absolute_path());
  table.integer({"cache-mb", "MIB", "Memory for forwarded answers; 0: no cache.", Reload::live},
                options.cache_mb, 0U, 4096U);
  table.integer(
      {"cache-capacity", "ENTRIES",
       "The same in answers, about 2,000 for each MiB; 0: as --cache-mb says.", Reload::live},
      options.cache_capacity, 0U, 8'000'000U);
  table.duration(
      {"cache-ttl", "TIME", "How long an answer is kept at most; clients are told no larger TTL.",
       Reload::live},
      options.cache_ttl);
  table.duration({"cache-negative-ttl", "TIME",
                  "The same of answers that a name or a type does not exist.", Reload::live},
                 options.cache_negative_ttl);
  table.boolean(
      {"prefetch", "", "Ask anew for answers that are asked for often, shortly before they expire.",
       Reload::live},
      options.prefetch);
  table.duration(
      {"serve-stale", "TIME",
       "How long an expired answer may still be given when no resolver answers.", Reload::live},
      options.serve_stale);
}

void describe_files(runtime::OptionTable& table, Options& options) {
  table.list({"zone", "ORIGIN=FILE",
              "A zone of a master file. The file is read again when it changes; while it is "
              "broken, the last good zone is served."},
             options.zones, check_static_zone);
  table.list({"transfer-to", "CIDR", "Networks that may have whole zones (AXFR, over TCP)."},
             options.transfer_to, checks::subnet());
  table.list({"skydns-domains", "NAME", "Zones of the SkyDNS trees."}, options.skydns_domains,
             check_zone);
  table.duration({"skydns-ttl", "TIME", "TTL of SkyDNS entries that say none."}, options.skydns_ttl,
                 std::chrono::seconds{0}, std::chrono::hours{24});
}

void describe_rules(runtime::OptionTable& table, Options& options) {
  table.list({"hosts", "ADDRESS NAME...",
              "Addresses of names, whoever else knows them; and the names of the addresses.",
              Reload::live},
             options.hosts, check_host);
  table.list({"hosts-files", "FILE",
              "Files of such lines, as /etc/hosts; read again when they change.", Reload::live},
             options.hosts_files, checks::absolute_path());
  table.duration({"hosts-ttl", "TIME", "TTL of those, and of answers of 0.0.0.0.", Reload::live},
                 options.hosts_ttl, std::chrono::seconds{0}, std::chrono::hours{24});
  table.list({"block", "NAME", "Names that do not exist, nor any below them.", Reload::live},
             options.block, check_zone);
  table.list({"block-files", "FILE",
              "Files of such names, one a line; read again when they change.", Reload::live},
             options.block_files, checks::absolute_path());
  table.text({"block-answer", "WORD", "What they get: nxdomain, or zero for 0.0.0.0 and ::.",
              Reload::live},
             options.block_answer, checks::one_of({"nxdomain", "zero"}));
  table.list(
      {"block-types", "TYPE",
       "Record types that no name has, ours neither: AAAA where there is no IPv6.", Reload::live},
      options.block_types, check_type);
  table.list({"rewrite", "MATCH FROM TO",
              "Names that are looked up as others: exact, prefix, suffix or regex, then the two; "
              "a ttl=30 or ttl=30-300 behind them sets the TTLs. The first that matches counts.",
              Reload::live},
             options.rewrite, check_rewrite);
  table.text({"dns64", "PREFIX",
              "Make IPv6 addresses below this prefix for names that have only IPv4 ones, or none.",
              Reload::live},
             options.dns64, check_dns64);
}

}  // namespace

void describe(runtime::OptionTable& table, Options& options) {
  table.list({"listen", "ADDRESS:PORT",
              "Where to answer, over UDP and TCP; :PORT is every address of both families."},
             options.listen, check_listen);
  table.list(
      {"source", "LOCATION",
       "Where names are learnt from; may be given more than once. The cluster, once at most: "
       "paddock:/SOCKET or paddock:https://HOST:9760, a metadatad; "
       "etcd:https://HOST:2379[/PREFIX]; kubernetes:[/KUBECONFIG]; file:/PATH[,/PATH]; or none "
       "(docs/stores.md). SkyDNS trees: skydns:/FOLDER or "
       "skydns:http(s)://ETCD:PORT[,...][/PREFIX] (docs/skydns.md). Default: "
       "paddock:/run/paddock/metadata.sock, but no cluster where --answers or a SkyDNS tree is "
       "given."},
      options.sources, [&sources = options.sources](const std::string& text) {
        return check_source(text, sources);
      });
  runtime::describe_access(table, "source", options.source_access);
  table.text({"state-dir", "FOLDER", "Keeps what was last known, for a start without the source."},
             options.state_dir, checks::absolute_path());
  table.boolean({"replace", "",
                 "Take the place of the dnsd that runs with this folder, if there is one: answer "
                 "beside it, and end it once this one is ready. No query is lost."},
                options.replace);
  table.integer({"workers", "N", "Threads that answer; 0: one per CPU."}, options.workers, 0U,
                256U);
  table.text({"server-id", "TEXT", "Told to clients that ask (NSID, id.server); default: nothing."},
             options.server_id);
  describe_names(table, options);
  describe_other_zones(table, options);
  describe_files(table, options);
  describe_clients(table, options);
  describe_forwarding(table, options);
  describe_rules(table, options);
  table.boolean(
      {"coredns-metrics", "",
       "Give metrics under CoreDNS' names as well, for dashboards made for it.", Reload::live},
      options.coredns_metrics);
  table.integer(
      {"query-log", "N", "Log one query in so many, with who asked and what became of it; 0: none.",
       Reload::live},
      options.query_log, 0U, 1'000'000U);
  table.integer({"max-udp-payload", "BYTES", "Largest reply over UDP (RFC 9715)."},
                options.max_udp_payload, std::uint16_t{512}, std::uint16_t{4096});
  table.integer({"udp-rate", "N",
                 "Replies a second over UDP to one address that shows no cookie of ours (RFC "
                 "7873); beyond that every second one is cut short, so that TCP is used, and the "
                 "others are left out. 0: any number."},
                options.udp_rate, 0U, 1'000'000U);
  table.integer({"tcp-connections", "N", "TCP connections at a time."}, options.tcp_connections, 1U,
                1'000'000U);
  table.integer({"tcp-connections-per-client", "N", "TCP connections at a time from one address."},
                options.tcp_connections_per_client, 1U, 1'000'000U);
  table.list({"probe-listen", "ADDRESS:PORT",
              "Where /health and /ready are OK, and nothing else is shown, for probes made for "
              "CoreDNS; :PORT is every address of both families."},
             options.probe_listen, check_listen);
}

}  // namespace paddock::dnsd
