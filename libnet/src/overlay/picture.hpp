// SPDX-License-Identifier: Apache-2.0
//
// What an overlay knows of its host and wants of the kernel, for those who judge the kernel by it.
#pragma once

#include "overlay/device_state.hpp"
#include "overlay/entries.hpp"
#include "overlay/table.hpp"
#include "overlay/underlay.hpp"

#include <paddock/net/overlay.hpp>

namespace paddock::net::overlay {

// Borrowed.
struct Picture {
  const OverlaySettings& settings;
  const Underlay& underlay;
  const DevicePair& devices;
  const WayLinks& links;
  const Table& table;
};

}  // namespace paddock::net::overlay
