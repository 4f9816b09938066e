// SPDX-License-Identifier: Apache-2.0
#include "coredns/plugins.hpp"

#include <algorithm>

namespace paddock::coredns {
namespace {

std::string rest_of(const Directive& option) {
  std::string text;
  for (std::size_t i = 1; i < option.words.size(); ++i) {
    text += (i > 1 ? " " : "") + option.words[i];
  }
  return text;
}

// The words for zones of a plugin, else those of its server.
std::vector<std::string> zone_words(const Directive& plugin, const Server& server) {
  const std::vector<std::string> own(plugin.words.begin() + 1, plugin.words.end());
  return own.empty() ? server.zones : own;
}

// Whether names of the zone that do not exist are looked for further on.
bool falls_through(const Directive& plugin, const std::string& zone) {
  return std::ranges::any_of(plugin.block, [&](const Directive& option) {
    return option.name() == "fallthrough" &&
           (option.words.size() == 1 ||
            std::any_of(option.words.begin() + 1, option.words.end(), [&](const auto& word) {
              const auto plain = plain_zone(word);
              return plain == "." || plain == zone || zone.ends_with("." + plain);
            }));
  });
}

void take_reverse_zone(const Directive& plugin, const std::string& word, const std::string& zone,
                       Draft& draft) {
  if (falls_through(plugin, zone)) return;  // as it always is here
  if (word.find('/') != std::string::npos) {
    draft.add("reverse_subnets", word, plugin.place);
  } else {
    draft.lose(plugin, zone +
                           ": a reverse name that nobody has is asked of the resolvers, unless "
                           "its subnet stands in reverse_subnets");
  }
}

void take_zones(const Directive& plugin, const Server& server, Draft& draft) {
  for (const auto& word : zone_words(plugin, server)) {
    const auto zones = zones_of(word);
    if (zones.empty()) draft.lose(plugin, word + " is no zone");
    for (const auto& zone : zones) {
      if (zone == ".") {
        draft.lose(plugin, "the root cannot be a cluster's zone: name the zone");
      } else if (is_reverse(zone)) {
        take_reverse_zone(plugin, word, zone, draft);
      } else {
        draft.add("cluster_zone", zone, plugin.place);
        if (falls_through(plugin, zone)) {
          draft.lose(plugin, "fallthrough: a name that " + zone +
                                 " does not have is not asked for elsewhere");
        }
      }
    }
  }
}

// The TTL of the first cluster is everybody's; the zones of others have their own.
void take_ttl(const Directive& plugin, const Server& server, Draft& draft) {
  const auto option = std::ranges::find(plugin.block, "ttl", &Directive::name);
  std::string ttl = "5s";
  if (option != plugin.block.end()) {
    const auto given = option->words.size() == 2 ? duration_of(option->words[1]) : std::nullopt;
    if (!given) return draft.lose(plugin, *option, "is no number of seconds");
    ttl = *given;
  }
  if (!draft.has("ttl")) return draft.set("ttl", ttl, plugin.place);
  for (const auto& word : zone_words(plugin, server)) {
    if (!is_reverse(word)) draft.add("zone_ttl", plain_zone(word) + "=" + ttl, plugin.place);
  }
}

OptionTable kubernetes_options(const Directive& plugin, Draft& draft) {
  const auto flag = [&draft](const char* key, const char* value) {
    return [=, &draft](const Directive& option) { draft.set(key, value, option.place); };
  };
  const auto text = [&draft](const char* key) {
    return [=, &draft](const Directive& option) { draft.set(key, rest_of(option), option.place); };
  };
  const auto of_metadatad = [&draft, &plugin](const std::string& how) {
    return lost(plugin, draft, "belongs to paddock-metadatad: " + how);
  };
  return {
      {"pods", nothing_to_do()},  // these three are looked at by themselves
      {"ttl", nothing_to_do()},
      {"fallthrough", nothing_to_do()},
      {"endpoint_pod_names", flag("endpoint_pod_names", "true")},
      {"noendpoints", flag("endpoints", "false")},
      {"zonal", flag("zonal_names", "true")},
      {"ignore", flag("ignore_empty_services", "true")},
      {"namespace_labels", text("namespace_labels")},
      {"labels", text("labels")},
      {"namespaces",
       [&draft](const Directive& option) {
         for (std::size_t i = 1; i < option.words.size(); ++i) {
           draft.add("namespaces", option.words[i], option.place);
         }
       }},
      {"multicluster",
       [&draft, &plugin](const Directive& option) {
         draft.set("clusterset_zone", plain_zone(rest_of(option)), option.place);
         draft.note(option, "paddock-metadatad reads ServiceImports with --imports");
       }},
      {"kubeconfig", of_metadatad("--store kubernetes:FILE, of its current context")},
      {"endpoint", of_metadatad("write a kubeconfig, and give it as --store kubernetes:FILE")},
      {"tls", of_metadatad("write a kubeconfig, and give it as --store kubernetes:FILE")},
      {"transfer", [&](const Directive& option) { draft.lose(plugin, option, "was removed"); }},
      {"startup_timeout", nothing_to_do()},  // what was last known is served at once
      {"apiserver_qps", nothing_to_do()},    // five watches and no polling
      {"apiserver_burst", nothing_to_do()},
      {"apiserver_max_inflight", nothing_to_do()},
      {"resyncperiod", nothing_to_do()},
      {"upstream", nothing_to_do()},
  };
}

}  // namespace

void take_kubernetes(const Directive& plugin, const Server& server, Draft& draft) {
  take_zones(plugin, server, draft);
  const auto pods = std::ranges::find(plugin.block, "pods", &Directive::name);
  const bool has_pods = pods != plugin.block.end() && pods->words.size() == 2;
  draft.set("pods", has_pods ? pods->words[1] : "disabled", has_pods ? pods->place : plugin.place);
  if (has_pods && pods->words[1] == "verified") {
    draft.note(*pods, "paddock-metadatad must know the pods of all nodes: --all-pods");
  }
  take_ttl(plugin, server, draft);
  take_options(plugin, kubernetes_options(plugin, draft), draft);
}

void take_k8s_external(const Directive& plugin, const Server& server, Draft& draft) {
  const auto zones = zone_words(plugin, server);
  for (const auto& zone : zones) draft.set("external_zone", plain_zone(zone), plugin.place);
  take_options(
      plugin,
      {{"headless",
        [&](const Directive& option) { draft.set("external_headless", "true", option.place); }},
       {"ttl",
        [&](const Directive& option) {
          const auto ttl = option.words.size() == 2 ? duration_of(option.words[1]) : std::nullopt;
          if (!ttl) return draft.lose(plugin, option, "is no number of seconds");
          draft.add("zone_ttl", plain_zone(zones.front()) + "=" + *ttl, option.place);
        }},
       {"fallthrough",
        lost(plugin, draft, "a name that the zone does not have is not asked elsewhere")},
       {"apex",
        [&](const Directive& option) {
          draft.set("external_apex", plain_zone(rest_of(option)), option.place);
        }}},
      draft);
}

}  // namespace paddock::coredns
