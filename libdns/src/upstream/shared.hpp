// SPDX-License-Identifier: Apache-2.0
//
// What the forwarders of all workers of a server have in common.
#pragma once

#include "upstream/cache.hpp"
#include "upstream/epochs.hpp"
#include "upstream/shared_flights.hpp"

namespace paddock::dns::upstream {

struct Shared {
  explicit Shared(std::size_t workers) : epochs(workers), cache({}, epochs), flights(workers) {}

  Epochs epochs;
  Cache cache;
  SharedFlights flights;
};

}  // namespace paddock::dns::upstream
