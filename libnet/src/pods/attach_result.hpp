// SPDX-License-Identifier: Apache-2.0
//
// What is asked of the kernel for a request, and what the runtime is told of the outcome: pure.
#pragma once

#include "pods/records.hpp"

#include <paddock/net/attachment.hpp>
#include <paddock/net/cni.hpp>

#include <string>
#include <vector>

namespace paddock::net {

// What holds where the configuration says nothing.
struct AttachDefaults {
  DataPath data_path = DataPath::routed;
  std::uint32_t mtu = 1500;
};

AttachRequest to_attach_request(const AttachmentId& id, const cni::Request& request,
                                const Reservation& reserved, const AttachDefaults& defaults);

// The previous result of the chain, if any, with ours after it.
cni::AddResult to_result(const cni::Request& request, const Attachment& attachment,
                         const cni::Dns& dns);

// What the pod is told about DNS: the request's word where it has one, else ours.
cni::Dns merge(const cni::Dns& asked, cni::Dns ours, const std::string& pod_namespace);

// The attachment as a CHECK has to find it: plugins behind bridge or ptp may have given the pod's
// interface another MTU, and the MAC address that prevResult has.
Attachment expected_of(const Lease& lease, const cni::AddResult& previous);

// What of the attachment prevResult of a CHECK lacks, or says otherwise, as sentences.
std::vector<std::string> missing_in(const cni::AddResult& previous, const std::string& netns,
                                    const Attachment& attachment);

}  // namespace paddock::net
