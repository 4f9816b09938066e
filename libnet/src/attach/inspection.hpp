// SPDX-License-Identifier: Apache-2.0
//
// Looks an attachment over in both namespaces and names what is not there.
#pragma once

#include "netlink/socket.hpp"

#include <paddock/net/attachment.hpp>
#include <paddock/net/error.hpp>

#include <string>
#include <vector>

namespace paddock::net::attach {

// Sentences, empty when all is there. What others added is nobody's fault.
Result<std::vector<std::string>> missing(netlink::Socket& host, netlink::Socket& pod,
                                         const Attachment& attachment);

}  // namespace paddock::net::attach
