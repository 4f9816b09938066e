// SPDX-License-Identifier: Apache-2.0
#include "rules/compiled_rules.hpp"

#include <paddock/dns/record.hpp>

#include <algorithm>
#include <utility>

namespace paddock::dns {
namespace {

std::string_view text_of(wire::Bytes name) {
  return {reinterpret_cast<const char*>(name.data()), name.size()};
}

// As rules match it: lower case, without the final dot.
std::string matched_text(wire::Bytes name) {
  auto text = Name::from_wire(name).value().format();
  if (text.size() > 1) {
    text.pop_back();
  }
  return text;
}

template <class T>
void add_once(std::vector<T>& list, T item) {
  if (std::ranges::find(list, item) == list.end()) {
    list.push_back(std::move(item));
  }
}

std::uint32_t in_seconds(std::chrono::seconds time) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(time.count(), 0, 0x7fffffff));
}

// Puts the groups of a match into `{1}`, `{2}` and so on.
std::string fill(const std::string& form, const std::smatch& groups) {
  std::string text;
  for (std::size_t at = 0; at < form.size(); ++at) {
    const bool is_group = form[at] == '{' && at + 2 < form.size() && form[at + 2] == '}' &&
                          form[at + 1] >= '0' && form[at + 1] <= '9';
    if (is_group) {
      text += groups[static_cast<std::size_t>(form[at + 1] - '0')].str();
      at += 2;
    } else {
      text += form[at];
    }
  }
  return text;
}

}  // namespace

CompiledRewrite::CompiledRewrite(Rewrite rule) : rule_(std::move(rule)) {
  if (rule_.match == NameMatch::regex) {
    expression_.emplace(rule_.from, std::regex::ECMAScript | std::regex::icase);
  }
}

std::optional<std::string> CompiledRewrite::apply(const std::string& name) const {
  const auto& [match, from, to, least, most] = rule_;
  const auto changed = [&](std::string text) { return to.empty() ? name : std::move(text); };
  switch (match) {
    case NameMatch::exact:
      return name == from ? std::optional(changed(to)) : std::nullopt;
    case NameMatch::prefix:
      return name.starts_with(from) ? std::optional(changed(to + name.substr(from.size())))
                                    : std::nullopt;
    case NameMatch::suffix:
      return name.ends_with(from)
                 ? std::optional(changed(name.substr(0, name.size() - from.size()) + to))
                 : std::nullopt;
    case NameMatch::regex:
      break;
  }
  std::smatch groups;
  if (!std::regex_search(name, groups, *expression_)) {
    return std::nullopt;
  }
  return changed(fill(to, groups));
}

std::optional<std::string> CompiledRewrite::undo(const std::string& name) const {
  const auto& [match, from, to, least, most] = rule_;
  if (to.empty()) {
    return std::nullopt;
  }
  if (match == NameMatch::prefix && name.starts_with(to)) {
    return from + name.substr(to.size());
  }
  if (match == NameMatch::suffix && name.ends_with(to)) {
    return name.substr(0, name.size() - to.size()) + from;
  }
  return std::nullopt;
}

CompiledRules::CompiledRules(const RuleSet& rules, std::vector<Problem>& problems)
    : blocked_types_(rules.blocked_types),
      block_answer_(rules.block_answer),
      host_ttl_(in_seconds(rules.host_ttl)),
      block_ttl_(in_seconds(rules.block_ttl)) {
  for (const auto& entry : rules.hosts) {
    add_host(entry);
  }
  for (const auto& name : rules.blocked) {
    blocked_.emplace(text_of(name.wire()));
  }
  for (const auto& rule : rules.rewrites) {
    try {
      rewrites_.emplace_back(rule);
    } catch (const std::regex_error& error) {
      problems.push_back({.subject = "rewrite regex " + rule.from,
                          .text = std::string("no regular expression: ") + error.what()});
    }
  }
  if (rules.dns64) {
    const auto length = rules.dns64->prefix_length();
    if (length % 8 == 0 && length >= 32 && length <= 96 && (length <= 64 || length == 96)) {
      dns64_ = rules.dns64->canonical();
    } else {
      problems.push_back({.subject = "dns64",
                          .text = "the prefix must have 32, 40, 48, 56, 64 or "
                                  "96 bits (RFC 6052)"});
    }
  }
}

void CompiledRules::add_host(const HostEntry& entry) {
  const auto data = address_record(entry.name, entry.address, std::chrono::seconds{0}).data;
  const auto name = entry.name.wire();
  const bool is_wild = name[0] == 1 && name[1] == '*';
  auto& host = is_wild ? wild_hosts_[std::string(text_of(name.subspan(2)))]
                       : hosts_[std::string(text_of(name))];
  add_once(entry.address.is_v4() ? host.a : host.aaaa, data);
  if (is_wild) return;  // the address has no name
  auto& reverse = hosts_[std::string(text_of(reverse_name(entry.address).wire()))];
  add_once(reverse.ptr, std::string(text_of(entry.name.wire())));
}

const CompiledRules::Host* CompiledRules::find_host(wire::Bytes name) const {
  if (const auto found = hosts_.find(text_of(name)); found != hosts_.end()) return &found->second;
  if (wild_hosts_.empty()) return nullptr;
  while (name[0] != 0) {
    name = name.subspan(std::size_t{1} + name[0]);
    const auto found = wild_hosts_.find(text_of(name));
    if (found != wild_hosts_.end()) return &found->second;
  }
  return nullptr;
}

bool CompiledRules::is_blocked(wire::Bytes name) const {
  if (blocked_.empty()) {
    return false;
  }
  for (; name[0] != 0; name = name.subspan(std::size_t{1} + name[0])) {
    if (blocked_.contains(text_of(name))) {
      return true;
    }
  }
  return false;
}

std::optional<CompiledRules::Rewritten> CompiledRules::rewrite(wire::Bytes name) const {
  if (rewrites_.empty()) {
    return std::nullopt;
  }
  const auto text = matched_text(name);
  for (const auto& rewrite : rewrites_) {
    if (const auto changed = rewrite.apply(text)) {
      auto parsed = Name::parse(*changed);
      if (!parsed) {
        continue;  // what it would become is no name
      }
      return Rewritten{&rewrite, *std::move(parsed)};
    }
  }
  return std::nullopt;
}

Rules::Rules(const RuleSet& rules, std::vector<Problem>& problems)
    : compiled_(std::make_unique<CompiledRules>(rules, problems)) {}

Rules::~Rules() = default;

}  // namespace paddock::dns
