// SPDX-License-Identifier: Apache-2.0
//
// What manifests made for CoreDNS probe: /health and /ready, "OK" while it is so. Nothing else is
// shown at these addresses, which are open to the network.
#pragma once

#include "dnsd/options.hpp"
#include "runtime/lifecycle.hpp"

#include <paddock/metadata/http_server.hpp>

#include <functional>
#include <optional>
#include <vector>

namespace paddock::dnsd {

class Probes {
 public:
  // Serves from construction to destruction, if any address is named; `status` is asked on a thread
  // of its own. Throws a sentence when an address cannot be had.
  Probes(const Options& options, const runtime::Lifecycle& lifecycle,
         std::function<runtime::Status()> status);

  // Those bound, with the real ports.
  [[nodiscard]] std::vector<metadata::TcpEndpoint> endpoints() const;

 private:
  [[nodiscard]] metadata::Response answer(const metadata::Request& request) const;

  const runtime::Lifecycle& lifecycle_;
  std::function<runtime::Status()> status_;
  std::optional<metadata::HttpServer> http_;
};

}  // namespace paddock::dnsd
