// SPDX-License-Identifier: Apache-2.0
#include "coredns/plugins.hpp"

#include <algorithm>
#include <set>
#include <span>
#include <utility>

namespace paddock::coredns {
namespace {

std::string with_port(const std::string& address, const std::string& port) {
  return (address.find(':') == std::string::npos ? address : "[" + address + "]") + ":" + port;
}

// ":9153" and "localhost:9153" as addresses.
std::string admin_address(std::string text) {
  if (text.starts_with(':')) return "0.0.0.0" + text;
  if (text.starts_with("localhost:")) return "127.0.0.1" + text.substr(9);
  return text;
}

// The first that has a plugin of the name.
const Directive* find_plugin(std::span<const ServerBlock> blocks, std::string_view name) {
  for (const ServerBlock& block : blocks) {
    const auto found = std::ranges::find(block.plugins, name, &Directive::name);
    if (found != block.plugins.end()) return &*found;
  }
  return nullptr;
}

void take_bind(const Directive& plugin, const Server& server,
               const std::set<std::string>& wild_ports, Draft& draft) {
  for (auto word = plugin.words.begin() + 1; word != plugin.words.end(); ++word) {
    if (word->starts_with("__PILLAR__")) {
      draft.lose(plugin, "put the cluster IP of the Service kube-dns into listen, for " + *word);
      continue;
    }
    if (!is_address(with_port(*word, "53"))) {
      draft.lose(plugin, *word + ": name addresses, not interfaces");
      continue;
    }
    for (const auto& port : server.ports) {
      if (!wild_ports.contains(port)) draft.add("listen", with_port(*word, port), plugin.place);
    }
  }
  take_options(plugin, {}, draft);
}

}  // namespace

void take_addresses(const std::vector<ServerBlock>& blocks, const std::vector<Server>& servers,
                    Draft& draft) {
  std::set<std::string> wild_ports;  // open at every address, so at none by itself
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (find_plugin({&blocks[i], 1}, "bind") != nullptr) continue;
    wild_ports.insert(servers[i].ports.begin(), servers[i].ports.end());
    for (const auto& port : servers[i].ports) draft.add("listen", ":" + port, blocks[i].place);
  }
  std::set<std::string> ports = wild_ports;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    ports.insert(servers[i].ports.begin(), servers[i].ports.end());
    for (const Directive& plugin : blocks[i].plugins) {
      if (plugin.name() != "bind") continue;
      take_bind(plugin, servers[i], wild_ports, draft);
    }
  }
  if (ports.size() > 1) {
    draft.remark({blocks.front().place,
                  "zones are told apart by port: here every address answers "
                  "for all of them",
                  true});
  }
}

void take_pages(const std::vector<ServerBlock>& blocks, Draft& draft) {
  const auto wanted = [](const Directive& plugin, const char* usual) {
    return plugin.words.size() > 1 ? plugin.words[1] : usual;
  };
  if (const auto* plugin = find_plugin(blocks, "prometheus")) {
    draft.set("admin_listen", admin_address(wanted(*plugin, "localhost:9153")), plugin->place);
    draft.set("coredns_metrics", "true", plugin->place);
  }
  for (const auto& [name, usual] : {std::pair{"health", ":8080"}, std::pair{"ready", ":8181"}}) {
    const auto* plugin = find_plugin(blocks, name);
    if (plugin == nullptr) continue;
    const auto text = wanted(*plugin, usual);
    const auto address = text.starts_with(':') ? text : admin_address(text);
    if (is_address(address.starts_with(':') ? "0.0.0.0" + address : address)) {
      draft.add("probe_listen", address, plugin->place);
    } else {
      draft.lose(*plugin, "must be ADDRESS:PORT");
    }
  }
}

}  // namespace paddock::coredns
