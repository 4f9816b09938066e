// SPDX-License-Identifier: Apache-2.0
#include "coredns/plugins.hpp"

#include <paddock/dns/record.hpp>
#include <paddock/dns/rules.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>

namespace paddock::coredns {
namespace {

bool is_plain_address(const std::string& text) {
  boost::system::error_code failed;
  boost::asio::ip::make_address(text, failed);
  return !failed;
}

std::string line_of(const Directive& directive) {
  std::string line;
  for (const auto& word : directive.words) line += (line.empty() ? "" : " ") + word;
  return line;
}

void take_host_line(const Directive& plugin, const Directive& line, const Server& server,
                    Draft& draft) {
  const auto entries = dns::parse_host_line(line_of(line));
  if (!entries || entries->empty()) return draft.lose(plugin, line, "is no address and its names");
  const bool is_here = std::all_of(line.words.begin() + 1, line.words.end(),
                                   [&](const auto& name) { return server.holds(name); });
  if (!is_here) return draft.lose(plugin, line, "names outside of the server's zones");
  draft.add("hosts", line_of(line), line.place);
}

// CoreDNS' names end in a dot, ours as text do not.
std::string without_final_dot(std::string text) {
  for (const std::string_view end : {"\\.$", ".$"}) {
    if (text.ends_with(end)) return text.substr(0, text.size() - end.size()) + "$";
  }
  if (text.ends_with("\\.")) text.resize(text.size() - 2);
  if (text.size() > 1 && text.ends_with('.')) text.pop_back();
  return text;
}

std::string escaped(const std::string& text) {
  std::string expression;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) expression += '\\';
    expression += c;
  }
  return expression;
}

struct Rule {
  std::string match = "exact";
  std::vector<std::string> words;  // behind the match
};

Rule read_rule(const std::vector<std::string>& words) {
  Rule rule;
  auto at = words.begin();
  if (at != words.end() && (*at == "exact" || *at == "prefix" || *at == "suffix" ||
                            *at == "substring" || *at == "regex")) {
    rule.match = *at++;
  }
  rule.words.assign(at, words.end());
  return rule;
}

void add_rewrite(const Directive& plugin, const Rule& rule, const std::string& to,
                 const std::string& ttl, Draft& draft) {
  std::string text;
  if (rule.match == "substring") {
    text = "regex ^(.*)" + escaped(rule.words.front()) + "(.*)$ {1}" + to + "{2}";
  } else {
    text = rule.match + " " +
           (rule.match == "prefix" ? rule.words.front() : without_final_dot(rule.words.front()));
    if (!to.empty()) text += " " + (rule.match == "prefix" ? to : without_final_dot(to));
  }
  text += ttl;
  if (!dns::parse_rewrite(text)) return draft.lose(plugin, "cannot be said as " + text);
  draft.add("rewrite", text, plugin.place);
}

// `name [MATCH] FROM TO [answer …]` and `ttl [MATCH] NAME TTL`.
void take_rule(const Directive& plugin, std::vector<std::string> words, Draft& draft) {
  const auto field = words.front();
  words.erase(words.begin());
  const auto answer = std::ranges::find(words, "answer");
  if (answer != words.end() && answer + 1 != words.end() && *(answer + 1) == "value") {
    draft.lose(plugin, "answer value: names inside of answers stay as they are");
  }
  words.erase(answer, words.end());  // the name that was asked is changed back in any case
  const auto rule = read_rule(words);
  if (rule.words.size() != 2) return draft.lose(plugin, "is not understood");
  if (field == "name") return add_rewrite(plugin, rule, rule.words[1], "", draft);
  add_rewrite(plugin, rule, "", " ttl=" + rule.words[1], draft);
}

bool is_rule(const std::vector<std::string>& words) {
  return !words.empty() && (words.front() == "name" || words.front() == "ttl");
}

}  // namespace

void take_hosts(const Directive& plugin, const Server& server, Draft& draft) {
  const bool has_inline = std::ranges::any_of(
      plugin.block, [](const Directive& line) { return is_plain_address(line.name()); });
  const bool names_file = plugin.words.size() > 1;
  const auto file = names_file   ? server.path_of(plugin.words[1])
                    : has_inline ? std::string()
                                 : std::string("/etc/hosts");
  if (!file.empty()) draft.add("hosts_files", file, plugin.place);
  if (!file.empty() && !server.is_root()) {
    draft.lose(plugin, "names of the file outside of the server's zones count, too");
  }
  if (file.empty() && names_file) draft.lose(plugin, "name the file by its whole path");
  std::string ttl = "3600s";
  bool falls_through = false;
  for (const Directive& line : plugin.block) {
    if (is_plain_address(line.name())) {
      take_host_line(plugin, line, server, draft);
    } else if (line.name() == "fallthrough") {
      falls_through = true;
    } else if (line.name() == "ttl" && line.words.size() == 2 && duration_of(line.words[1])) {
      ttl = *duration_of(line.words[1]);
    } else if (line.name() != "reload") {
      draft.lose(plugin, line, "has no counterpart");
    }
  }
  draft.set("hosts_ttl", ttl, plugin.place);
  if (!falls_through) {
    draft.lose(plugin,
               "without fallthrough other names of the zone would not exist; here they are "
               "looked up as ever");
  }
}

