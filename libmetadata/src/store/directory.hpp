// SPDX-License-Identifier: Apache-2.0
//
// The directory a store keeps its files in.
#pragma once

#include "store/file.hpp"

#include <filesystem>
#include <optional>

namespace paddock::metadata {

// Makes it when absent and returns it. Throws std::runtime_error with a sentence.
std::filesystem::path make_directory(const std::filesystem::path& path);

// Locked until closed, so also when the process is killed. Throws a sentence that names the holder.
[[nodiscard]] File lock_directory(const std::filesystem::path& directory);
// Nothing while another process has it.
[[nodiscard]] std::optional<File> try_lock_directory(const std::filesystem::path& directory);

}  // namespace paddock::metadata
