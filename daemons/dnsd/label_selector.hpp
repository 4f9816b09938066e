// SPDX-License-Identifier: Apache-2.0
//
// A label selector in Kubernetes' words: `tier=web,env!=test,zone in (a, b),!legacy`. Every
// requirement must hold.
#pragma once

#include <paddock/metadata/values.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::dnsd {

class LabelSelector {
 public:
  // Nothing when the text is no selector. An empty text selects everything.
  static std::optional<LabelSelector> parse(std::string_view text);

  [[nodiscard]] bool matches(const metadata::TextMap& labels) const;
  [[nodiscard]] bool selects_everything() const { return requirements_.empty(); }

 private:
  // Without values it is about the key alone.
  struct Requirement {
    std::string key;
    bool is_negated = false;
    std::vector<std::string> values;
  };
  static std::optional<Requirement> parse_requirement(std::string_view text);

  std::vector<Requirement> requirements_;
};

}  // namespace paddock::dnsd
