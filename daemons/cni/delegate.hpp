// SPDX-License-Identifier: Apache-2.0
//
// Executes the plugin that gives the addresses, as the specification has it: from CNI_PATH, with
// our environment and stdin. It is done here, in the runtime's surroundings, and not by the daemon,
// which may have other files and other rights.
#pragma once

#include "cni/call.hpp"

#include <stddef.h>

namespace paddock::cni {

struct Delegated {
  int status;  // of its exit; -1: it could not be executed
  char output[longest_part];
  size_t output_size;
};

// `command` is its CNI_COMMAND. The name has no slash.
void run_delegate(const char* name, const char* command, const Call& call, Delegated& delegated);

}  // namespace paddock::cni
