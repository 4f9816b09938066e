// SPDX-License-Identifier: Apache-2.0
//
// What a plugin of CoreDNS comes to in dnsd's configuration, each by itself. What has no
// counterpart is remarked, never dropped.
#pragma once

#include "coredns/server.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::coredns {

// What is done with one option of a plugin's block.
using TakeOption = std::function<void(const Directive& option)>;
using OptionTable = std::map<std::string_view, TakeOption>;
// Those the table has not are lost.
void take_options(const Directive& plugin, const OptionTable& table, Draft& draft);
// An option that needs no counterpart here.
[[nodiscard]] TakeOption nothing_to_do();
// One that has none.
[[nodiscard]] TakeOption lost(const Directive& plugin, Draft& draft, std::string why);

// "30" is seconds, "1m30s" what Go writes; in the words of our files.
[[nodiscard]] std::optional<std::string> duration_of(const std::string& text);
// "10.0.0.1", "10.0.0.1:53", "[fd00::1]:53" and "fd00::1".
[[nodiscard]] bool is_address(const std::string& text);

void take_kubernetes(const Directive& plugin, const Server& server, Draft& draft);
void take_k8s_external(const Directive& plugin, const Server& server, Draft& draft);
void take_forward(const Directive& plugin, const Server& server, Draft& draft);
void take_cache(const Directive& plugin, const Server& server, Draft& draft);
void take_hosts(const Directive& plugin, const Server& server, Draft& draft);
void take_rewrite(const Directive& plugin, const Server& server, Draft& draft);
void take_template(const Directive& plugin, const Server& server, Draft& draft);
void take_dns64(const Directive& plugin, const Server& server, Draft& draft);
void take_file(const Directive& plugin, const Server& server, Draft& draft);
void take_transfer(const Directive& plugin, const Server& server, Draft& draft);
void take_etcd(const Directive& plugin, const Server& server, Draft& draft);

// Where the servers answer: their ports, at the addresses of `bind` where there is one.
void take_addresses(const std::vector<ServerBlock>& blocks, const std::vector<Server>& servers,
                    Draft& draft);

// health, ready and prometheus: of all servers at once, as they are of the whole daemon here.
void take_pages(const std::vector<ServerBlock>& blocks, Draft& draft);

}  // namespace paddock::coredns
