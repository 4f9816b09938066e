// SPDX-License-Identifier: Apache-2.0
//
// Which of the kernel's events mean that an overlay has to look again.
#pragma once

#include "netlink/reader.hpp"
#include "overlay/picture.hpp"

namespace paddock::net::overlay {

struct Disturbance {
  bool ours = false;      // something we made is gone or another
  bool underlay = false;  // the host's interfaces, addresses or routes may be others

  bool any() const { return ours || underlay; }
};

Disturbance judge(const netlink::Message& event, const Picture& picture);

}  // namespace paddock::net::overlay
