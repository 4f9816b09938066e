// SPDX-License-Identifier: Apache-2.0
//
// Keeps a DEL for a daemon that is away: the call's bytes in a file of their own, on disk before
// the runtime is told that the pod is gone.
#pragma once

#include "cni/call.hpp"

namespace paddock::cni {

inline constexpr size_t longest_path = 4096;

// Writes the call into the directory, which is made as needed; `path` becomes the file's name.
// Returns 0 or an errno value.
int spool(const char* directory, const Call& call, char (&path)[longest_path]);

}  // namespace paddock::cni
