// SPDX-License-Identifier: Apache-2.0
//
// A Corefile as a tree: server blocks, their plugins, and the options of those. Snippets and
// imports are put in, variables of the environment are put in, nothing is interpreted. Pure but for
// what the caller looks up.
#pragma once

#include <paddock/dns/error.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::coredns {

struct Place {
  std::string file;
  int line = 0;  // 0: not known
  friend bool operator==(const Place&, const Place&) = default;
};
[[nodiscard]] std::string format(const Place& place);  // "Corefile:7"

// A line: the name of a plugin or of an option, what stands behind it, and its block.
struct Directive {
  Place place;
  std::vector<std::string> words;  // one at least
  std::vector<Directive> block{};

  [[nodiscard]] const std::string& name() const { return words.front(); }
};

struct ServerBlock {
  Place place;
  std::vector<std::string> keys;  // "tls://example.org:853", as written
  std::vector<Directive> plugins{};
};

struct Corefile {
  std::vector<ServerBlock> blocks;
  std::vector<Directive> missing;  // imports that named neither a snippet nor a file
};

struct Text {
  std::string name;
  std::string text;
};

// How the parser finds what a Corefile only names.
struct Surroundings {
  // The files that match the pattern of an `import`, in order; none: nothing is there.
  std::function<std::vector<Text>(const std::string& pattern)> files;
  // Of the environment; nothing when it is not set.
  std::function<std::optional<std::string>(const std::string& name)> variable;
};

// An Error says FILE:LINE and what is wrong there.
[[nodiscard]] dns::Result<Corefile> parse_corefile(const Text& corefile,
                                                   const Surroundings& surroundings);

}  // namespace paddock::coredns
