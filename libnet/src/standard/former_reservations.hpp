// SPDX-License-Identifier: Apache-2.0
//
// Networks that had their addresses from host-local, and have them from netd now: what the files
// there give to pods that are still running is nobody else's.
#pragma once

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>

#include <filesystem>

namespace paddock::net::standard {

// Where host-local has a folder for each network unless its configuration says otherwise.
inline const std::filesystem::path usual_reservations = "/var/lib/cni/networks";

// Whether a folder below `root` has a file of that address. One from before this boot counts for
// nothing: its pod has not survived, and nobody may ever take the file away. An error: the folders
// cannot be read, so nobody knows.
Result<bool> is_reserved(const IpAddress& address,
                         const std::filesystem::path& root = usual_reservations);

}  // namespace paddock::net::standard
