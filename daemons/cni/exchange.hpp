// SPDX-License-Identifier: Apache-2.0
//
// One request to the daemon and its answer, within a deadline.
#pragma once

#include "cni/call.hpp"

namespace paddock::cni {

struct Answer {
  char bytes[header_size + longest_part];
  int status;
  const char* output;
  std::size_t output_size;
};

// away: nobody serves the socket. broken: the daemon went away while it worked; it may have done
// what it was asked. late: no answer within `seconds`.
enum class Exchanged { ok, away, broken, late };

// `waits`: one who is away may be about to be succeeded; he is looked for again for some seconds.
Exchanged exchange(const char* socket_path, const Call& call, int seconds, Answer& answer,
                   bool waits = false);

}  // namespace paddock::cni
