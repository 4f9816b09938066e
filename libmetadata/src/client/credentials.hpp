// SPDX-License-Identifier: Apache-2.0
//
// The value of the Authorization header that `access` comes to.
#pragma once

#include <paddock/metadata/access.hpp>
#include <paddock/metadata/error.hpp>

#include <string>

namespace paddock::metadata::client {

// "" when nothing is to be shown. Reads the files anew: they may have been renewed.
[[nodiscard]] Result<std::string> authorization(const Access& access);

// The first line of a file that holds a secret. An Error names the file.
[[nodiscard]] Result<std::string> read_secret(const std::string& file);

}  // namespace paddock::metadata::client
