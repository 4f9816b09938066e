// SPDX-License-Identifier: Apache-2.0
//
// Objects as people type them: `pod web-1`, `svc shop/web`, `services`.
#pragma once

#include <paddock/metadata/objects.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::cli {

// Singular, plural, any case, and the usual short forms. Throws Failure(exit_usage) with the
// nearest kind.
[[nodiscard]] metadata::Kind kind_of(std::string_view word);

// [NAMESPACE/]NAME; the namespace is `default` where the kind has one and none is said.
[[nodiscard]] metadata::Key key_of(metadata::Kind kind, std::string_view name);

// The words kind_of takes and completion offers, one per kind.
[[nodiscard]] std::vector<std::string> kind_words();

// The path of the object in the API.
[[nodiscard]] std::string target_of(const metadata::Key& key);

}  // namespace paddock::cli
