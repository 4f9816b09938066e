// SPDX-License-Identifier: Apache-2.0
//
// Rules as the server asks them: by name, in wire form and lower case.
#pragma once

#include "wire/message.hpp"

#include <paddock/dns/rules.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace paddock::dns {

// For look-ups by a view of a key.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};
template <class T>
using ByText = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

// A rewrite with its expression compiled.
class CompiledRewrite {
 public:
  // Throws std::regex_error.
  explicit CompiledRewrite(Rewrite rule);

  // What a name becomes, as text; nothing when the rule is not for it.
  [[nodiscard]] std::optional<std::string> apply(const std::string& name) const;

  // What a name of the reply was before, were it changed by the rule.
  [[nodiscard]] std::optional<std::string> undo(const std::string& name) const;

  [[nodiscard]] const Rewrite& rule() const { return rule_; }

 private:
  Rewrite rule_;
  std::optional<std::regex> expression_;
};

class CompiledRules {
 public:
  CompiledRules(const RuleSet& rules, std::vector<Problem>& problems);

  // The data of records of a type (A, AAAA or PTR).
  struct Host {
    std::vector<std::string> a;
    std::vector<std::string> aaaa;
    std::vector<std::string> ptr;
  };

  // The entry of the name, or the nearest wildcard above it. Null: there is neither.
  [[nodiscard]] const Host* find_host(wire::Bytes name) const;

  // The name or one above it is blocked.
  [[nodiscard]] bool is_blocked(wire::Bytes name) const;

  [[nodiscard]] bool is_blocked(Type type) const {
    return std::ranges::find(blocked_types_, type) != blocked_types_.end();
  }

  // The first rewrite that is for the name, and what the name becomes; the name itself when only
  // TTLs are changed.
  struct Rewritten {
    const CompiledRewrite* rewrite;
    Name name;
  };
  [[nodiscard]] std::optional<Rewritten> rewrite(wire::Bytes name) const;

  [[nodiscard]] const std::optional<boost::asio::ip::network_v6>& dns64() const { return dns64_; }
  [[nodiscard]] BlockAnswer block_answer() const { return block_answer_; }
  [[nodiscard]] std::uint32_t host_ttl() const { return host_ttl_; }
  [[nodiscard]] std::uint32_t block_ttl() const { return block_ttl_; }

 private:
  void add_host(const HostEntry& entry);

  ByText<Host> hosts_;
  ByText<Host> wild_hosts_;  // by the name that the wildcard is below
  std::unordered_set<std::string, TextHash, std::equal_to<>> blocked_;
  std::vector<Type> blocked_types_;
  std::vector<CompiledRewrite> rewrites_;
  std::optional<boost::asio::ip::network_v6> dns64_;
  BlockAnswer block_answer_;
  std::uint32_t host_ttl_;
  std::uint32_t block_ttl_;
};

}  // namespace paddock::dns
