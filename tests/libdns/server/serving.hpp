// SPDX-License-Identifier: Apache-2.0
//
// A Server on a free port of 127.0.0.1 with the zone cluster.local, for tests.
#pragma once

#include "support/dns_client.hpp"
#include "support/dns_message.hpp"

#include <paddock/dns/server.hpp>
#include <paddock/dns/zone.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace paddock::dns::testing {

inline const Endpoint anywhere{boost::asio::ip::make_address("127.0.0.1"), 0};

inline std::shared_ptr<const Authority> authority_of(const std::vector<Record>& records) {
  std::vector<ZoneSpec> zones(1);
  zones[0].origin = name("cluster.local");
  AuthorityBuilder builder(std::move(zones));
  EXPECT_TRUE(builder.put("test", records).empty());
  return builder.snapshot(std::chrono::system_clock::now());
}

// web has an address, and alias leads to www.example.net, which is not ours.
inline std::shared_ptr<const Authority> small_authority() {
  return authority_of({a("web.cluster.local", "10.0.0.1", 5),
                       cname_record(name("alias.cluster.local"), name("www.example.net"),
                                    std::chrono::seconds(5))});
}

inline ServerOptions local_options(unsigned workers = 1) {
  ServerOptions options;
  options.listen = {anywhere};
  options.workers = workers;
  return options;
}

inline std::vector<Upstream> plain(const std::vector<Endpoint>& endpoints) {
  std::vector<Upstream> upstreams;
  for (const auto& endpoint : endpoints) {
    upstreams.push_back({.endpoint = endpoint});
  }
  return upstreams;
}

// However long one of them takes, it is not asked twice and nobody is told that it failed.
inline ServerOptions forwarding_to(const std::vector<Endpoint>& upstreams) {
  auto options = local_options();
  options.forwarding.upstreams = plain(upstreams);
  options.forwarding.attempt_timeout = options.forwarding.deadline = std::chrono::hours(1);
  return options;
}

struct Serving {
  explicit Serving(ServerOptions options = local_options(),
                   std::shared_ptr<const Authority> authority = small_authority())
      : server(std::move(options), std::move(authority), Status::ready),
        at(server.endpoints().at(0)) {}

  Server server;
  Endpoint at;
};

}  // namespace paddock::dns::testing
