// SPDX-License-Identifier: Apache-2.0
//
// The plugin flannel only writes a configuration for another: what flanneld says of this host's
// subnet becomes one of bridge with host-local.
#pragma once

#include <paddock/net/cni.hpp>
#include <paddock/net/error.hpp>

#include <filesystem>

namespace paddock::net::standard {

// The request as bridge (or ptp) gets it. DEL and GC need no file of flanneld. Errors name the
// field, or the file and what it lacks.
cni::Expected<cni::Request> flannel_delegate(const cni::Request& request);

// The file in which flannel's own plugin keeps the delegate's configuration until DEL, which it
// reads there alone: <dataDir>/<container>.
cni::Expected<std::filesystem::path> flannel_note(const cni::Request& request);
Result<void> write_note(const std::filesystem::path& note, const cni::Request& delegate);

}  // namespace paddock::net::standard
