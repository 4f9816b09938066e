// SPDX-License-Identifier: Apache-2.0
//
// The files that commands read: `apply -f`, `delete -f`, `import`.
#pragma once

#include <paddock/metadata/codec.hpp>

#include <string>

namespace paddock::cli {

// What the file holds, or standard input for "-". Throws Failure(exit_usage).
[[nodiscard]] std::string read_text(const std::string& path);

// Reads the file, or standard input for "-". Throws one Failure that lists every problem of the
// file with its line when there is any: half a file is never acted upon.
[[nodiscard]] metadata::Documents read_documents(const std::string& path);

}  // namespace paddock::cli
