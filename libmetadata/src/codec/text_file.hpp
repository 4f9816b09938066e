// SPDX-License-Identifier: Apache-2.0
//
// A whole file as text.
#pragma once

#include <paddock/metadata/error.hpp>

#include <cstddef>
#include <filesystem>
#include <string>

namespace paddock::metadata {

// The error names the file and says why it cannot be read: also when it is longer than `most`
// bytes, or no regular file.
[[nodiscard]] Result<std::string> read_text_file(const std::filesystem::path& path,
                                                 std::size_t most);

}  // namespace paddock::metadata