void take_rewrite(const Directive& plugin, const Server& server, Draft& draft) {
  auto words = std::vector<std::string>(plugin.words.begin() + 1, plugin.words.end());
  if (!words.empty() && (words.front() == "continue" || words.front() == "stop")) {
    if (words.front() == "continue") draft.lose(plugin, "the first rule that matches is the last");
    words.erase(words.begin());
  }
  for (const Directive& line : plugin.block) {
    if (words.empty() && is_rule(line.words)) {
      words = line.words;
    } else if (line.name() != "answer") {
      draft.lose(plugin, line, "has no counterpart");
    }
  }
  if (!is_rule(words)) return draft.lose(plugin, "only names and TTLs are rewritten");
  if (!server.is_root()) draft.note(plugin, "holds for names of all zones");
  take_rule(plugin, words, draft);
}

// What stands behind `{{ .Name }} [TTL] IN A|AAAA` in an answer; empty: something else does.
std::string constant_address(const std::string& answer) {
  std::string text = answer;
  std::erase(text, ' ');
  if (!text.starts_with("{{.Name}}")) return {};
  const auto last = answer.find_last_not_of(' ');
  const auto begin = answer.find_last_of(' ', last) + 1;
  auto address = answer.substr(begin, last + 1 - begin);
  const bool is_v6 = address.find(':') != std::string::npos;
  const bool is_typed = answer.substr(0, begin).ends_with(is_v6 ? " AAAA " : " A ");
  return is_typed && is_plain_address(address) ? address : std::string();
}

// A template that gives each name of its zones one address: false when it is another.
bool take_constant_template(const Directive& plugin, const std::vector<std::string>& zones,
                            Draft& draft) {
  std::string address;
  for (const Directive& line : plugin.block) {
    const bool says_one_thing = line.words.size() == 2;
    if (line.name() == "answer" && says_one_thing && address.empty()) {
      address = constant_address(line.words[1]);
      if (address.empty()) return false;
    } else if (line.name() != "fallthrough" &&
               !(line.name() == "match" && says_one_thing && line.words[1] == ".*")) {
      return false;
    }
  }
  if (address.empty() || std::ranges::find(zones, ".") != zones.end()) return false;
  for (const auto& zone : zones) {
    const std::string plain = plain_zone(zone);
    draft.add("hosts", address + " " + plain + " *." + plain, plugin.place);
  }
  draft.note(plugin, "TTLs are hosts_ttl, and the names have no addresses of the other family");
  return true;
}

// `template IN|ANY TYPE [ZONE...]` whose block says no more than NXDOMAIN or nothing at all: a type
// that no name has, or names that do not exist; or that gives all names one address.
void take_template(const Directive& plugin, const Server& server, Draft& draft) {
  const bool is_denial = std::ranges::all_of(plugin.block, [](const Directive& line) {
    return line.name() == "rcode" && line.words.size() == 2 &&
           (line.words[1] == "NXDOMAIN" || line.words[1] == "NOERROR");
  });
  if (plugin.words.size() < 3 || (plugin.words[1] != "IN" && plugin.words[1] != "ANY")) {
    return draft.lose(plugin, "has no counterpart");
  }
  const std::vector<std::string> named(plugin.words.begin() + 3, plugin.words.end());
  const auto& zones = named.empty() ? server.zones : named;
  if (!is_denial) {
    if (!take_constant_template(plugin, zones, draft)) draft.lose(plugin, "has no counterpart");
    return;
  }
  const auto& type = plugin.words[2];
  const bool is_of_all = std::ranges::find(zones, ".") != zones.end();
  if (type != "ANY" && is_of_all && dns::parse_type(type)) {
    draft.note(plugin, "names keep their other types: the answer is empty, not NXDOMAIN");
    return draft.add("block_types", type, plugin.place);
  }
  const bool is_nxdomain = !plugin.block.empty() && plugin.block.back().words[1] == "NXDOMAIN";
  if (type != "ANY" || is_of_all || !is_nxdomain) {
    return draft.lose(plugin, "has no counterpart");
  }
  for (const auto& zone : zones) draft.add("block", plain_zone(zone), plugin.place);
}

void take_dns64(const Directive& plugin, const Server&, Draft& draft) {
  std::string prefix = plugin.words.size() > 1 ? plugin.words[1] : "64:ff9b::/96";
  bool is_for_ipv4 = false;
  take_options(
      plugin,
      {{"prefix",
        [&](const Directive& option) {
          if (option.words.size() == 2) prefix = option.words[1];
        }},
       {"translate_all", lost(plugin, draft, "names with AAAA records of their own keep them")},
       {"allow_ipv4", [&](const Directive&) { is_for_ipv4 = true; }}},
      draft);
  if (!is_for_ipv4) draft.note(plugin, "clients that ask over IPv4 are given such addresses, too");
  draft.set("dns64", prefix, plugin.place);
}

}  // namespace paddock::coredns
