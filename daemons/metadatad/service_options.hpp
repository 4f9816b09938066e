// SPDX-License-Identifier: Apache-2.0
//
// The options of metadatad as those of its store and of its three services: where they listen, whom
// they let in. Each throws a sentence when the two do not go together.
#pragma once

#include "metadatad/options.hpp"

#include <paddock/metadata/http_server.hpp>
#include <paddock/metadata/service.hpp>
#include <paddock/metadata/store.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace paddock::metadatad {

// How this host is called in the cluster.
[[nodiscard]] std::string host_name(const Options& options);

// The store of the options. While another metadatad holds its folder, nothing is written where that
// is to be replaced. Throws a sentence when it cannot be opened.
[[nodiscard]] std::unique_ptr<metadata::Store> open_store(const Options& options);

[[nodiscard]] metadata::ApiOptions api_options(const Options& options, metadata::Reload reload,
                                               metadata::InheritedSockets& inherited);
// Without an address to listen at: no documents are wanted.
[[nodiscard]] metadata::DocumentOptions document_options(const Options& options,
                                                         metadata::InheritedSockets& inherited);
// Where reloads are taken; nothing: only on the socket.
[[nodiscard]] std::optional<metadata::TcpEndpoint> reload_endpoint(const Options& options);

// A server at these addresses that goes on with inherited sockets, and hands them on.
[[nodiscard]] metadata::HttpOptions http_options(const Options& options,
                                                 std::vector<metadata::TcpEndpoint> tcp,
                                                 metadata::InheritedSockets& inherited);

}  // namespace paddock::metadatad
