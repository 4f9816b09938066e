// SPDX-License-Identifier: Apache-2.0
//
// The half of a request that comes by environment variables: which command, for which container,
// and the key-value pairs of CNI_ARGS.
#pragma once

#include "cni/document.hpp"

namespace paddock::net::cni {

// Fills what the environment says into request. Refuses with Code::bad_environment, all missing
// variables in one message.
void read_environment(const Environment& environment, Request& request);

// [A-Za-z0-9][A-Za-z0-9_.-]*, at most 200 bytes, so that a lease's key fits its store.
bool is_name(std::string_view text);

}  // namespace paddock::net::cni
