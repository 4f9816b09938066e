// SPDX-License-Identifier: Apache-2.0
//
// What the runtime gave this run of the plugin, as the bytes of one request to the daemon
// (docs/plugin-protocol.md). Nothing here allocates: a plugin is started thousands of times.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace paddock::cni {

inline constexpr char magic[] = "PADDOCK1";
inline constexpr size_t magic_size = sizeof magic - 1;
inline constexpr size_t header_size = magic_size + 8;
inline constexpr size_t longest_part = 1 << 20;

struct Call {
  char bytes[header_size + 2 * longest_part];  // the request
  size_t size;
  const char* input;  // stdin, within bytes; not terminated
  size_t input_size;
  int netns;  // what is at CNI_NETNS, or -1
};

enum class Gathered { ok, input_unreadable, input_too_long, environment_too_long };

// Reads the environment and stdin, and opens CNI_NETNS. `call` is filled in place. `name` is the
// one the program was run by, which says as what plugin.
Gathered gather(const char* name, char** environment, Call& call);

// Puts NAME=VALUE into the environment of the call. False: no room.
bool add_variable(Call& call, const char* name, const char* value, size_t size);

void put_number(char* bytes, uint32_t number);
uint32_t get_number(const char* bytes);

}  // namespace paddock::cni
