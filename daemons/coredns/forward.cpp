// SPDX-License-Identifier: Apache-2.0
#include "coredns/plugins.hpp"

#include <paddock/dns/upstream.hpp>

#include <algorithm>

namespace paddock::coredns {
namespace {

struct Transport {
  bool is_tcp = false;
  std::string tls_name;
};

Transport read_transport(const Directive& plugin) {
  Transport transport;
  for (const Directive& option : plugin.block) {
    if (option.name() == "force_tcp") transport.is_tcp = true;
    if (option.name() == "tls_servername" && option.words.size() == 2) {
      transport.tls_name = option.words[1];
    }
  }
  return transport;
}

// "dns://10.0.0.1" as dnsd writes it; nothing when it is none of ours.
std::optional<std::string> upstream_of(std::string text, const Transport& transport) {
  if (text.starts_with("tls://")) {
    if (!transport.tls_name.empty()) text += "#" + transport.tls_name;
  } else {
    if (text.starts_with("dns://")) text.erase(0, 6);
    if (transport.is_tcp) text.insert(0, "tcp://");
  }
  return is_address(text) ? std::optional(text) : std::nullopt;
}

// The resolvers of all names.
void forward_all(const Directive& plugin, const std::vector<std::string>& upstreams,
                 const std::vector<std::string>& files, Draft& draft) {
  for (const auto& file : files) draft.set("resolv_conf", file, plugin.place);
  for (const auto& upstream : upstreams) draft.add("upstreams", upstream, plugin.place);
  if (!files.empty() && !upstreams.empty()) {
    draft.lose(plugin, files.front() + " is not read where resolvers are named");
  }
}

// Those of one zone. Where they stand for the cluster's own DNS the zone is ours.
void forward_zone(const Directive& plugin, const Server& server, const std::string& zone,
                  const std::vector<std::string>& upstreams, Draft& draft) {
  const bool is_ours =
      std::any_of(plugin.words.begin() + 2, plugin.words.end(),
                  [&](const std::string& to) { return server.cluster_dns.contains(to); });
  if (is_ours) {
    if (!is_reverse(zone)) draft.add("cluster_zone", zone, plugin.place);
    return draft.note(plugin, zone + " is answered here: nobody is asked");
  }
  if (upstreams.empty()) return draft.lose(plugin, "a zone needs resolvers named by address");
  std::string stub = zone + "=";
  for (const auto& upstream : upstreams) {
    stub += (stub.ends_with('=') ? "" : ",") + upstream;
  }
  draft.add("stub", stub, plugin.place);
}

void take_policy(const Directive& plugin, const Directive& option, Draft& draft) {
  const auto policy = option.words.size() == 2 ? option.words[1] : "";
  if (policy == "sequential") return draft.set("upstream_order", "given", option.place);
  if (policy != "random" && policy != "round_robin") {
    return draft.lose(plugin, option, "is no policy");
  }
  draft.note(option, "the fastest resolver is asked first");
}

void take_next(const Directive& plugin, const Directive& option, Draft& draft) {
  const bool is_so =
      std::all_of(option.words.begin() + 1, option.words.end(), [](const auto& code) {
        return code == "SERVFAIL" || code == "REFUSED" || code == "NOTIMP" || code == "FORMERR";
      });
  if (!is_so) {
    draft.lose(plugin, option,
               "another resolver is asked after SERVFAIL, REFUSED, NOTIMP and "
               "FORMERR only");
  }
}

// Zones that are not forwarded by this rule because others are responsible for them.
void take_except(const Directive& plugin, const Directive& option, Draft& draft) {
  const auto has_others = [&draft](const std::string& zone) {
    const auto& ours = draft.values("cluster_zone");
    const auto& stubs = draft.values("stub");
    return std::ranges::find(ours, zone) != ours.end() ||
           std::ranges::any_of(stubs,
                               [&](const auto& stub) { return stub.starts_with(zone + "="); });
  };
  for (auto word = option.words.begin() + 1; word != option.words.end(); ++word) {
    if (!has_others(plain_zone(*word))) {
      draft.lose(plugin, option, "names below " + *word + " are forwarded like others");
    }
  }
}

// `tls [CERTIFICATE KEY] [CA]`.
void take_tls(const Directive& plugin, const Server& server, const Directive& option,
              Draft& draft) {
  if (option.words.size() > 2) {
    draft.lose(plugin, option, "no certificate is shown to resolvers");
  }
  if (option.words.size() % 2 != 0) return;
  const auto file = server.path_of(option.words.back());
  if (file.empty()) return draft.lose(plugin, option, "name the file by its whole path");
  draft.set("tls_ca", file, option.place);
}

OptionTable forward_options(const Directive& plugin, const Server& server, Draft& draft) {
  return {
      {"force_tcp", nothing_to_do()},  // these two are looked at by themselves
      {"tls_servername", nothing_to_do()},
      {"prefer_udp", nothing_to_do()},    // as it always is
      {"health_check", nothing_to_do()},  // who answers is found out by asking
      {"max_fails", nothing_to_do()},
      {"expire", nothing_to_do()},  // connections are kept as long as the resolver keeps them
      {"max_idle_conns", nothing_to_do()},
      {"max_age", nothing_to_do()},
      {"failfast_all_unhealthy_upstreams", nothing_to_do()},
      {"max_connect_attempts", nothing_to_do()},
      {"policy", [&](const Directive& option) { take_policy(plugin, option, draft); }},
      {"next", [&](const Directive& option) { take_next(plugin, option, draft); }},
      {"failover", [&](const Directive& option) { take_next(plugin, option, draft); }},
      {"tls", [&](const Directive& option) { take_tls(plugin, server, option, draft); }},
      {"except", [&](const Directive& option) { take_except(plugin, option, draft); }},
      {"max_concurrent",
       [&](const Directive& option) {
         draft.note(option,
                    "is 1000 in each worker, equal questions counted once; more are refused");
       }},
  };
}

}  // namespace

void take_forward(const Directive& plugin, const Server& server, Draft& draft) {
  if (plugin.words.size() < 3) return draft.lose(plugin, "a zone and a resolver are needed");
  const auto zones = plugin.words[1] == "." ? server.zones : zones_of(plugin.words[1]);
  const auto transport = read_transport(plugin);
  std::vector<std::string> upstreams;
  std::vector<std::string> files;
  for (auto to = plugin.words.begin() + 2; to != plugin.words.end(); ++to) {
    if (to->starts_with('/')) {
      files.push_back(*to);
    } else if (const auto upstream = upstream_of(*to, transport)) {
      upstreams.push_back(*upstream);
    } else if (!server.cluster_dns.contains(*to)) {
      draft.lose(plugin, *to + " is no resolver by UDP, TCP or TLS at an address");
    }
  }
  if (zones.empty()) draft.lose(plugin, plugin.words[1] + " is no zone");
  for (const auto& zone : zones) {
    if (zone == ".") {
      forward_all(plugin, upstreams, files, draft);
    } else {
      forward_zone(plugin, server, zone, upstreams, draft);
    }
  }
  take_options(plugin, forward_options(plugin, server, draft), draft);
}

}  // namespace paddock::coredns
