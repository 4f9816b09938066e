// SPDX-License-Identifier: Apache-2.0
//
// One object's new state, or its end, on its way to the disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace paddock::metadata {

struct AuditRecord {
  std::uint64_t revision = 0;
  std::string line;
};

struct Step {
  std::string key;
  std::string json;  // empty: erased
  AuditRecord audit;
};

// The same, borrowed.
struct StepView {
  std::uint64_t revision = 0;
  std::string_view key;
  std::string_view json;
  std::string_view line;

  friend bool operator==(const StepView&, const StepView&) = default;
};

[[nodiscard]] inline StepView view(const Step& step) noexcept {
  return {step.audit.revision, step.key, step.json, step.audit.line};
}

}  // namespace paddock::metadata
