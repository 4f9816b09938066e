// SPDX-License-Identifier: Apache-2.0
//
// What all commands say alike: errors as failures of the protocol, and whom they are about.
#pragma once

#include <paddock/net/attachment.hpp>
#include <paddock/net/cni.hpp>
#include <paddock/net/error.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace paddock::net {

// Shorter than the plugin's patience, so that the runtime gets our sentence and not a time-out.
inline constexpr std::chrono::seconds turn_patience{50};

cni::Failure to_failure(const Error& error, const std::string& version);
// The turn did not come.
cni::Failure busy(const cni::Request& request);

AttachmentId id_of(const cni::Request& request);
std::string join(const std::vector<std::string>& texts);

}  // namespace paddock::net
