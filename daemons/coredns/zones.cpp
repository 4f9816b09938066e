// SPDX-License-Identifier: Apache-2.0
#include "coredns/plugins.hpp"

#include <algorithm>

namespace paddock::coredns {
namespace {

// `tls [CERTIFICATE KEY] [CA]`.
void take_source_tls(const Directive& plugin, const Server& server, const Directive& option,
                     Draft& draft) {
  std::vector<std::string> files;
  for (auto word = option.words.begin() + 1; word != option.words.end(); ++word) {
    files.push_back(server.path_of(*word));
    if (files.back().empty()) {
      return draft.lose(plugin, option, "name the files by their whole paths");
    }
  }
  if (files.size() >= 2) {
    draft.set("source_certificate", files[0], option.place);
    draft.set("source_key", files[1], option.place);
  }
  if (files.size() % 2 == 1) draft.set("source_ca", files.back(), option.place);
}

}  // namespace

void take_file(const Directive& plugin, const Server& server, Draft& draft) {
  if (plugin.words.size() < 2) return draft.lose(plugin, "names no file");
  const auto file = server.path_of(plugin.words[1]);
  if (file.empty()) return draft.lose(plugin, "name the file by its whole path");
  std::vector<std::string> zones(plugin.words.begin() + 2, plugin.words.end());
  if (zones.empty()) zones = server.zones;
  for (const auto& word : zones) {
    const auto zone = plain_zone(word);
    if (zone == ".") {
      draft.lose(plugin, "the root is no zone of ours: name the zone");
    } else {
      draft.add("zone", zone + "=" + file, plugin.place);
    }
  }
  take_options(plugin,
               {{"reload", nothing_to_do()},
                {"upstream", nothing_to_do()},
                {"fallthrough",
                 lost(plugin, draft, "a name that the zone does not have is not asked elsewhere")}},
               draft);
}

void take_transfer(const Directive& plugin, const Server&, Draft& draft) {
  for (const Directive& option : plugin.block) {
    if (option.name() != "to") {
      draft.lose(plugin, option, "has no counterpart");
      continue;
    }
    for (auto to = option.words.begin() + 1; to != option.words.end(); ++to) {
      if (*to == "*") {
        draft.add("transfer_to", "0.0.0.0/0", option.place);
        draft.add("transfer_to", "::/0", option.place);
        continue;
      }
      const auto address =
          to->substr(0, to->find_last_of(':') == to->find(':') ? to->find(':') : std::string::npos);
      if (!is_address(address)) {
        draft.lose(plugin, option, *to + " is no address");
        continue;
      }
      const bool is_v6 = address.find(':') != std::string::npos;
      draft.add("transfer_to", address + (is_v6 ? "/128" : "/32"), option.place);
      draft.lose(plugin, option, "others are not notified of changes: they must ask");
    }
  }
}

void take_etcd(const Directive& plugin, const Server& server, Draft& draft) {
  std::vector<std::string> zones(plugin.words.begin() + 1, plugin.words.end());
  if (zones.empty()) zones = server.zones;
  std::string path = "/skydns";
  std::string endpoints = "http://localhost:2379";
  take_options(
      plugin,
      {{"path",
        [&](const Directive& option) {
          if (option.words.size() == 2) path = option.words[1];
        }},
       {"endpoint",
        [&](const Directive& option) {
          endpoints.clear();
          for (std::size_t i = 1; i < option.words.size(); ++i) {
            endpoints += (i > 1 ? "," : "") + option.words[i];
          }
        }},
       {"tls", [&](const Directive& option) { take_source_tls(plugin, server, option, draft); }},
       {"credentials", lost(plugin, draft,
                            "put the name into source_user and the "
                            "password into source_password_file")},
       {"stubzones", nothing_to_do()},
       {"upstream", nothing_to_do()},
       {"fallthrough",
        lost(plugin, draft, "a name that the zone does not have is not asked elsewhere")}},
      draft);
  for (const auto& zone : zones) draft.add("skydns_domains", plain_zone(zone), plugin.place);
  draft.add("source", "skydns:" + endpoints + (path == "/skydns" ? "" : path), plugin.place);
}

}  // namespace paddock::coredns
