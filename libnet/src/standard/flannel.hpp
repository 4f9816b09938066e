// SPDX-License-Identifier: Apache-2.0
//
// The plugin flannel only writes a configuration for another: what flanneld says of this host's
// subnet becomes one of bridge with host-local.
#pragma once

#include <paddock/net/cni.hpp>

namespace paddock::net::standard {

// The request as bridge (or ptp) gets it. DEL and GC need no file of flanneld. Errors name the
// field, or the file and what it lacks.
cni::Expected<cni::Request> flannel_delegate(const cni::Request& request);

}  // namespace paddock::net::standard
