// SPDX-License-Identifier: Apache-2.0
//
// Files of a line or two, as the standard plugins keep their state in.
#pragma once

#include <paddock/net/error.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace paddock::net::standard {

// Empty when it cannot be read.
std::string content_of(const std::filesystem::path& path);
// In its place; readers may see a part of it.
Result<void> write_file(const std::filesystem::path& path, std::string_view content);

}  // namespace paddock::net::standard
