// SPDX-License-Identifier: Apache-2.0
//
// Hosts as the overlay knows them, from and to what registries keep of them: pure.
#pragma once

#include <paddock/metadata/objects.hpp>
#include <paddock/net/flannel.hpp>
#include <paddock/net/overlay.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::netd {

// How the record says a host is reached; the subnets are for the caller to fill in. Absent when it
// is not reached in a way that we know: `backend` of the record is none of ours, or has no address.
[[nodiscard]] std::optional<net::Peer> peer_of(const std::string& host,
                                               const net::flannel::HostRecord& record);
[[nodiscard]] net::flannel::HostRecord record_of(const net::Peer& self);

// A Host object says it in flannel's annotations, as a Kubernetes node does, behind a prefix
// ("flannel.alpha.coreos.com/"). Absent when it has none; an error names what is wrong with them.
[[nodiscard]] net::Result<std::optional<net::Peer>> peer_of(const metadata::Host& host,
                                                            const std::string& prefix);
[[nodiscard]] std::map<std::string, std::string> annotations_of(const net::Peer& self,
                                                                const std::string& prefix);
// Whether the name is that of one of these annotations; without the prefix.
[[nodiscard]] bool is_peer_annotation(std::string_view name);

// The same with what the administrator has said in annotations of this host: another public address
// (public-ip-overwrite, public-ipv6-overwrite).
[[nodiscard]] net::Peer overwritten(net::Peer self, const metadata::Host& host,
                                    const std::string& prefix);

// A host without these annotations, taken for one that runs the same overlay: it is reached at the
// first address of each family, and its MAC addresses follow from its name. Absent when it has no
// address or no subnet.
[[nodiscard]] std::optional<net::Peer> assumed_peer_of(const metadata::Host& host,
                                                       const net::OverlaySettings& overlay);

}  // namespace paddock::netd
