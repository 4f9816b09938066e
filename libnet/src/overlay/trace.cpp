// SPDX-License-Identifier: Apache-2.0
#include "overlay/trace.hpp"

#include "netlink/requests.hpp"
#include "netlink/vxlan.hpp"
#include "overlay/difference.hpp"
#include "overlay/roster.hpp"

#include <linux/rtnetlink.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace paddock::net::overlay {
namespace {

constexpr const char* put_back =
    "; netd puts it back within a second, and journalctl -u paddock-netd says if it cannot";

std::string described(const netlink::Route& route, const std::string& link) {
  std::string text = "route " + route.destination.to_string();
  if (route.gateway) {
    text += " via " + route.gateway->to_string();
  }
  return link.empty() ? text : text + " dev " + link;
}

class Trace {
 public:
  Trace(netlink::Socket& socket, const Picture& picture, const ReadTunnel& read_tunnel,
        const std::optional<PathOrigin>& origin)
      : socket_(socket), picture_(picture), read_tunnel_(read_tunnel), origin_(origin) {}

  void follow(const IpAddress& destination);

  std::vector<PathStep> steps;

 private:
  using RouteClaim = Table::Claim<RouteEntry>;

  void pass(std::string decision) { steps.push_back({std::move(decision), {}, true}); }
  void stop(std::string decision, std::string trouble) {
    steps.push_back({std::move(decision), std::move(trouble), false});
  }
  std::string name_of(std::uint32_t link) const;
  const RouteClaim* claim_for(const IpAddress& destination) const;
  bool takes_route(const RouteEntry& wanted, const IpAddress& destination);
  bool leaves_by_device(Way way);
  std::optional<MacAddress> finds_neighbor(const RouteEntry& entry);
  std::optional<IpAddress> finds_remote(Way way, const MacAddress& mac);
  std::optional<IpAddress> encrypts(const RouteClaim& claim, const IpAddress& destination);
  void crosses_underlay(const IpAddress& remote, bool tunnels);

