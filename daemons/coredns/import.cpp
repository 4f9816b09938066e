// SPDX-License-Identifier: Apache-2.0
#include "coredns/import.hpp"

#include "coredns/plugins.hpp"

#include <algorithm>
#include <tuple>

namespace paddock::coredns {
namespace {

using TakePlugin = void (*)(const Directive&, const Server&, Draft&);

const std::map<std::string_view, TakePlugin>& translated_plugins() {
  static const std::map<std::string_view, TakePlugin> all{
      {"kubernetes", take_kubernetes}, {"k8s_external", take_k8s_external},
      {"forward", take_forward},       {"cache", take_cache},
      {"hosts", take_hosts},           {"rewrite", take_rewrite},
      {"dns64", take_dns64},           {"file", take_file},
      {"transfer", take_transfer},     {"etcd", take_etcd},
      {"template", take_template}};
  return all;
}

// What those do is done without being asked for.
const std::map<std::string_view, std::string_view>& needless_plugins() {
  static const std::map<std::string_view, std::string_view> all{
      {"errors", "errors are logged"},
      {"loop", "a resolver that is this server is left out"},
      {"reload", "SIGHUP reads the configuration again; files of zones and hosts are watched"},
      {"loadbalance", "addresses take turns"},
      {"any", "ANY is answered as RFC 8482 says"},
      {"minimal", "replies are minimal"},
      {"local", "localhost is answered"},
      {"cancel", "no question waits longer than 4.5 s"},
      {"timeouts", "connections have limits of their own"},
      {"multisocket", "every worker has a socket of its own"},
      {"metadata", "nothing needs it"},
      {"ready", ""},  // these are looked at together
      {"health", ""},
      {"prometheus", ""},
      {"root", ""},
      {"bind", ""}};
  return all;
}

// What there is instead of those that have no counterpart.
const std::map<std::string_view, std::string_view>& other_ways() {
  constexpr std::string_view transport = "answers come over UDP and TCP only";
  constexpr std::string_view signing = "answers are not signed: zones are served as they are";
  constexpr std::string_view watching = "see /metrics and query_log";
  constexpr std::string_view cloud = "export its zones as files (zone)";
  static const std::map<std::string_view, std::string_view> all{
      {"acl", "everybody who reaches the addresses of listen is answered: let a firewall say who"},
      {"auto", "name each file: zone takes several"},
      {"secondary", "zones are not fetched: bring their files (zone), or ask their primary (stub)"},
      {"view", "all clients see the same names"},
      {"chaos", "only server_id is told (id.server, hostname.bind)"},
      {"header", "flags are as RFC 1035 has them"},
      {"tls", transport},
      {"https", transport},
      {"https3", transport},
      {"quic", transport},
      {"grpc", "resolvers are asked over UDP, TCP and TLS only"},
      {"grpc_server", transport},
      {"dnssec", signing},
      {"sign", signing},
      {"tsig", "transfer_to says by address who gets whole zones"},
      {"dnstap", watching},
      {"trace", watching},
      {"pprof", watching},
      {"debug", "see log_level"},
      {"route53", cloud},
      {"azure", cloud},
      {"clouddns", cloud}};
  return all;
}

// Those that are one setting.
void take_small_plugin(const Directive& plugin, Draft& draft) {
  if (plugin.name() == "bufsize" && plugin.words.size() == 2) {
    return draft.set("max_udp_payload", plugin.words[1], plugin.place);
  }
  if (plugin.name() == "nsid" && plugin.words.size() == 2) {
    return draft.set("server_id", plugin.words[1], plugin.place);
  }
  if (plugin.name() == "autopath" && plugin.words.back() == "@kubernetes") {
    draft.note(plugin, "for the pods of this host, which are known without pods verified");
    return draft.set("autopath", "true", plugin.place);
  }
  if (plugin.name() == "log") {
    if (plugin.words.size() > 1 || !plugin.block.empty()) {
      draft.lose(plugin, "every query is logged, in one form");
    }
    return draft.set("query_log", "1", plugin.place);
  }
  const auto other = other_ways().find(plugin.name());
  draft.lose(plugin, other == other_ways().end()
                         ? "has no counterpart"
                         : "has no counterpart; " + std::string(other->second));
}

void take_plugin(const Directive& plugin, const Server& server, Draft& draft) {
  if (const auto known = translated_plugins().find(plugin.name());
      known != translated_plugins().end()) {
    return known->second(plugin, server, draft);
  }
  if (plugin.name() == "loadbalance" && plugin.words.size() > 1 &&
      plugin.words[1] != "round_robin") {
    return draft.lose(plugin, "addresses take turns");
  }
  if (plugin.name() == "loadbalance") {
    for (const Directive& option : plugin.block) {
      draft.lose(plugin, option, "addresses take turns, wherever they are");
    }
  }
  if (const auto known = needless_plugins().find(plugin.name());
      known != needless_plugins().end()) {
    if (!known->second.empty()) draft.note(plugin, "already so: " + std::string(known->second));
    return;
  }
  take_small_plugin(plugin, draft);
}

// What other plugins say of a zone depends on whether it is ours, or one with resolvers of its own:
// so clusters come first, and the server of all names last.
void take_plugins(const std::vector<ServerBlock>& blocks, const std::vector<Server>& servers,
                  Draft& draft) {
  const auto take = [&](auto is_now) {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      for (const Directive& plugin : blocks[i].plugins) {
        if (is_now(servers[i], plugin)) take_plugin(plugin, servers[i], draft);
      }
    }
  };
  const auto is_cluster = [](const Directive& plugin) { return plugin.name() == "kubernetes"; };
  take([&](const Server&, const Directive& plugin) { return is_cluster(plugin); });
  take([&](const Server& server, const Directive& plugin) {
    return !is_cluster(plugin) && !server.is_root();
  });
  take([&](const Server& server, const Directive& plugin) {
    return !is_cluster(plugin) && server.is_root();
  });
}

bool has_plugin(const std::vector<ServerBlock>& blocks, std::string_view name) {
  return std::ranges::any_of(blocks, [&](const ServerBlock& block) {
    return std::ranges::find(block.plugins, name, &Directive::name) != block.plugins.end();
  });
}

// Whom NodeLocal asks for reverse names is the cluster's own DNS.
std::set<std::string> cluster_dns(const std::vector<ServerBlock>& blocks,
                                  const std::vector<Server>& servers) {
  std::set<std::string> asked{"__PILLAR__CLUSTER__DNS__"};
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (!std::ranges::any_of(servers[i].zones, is_reverse)) continue;
    for (const Directive& plugin : blocks[i].plugins) {
      if (plugin.name() != "forward" || plugin.words.size() < 3) continue;
      asked.insert(plugin.words.begin() + 2, plugin.words.end());
    }
  }
  return asked;
}

