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
  size_t output_size;
};

// In milliseconds.
struct Patience {
  int for_answer;
  int for_daemon;  // one that is away may be about to be succeeded
};

// away: nobody took the request. broken: the daemon went away while it worked; it may have done
// what it was asked. late: no answer in time.
enum class Exchanged { ok, away, broken, late };

// A connection for exchange(), or -1: the daemon wakes up while the request is still put together.
int connect_early(const char* socket_path);

// Closes `early`, which may be -1. Where the daemon has closed it already, as it waits for no
// request for more than some seconds, it is asked anew.
Exchanged exchange(const char* socket_path, const Call& call, Patience patience, Answer& answer,
                   int early = -1);

}  // namespace paddock::cni
