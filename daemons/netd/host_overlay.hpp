// SPDX-License-Identifier: Apache-2.0
//
// The overlay at work: a thread that hands it the peers as they change and lets it put right what
// others change in the kernel.
#pragma once

#include "netd/subnet_registry.hpp"

#include <paddock/net/namespace.hpp>
#include <paddock/net/overlay.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace paddock::netd {

struct OverlayEvents {
  std::function<void(const net::Peer&)> self;  // this host is reached so from now on
  std::function<void(const std::string&)> repaired;
  // What the registry had new is done: a moment ago, if it was about some peers alone. On the
  // thread that did it.
  std::function<void()> followed;
};

// Any thread, but for start() and the destructor, which leaves the kernel as it is.
class HostOverlay {
 public:
  // `options` is completed by what the registry says, and with WireGuard by the keys in that file,
  // which are made when first needed. Makes what is known already.
  HostOverlay(const net::NetworkNamespace& host, SubnetRegistry& registry,
              net::OverlaySettings options, std::vector<net::Prefix> subnets, std::string key_file,
              OverlayEvents events);
  ~HostOverlay();
  HostOverlay(const HostOverlay&) = delete;
  HostOverlay& operator=(const HostOverlay&) = delete;

  void start();
  // The registry has something new.
  void wake();
  void set_subnets(std::vector<net::Prefix> subnets);

  void each_peer(const std::function<void(const net::PeerStatus&)>& visit) const;
  // This host as its peers have to know it; absent while there is no overlay.
  [[nodiscard]] std::optional<net::Peer> self() const;
  // As net::Overlay; empty while there is none.
  [[nodiscard]] std::vector<net::PathStep> trace(
      const net::IpAddress& destination, const std::optional<net::PathOrigin>& origin) const;
  // What pods may send at most; 0 while it is not known.
  [[nodiscard]] std::uint32_t pod_mtu() const;
  [[nodiscard]] std::optional<net::OverlaySettings> settings() const;
  // The last error, of the kernel or why there is no overlay; empty: all is as it should be.
  [[nodiscard]] std::string trouble() const;

 private:
  enum class Followed { some_peers, more };

  void run();
  Followed follow();
  void tend();
  void renew(const net::OverlaySettings& wanted);
  void note(const net::Result<void>& done);
  void announce();

  const net::NetworkNamespace host_;
  SubnetRegistry& registry_;
  const net::OverlaySettings options_;
  const std::string key_file_;
  const OverlayEvents events_;
  int wake_ = -1;  // an eventfd

  mutable std::mutex mutex_;  // all below; a peer is put into the kernel in microseconds
  std::vector<net::Prefix> subnets_;
  std::optional<net::OverlaySettings> used_;
  std::unique_ptr<net::Overlay> overlay_;
  bool is_missing_ = false;                      // it could not be made; that is tried again
  std::optional<std::vector<net::Peer>> peers_;  // of the one before, for the next
  std::string trouble_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace paddock::netd
