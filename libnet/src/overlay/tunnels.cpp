// SPDX-License-Identifier: Apache-2.0
#include "overlay/tunnels.hpp"

#include "failure.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace paddock::net::overlay {
namespace {

constexpr std::array secure_ways = {Way::tunnel_v4, Way::tunnel_v6};

wireguard::Remote remote_of(const OverlaySettings& settings, const SecureEntry& entry) {
  const WireguardSettings& all = settings.wireguard;
  const std::uint16_t port = entry.way == Way::tunnel_v4 ? all.port : all.port_v6;
  return {entry.key,     all.shared_key, wireguard::Endpoint{entry.underlay, port},
          all.keepalive, entry.allowed,  {}};
}

const SecureEntry* entry_of(const PeerEntries& entries, Way way) {
  const auto found = std::find_if(entries.secure.begin(), entries.secure.end(),
                                  [&](const SecureEntry& entry) { return entry.way == way; });
  return found == entries.secure.end() ? nullptr : &*found;
}

}  // namespace

wireguard::Configuration plan_tunnel(const OverlaySettings& settings, const Table& table, Way way) {
  wireguard::Configuration wanted;
  wanted.private_key = settings.wireguard.private_key;
  wanted.port = way == Way::tunnel_v4 ? settings.wireguard.port : settings.wireguard.port_v6;
  for (const auto& [key, claim] : table.secure()) {
    if (key.way != way) {
      continue;
    }
    auto remote = remote_of(settings, claim.entry);
    std::erase_if(remote.allowed, [&](const Prefix& subnet) {
      const auto route = table.routes().find(subnet);
      return route == table.routes().end() || *route->second.host != *claim.host;
    });
    wanted.remotes.push_back(std::move(remote));
  }
  return wanted;
}

wireguard::Change difference(const OverlaySettings& settings, const PeerEntries& before,
                             const PeerEntries& after, Way way) {
  const SecureEntry* const was = entry_of(before, way);
  const SecureEntry* const is = entry_of(after, way);
  wireguard::Change change;
  if (was && (!is || was->key != is->key)) {
    change.gone.push_back(was->key);
  }
  if (is && (!was || *was != *is)) {
    change.remotes.push_back(remote_of(settings, *is));
  }
  return change;
}

Result<void> Tunnels::adopt(const NetworkNamespace& host, const std::string& name,
                            std::uint32_t link, End& end) {
  if (end.control && end.link == link) {
    return {};
  }
  auto control = wireguard::open_control(host, name);
  if (!control) {
    return control.error();
  }
  end = {link, std::move(*control), false};
  return {};
}

Result<std::vector<std::string>> Tunnels::converge(const NetworkNamespace& host,
                                                   const Picture& picture, Effort effort,
                                                   bool complete) {
  std::vector<std::string> changes;
  for (const Way way : secure_ways) {
    const auto& device = way == Way::tunnel_v4 ? picture.devices.v4 : picture.devices.v6;
    const std::uint32_t link = picture.links[static_cast<std::size_t>(way)];
    End& end = end_of(way);
    if (!device || !device->encrypts || link == 0) {
      end = {};
      continue;
    }
    if (const auto adopted = adopt(host, device->name, link, end); !adopted) {
      return adopted.error();
    }
    const auto actual = end.control->read();
    if (!actual) {
      return actual.error();
    }
    auto change = wireguard::difference(plan_tunnel(picture.settings, picture.table, way), *actual,
                                        end.is_told);
    if (!complete) {
      change.gone.clear();
    }
    const auto sentences = change.sentences();
    changes.insert(changes.end(), sentences.begin(), sentences.end());
    if (effort == Effort::look) {
      continue;
    }
    if (const auto applied = change.empty() ? Result<void>() : end.control->apply(change);
        !applied) {
      return applied.error();
    }
    end.is_told = complete;
  }
  return changes;
}

Result<void> Tunnels::change(const OverlaySettings& settings, const PeerEntries& before,
                             const PeerEntries& after) {
  for (const Way way : secure_ways) {
    const auto change = difference(settings, before, after, way);
    if (change.empty()) {
      continue;
    }
    End& end = end_of(way);
    const auto applied = end.control ? end.control->apply(change)
                                     : failure(ENODEV, "tell the WireGuard device of a peer");
    if (!applied) {
      return applied;
    }
  }
  return {};
}

Result<wireguard::Configuration> Tunnels::read(Way way) {
  End& end = end_of(way);
  if (!end.control) {
    return failure(ENODEV, "ask the WireGuard device");
  }
  return end.control->read();
}

}  // namespace paddock::net::overlay