// Without a cluster none of its zones is ours.
void take_sources(const std::vector<ServerBlock>& blocks, Origin origin, Draft& draft) {
  const bool has_cluster = origin == Origin::nodelocal || has_plugin(blocks, "kubernetes");
  if (has_cluster) {
    if (draft.has("source")) {
      draft.add("source", "paddock:/run/paddock/metadata.sock", blocks.front().place);
    }
    return;
  }
  const Place place = blocks.front().place;
  if (!draft.has("source")) draft.add("source", "none", place);
  draft.begin_list("cluster_zone", place);
  draft.set("rancher_zone", "none", place);
}

void take_root(const std::vector<ServerBlock>& blocks, const std::vector<Server>& servers,
               Draft& draft) {
  const auto root = std::ranges::find_if(servers, &Server::is_root);
  if (root == servers.end()) {
    draft.remark({blocks.front().place,
                  "no server is for all names: those of no zone are not refused here, but asked of "
                  "the resolvers of resolv.conf; forward: false where there is no stub zone",
                  true});
    return;
  }
  const auto& block = blocks[static_cast<std::size_t>(root - servers.begin())];
  const auto has = [&block](std::string_view name) {
    return std::ranges::find(block.plugins, name, &Directive::name) != block.plugins.end();
  };
  if (!has("forward")) {
    if (draft.has("stub")) {
      draft.remark({block.place,
                    "nobody forwards names of no zone: here the resolvers of "
                    "resolv.conf are asked",
                    true});
    } else {
      draft.set("forward", "false", block.place);
    }
  } else if (!has("cache")) {
    draft.set("cache_mb", "0", block.place);
  }
}

// What the DaemonSet's own start puts in the place of its marks.
std::string without_pillars(std::string text) {
  for (const auto& [mark, value] :
       {std::pair{"__PILLAR__LOCAL__DNS__", "169.254.20.10"},
        std::pair{"__PILLAR__DNS__DOMAIN__", "cluster.local"},
        std::pair{"__PILLAR__UPSTREAM__SERVERS__", "/etc/resolv.conf"}}) {
    const std::string_view sought(mark);
    for (std::size_t at = 0; (at = text.find(sought, at)) != std::string::npos;) {
      text.replace(at, sought.size(), value);
    }
  }
  return text;
}

dns::Result<void> check_pillars(const Text& corefile, Origin origin) {
  const auto at = corefile.text.find("__PILLAR__");
  if (origin == Origin::nodelocal || at == std::string::npos) return {};
  const auto line = 1 + std::count(corefile.text.begin(),
                                   corefile.text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  return dns::Error{make_error_code(boost::system::errc::invalid_argument),
                    format(Place{corefile.name, static_cast<int>(line)}) +
                        ": this is NodeLocal DNSCache's: try again with --nodelocal"};
}

}  // namespace

bool Import::is_whole() const {
  return std::ranges::none_of(remarks, [](const Remark& remark) { return remark.is_lost; });
}

dns::Result<Import> import_corefile(const Text& corefile, Origin origin,
                                    const Surroundings& surroundings) {
  if (auto checked = check_pillars(corefile, origin); !checked) return checked.error();
  const Text text{corefile.name,
                  origin == Origin::nodelocal ? without_pillars(corefile.text) : corefile.text};
  const auto parsed = parse_corefile(text, surroundings);
  if (!parsed) return parsed.error();
  const auto& blocks = parsed->blocks;
  if (blocks.empty()) {
    return dns::Error{make_error_code(boost::system::errc::invalid_argument),
                      corefile.name + ": holds no server block"};
  }
  Draft draft;
  for (const Directive& import : parsed->missing)
    draft.lose(import, "nothing of that name is here");
  std::vector<Server> servers;
  for (const ServerBlock& block : blocks) servers.push_back(read_server(block, draft));
  const auto ours =
      origin == Origin::nodelocal ? cluster_dns(blocks, servers) : std::set<std::string>{};
  take_addresses(blocks, servers, draft);
  for (Server& server : servers) server.cluster_dns = ours;
  take_plugins(blocks, servers, draft);
  take_pages(blocks, draft);
  take_sources(blocks, origin, draft);
  take_root(blocks, servers, draft);
  Import import{
      .yaml = "# Made of " + corefile.name + "; see paddock-dnsd --print-config.\n" + draft.yaml(),
      .remarks = draft.remarks()};
  std::ranges::stable_sort(import.remarks, {}, [](const Remark& remark) {
    return std::tie(remark.place.file, remark.place.line);
  });
  return import;
}

}  // namespace paddock::coredns