  netlink::Socket& socket_;
  const Picture& picture_;
  const ReadTunnel& read_tunnel_;
  const std::optional<PathOrigin>& origin_;
};

std::string Trace::name_of(std::uint32_t link) const {
  const auto found = link == 0 ? Result<std::optional<netlink::Link>>(std::nullopt)
                               : netlink::find_link(socket_, link);
  return found && *found ? (*found)->name : "";
}

const Trace::RouteClaim* Trace::claim_for(const IpAddress& destination) const {
  const RouteClaim* best = nullptr;
  for (const auto& [subnet, claim] : picture_.table.routes()) {
    if (subnet.contains(destination) &&
        (best == nullptr || subnet.length > best->entry.destination.length)) {
      best = &claim;
    }
  }
  return best;
}

bool Trace::takes_route(const RouteEntry& wanted, const IpAddress& destination) {
  std::optional<netlink::RouteOrigin> from;
  if (origin_ && origin_->address.is_v4() == destination.is_v4()) {
    const auto link = netlink::find_link(socket_, origin_->link);
    if (!link || !*link) {
      stop("leave by link " + origin_->link, "there is no such link; paddock why says more of it");
      return false;
    }
    from = netlink::RouteOrigin{(*link)->index, origin_->address};
  }
  const auto route = netlink::look_up_route(socket_, destination, from);
  if (!route || route->type != RTN_UNICAST) {
    stop("route to " + destination.to_string(),
         "the kernel refuses it" + (route ? std::string() : ": " + route.error().text) +
             (wanted.way == Way::none
                  ? "; paddock peers says why no way to that host is known"
                  : std::string("; sysctl net.ipv4.ip_forward and net.ipv6.conf.all.forwarding "
                                "have to be 1, and the route has to be there") +
                        put_back));
    return false;
  }
  const std::string text = described(*route, name_of(route->link));
  const netlink::Route planned = route_of(wanted, picture_.links);
  if (route->link != planned.link || route->gateway != planned.gateway) {
    stop(text, "that is not the route of the overlay, " +
                   described(planned, name_of(planned.link)) +
                   ": another one comes first; ip route get " + destination.to_string() +
                   " shows it, and who made it should remove it");
    return false;
  }
  pass(text);
  return true;
}

bool Trace::leaves_by_device(Way way) {
  const std::uint32_t index = picture_.links[static_cast<std::size_t>(way)];
  const auto link = index == 0 ? Result<std::optional<netlink::Link>>(std::nullopt)
                               : netlink::find_link(socket_, index);
  const auto& planned = way == Way::tunnel_v4 ? picture_.devices.v4 : picture_.devices.v6;
  const std::string name = "device " + (planned ? planned->name : std::string("of the overlay"));
  if (!link || !*link) {
    stop(name, std::string("it is not there") + put_back);
  } else if (!(*link)->up) {
    stop(name, std::string("it is down") + put_back);
  } else {
    pass(name + ", MTU " + std::to_string((*link)->mtu));
  }
  return steps.back().passes;
}

std::optional<MacAddress> Trace::finds_neighbor(const RouteEntry& entry) {
  const auto& wanted = picture_.table.neighbors().find({entry.way, entry.gateway});
  const std::string text = "neighbour " + entry.gateway.to_string();
  const auto found = netlink::find_neighbor(
      socket_, picture_.links[static_cast<std::size_t>(entry.way)], entry.gateway);
  if (!found || !*found || !(*found)->mac) {
    stop(text, "the kernel knows no MAC address for it" +
                   (found ? std::string(put_back) : ": " + found.error().text));
    return std::nullopt;
  }
  const MacAddress mac = *(*found)->mac;
  if (wanted != picture_.table.neighbors().end() && wanted->second.entry.mac != mac) {
    stop(text + " at " + mac.to_string(), "host " + *wanted->second.host + " says " +
                                              wanted->second.entry.mac.to_string() + put_back);
    return std::nullopt;
  }
  pass(text + " at " + mac.to_string());
  return mac;
}

std::optional<IpAddress> Trace::finds_remote(Way way, const MacAddress& mac) {
  const auto& wanted = picture_.table.forwarding().find({way, mac});
  const std::string text = "frames to " + mac.to_string();
  const auto found =
      netlink::find_forwarding(socket_, picture_.links[static_cast<std::size_t>(way)], mac);
  if (!found || !*found) {
    stop(text, "the device has no forwarding entry for them" +
                   (found ? std::string(put_back) : ": " + found.error().text));
    return std::nullopt;
  }
  const IpAddress remote = (*found)->remote;
  if (wanted != picture_.table.forwarding().end() && wanted->second.entry.underlay != remote) {
    stop(text + " go to " + remote.to_string(), "host " + *wanted->second.host + " is at " +
                                                    wanted->second.entry.underlay.to_string() +
                                                    put_back);
    return std::nullopt;
  }
  pass(text + " go to " + remote.to_string());
  return remote;
}

// A device of WireGuard picks the host by the destination alone.
std::optional<IpAddress> Trace::encrypts(const RouteClaim& claim, const IpAddress& destination) {
  const auto said = read_tunnel_(claim.entry.way);
  if (!said) {
    stop("encrypt for host " + *claim.host, said.error().text + put_back);
    return std::nullopt;
  }
  const auto taker =
      std::find_if(said->remotes.begin(), said->remotes.end(), [&](const auto& remote) {
        return std::any_of(remote.allowed.begin(), remote.allowed.end(),
                           [&](const Prefix& subnet) { return subnet.contains(destination); });
      });
  if (taker == said->remotes.end() || !taker->endpoint) {
    stop("encrypt for host " + *claim.host,
         "no peer of the device takes packets to it, or it has no endpoint; netd puts it back "
         "within a minute");
    return std::nullopt;
  }
  const std::string text =
      "encrypted for " + taker->key.to_string() + " at " + taker->endpoint->to_string();
  const auto wanted = picture_.table.secure().find({claim.entry.way, taker->key});
  if (wanted == picture_.table.secure().end() || *wanted->second.host != *claim.host) {
    stop(text,
         "that is not the key of host " + *claim.host + "; netd puts it right within a minute");
    return std::nullopt;
  }
  using std::chrono::seconds;
  const auto silence =
      std::chrono::duration_cast<seconds>(std::chrono::system_clock::now() - taker->heard);
  pass(text + (taker->heard.time_since_epoch().count() == 0
                   ? ", no handshake yet"
                   : ", last handshake " + std::to_string(silence.count()) + " s ago"));
  return taker->endpoint->address;
}

// Its links are looked at as well: a packet into a link that is down is lost without a word.
void Trace::crosses_underlay(const IpAddress& remote, bool tunnels) {
  const bool v4 = remote.is_v4();
  const auto route = netlink::look_up_route(socket_, remote, std::nullopt);
  const std::string text = "underlay to " + remote.to_string();
  if (!route || route->type != RTN_UNICAST) {
    stop(text, "this host has no route there" +
                   (route ? std::string() : ": " + route.error().text) + "; ip route get " +
                   remote.to_string() + " says the same: mend that first");
    return;
  }
  const auto link = netlink::find_link(socket_, route->link);
  const std::string by = text + (route->gateway ? " via " + route->gateway->to_string() : "") +
                         (link && *link ? " dev " + (*link)->name : "");
  const auto& device = v4 ? picture_.devices.v4 : picture_.devices.v6;
  if (tunnels && device && link && *link && (*link)->name == device->name) {
    stop(by,
         "it leads into the tunnel itself; the network of the hosts must not lie in that of "
         "the pods");
  } else if (!link || !*link || !(*link)->up) {
    stop(by, "that link is down; ip link set it up");
  } else {
    pass(by);
  }
}

void Trace::follow(const IpAddress& destination) {
  const RouteClaim* const claim = claim_for(destination);
  if (claim == nullptr || Roster::is_guard(*claim->host)) {
    stop("which host has " + destination.to_string(),
         "none that is known here; paddock peers shows who has which subnets");
    return;
  }
  const RouteEntry& entry = claim->entry;
  pass(destination.to_string() + " is of " + entry.destination.to_string() + ", which host " +
       *claim->host + " has");
  if (!takes_route(entry, destination)) {
    return;
  }
  if (entry.way == Way::link_v4 || entry.way == Way::link_v6) {
    crosses_underlay(entry.gateway, false);
    return;
  }
  if (entry.gateway.is_unspecified()) {
    const auto remote = leaves_by_device(entry.way) ? encrypts(*claim, destination) : std::nullopt;
    if (remote) {
      crosses_underlay(*remote, true);
    }
    return;
  }
  const auto mac = leaves_by_device(entry.way) ? finds_neighbor(entry) : std::nullopt;
  if (const auto remote = mac ? finds_remote(entry.way, *mac) : std::nullopt) {
    crosses_underlay(*remote, true);
  }
}

}  // namespace

std::vector<PathStep> trace(netlink::Socket& socket, const Picture& picture,
                            const ReadTunnel& read_tunnel, const std::optional<PathOrigin>& origin,
                            const IpAddress& destination) {
  Trace made(socket, picture, read_tunnel, origin);
  made.follow(destination);
  return std::move(made.steps);
}

}  // namespace paddock::net::overlay
