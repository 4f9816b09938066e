// SPDX-License-Identifier: Apache-2.0
//
// The registry behind a metadatad's API: its stream is followed, and each request that registers
// has a connection for itself, so that many pods are committed at once.
#pragma once

#include "netd/registry.hpp"

#include <memory>

namespace paddock::netd {

// `server` as for metadata::Client.
[[nodiscard]] std::unique_ptr<Registry> open_metadatad_registry(const std::string& server,
                                                                const RegistryOptions& options);

}  // namespace paddock::netd
