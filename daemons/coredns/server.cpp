// SPDX-License-Identifier: Apache-2.0
#include "coredns/server.hpp"

#include <paddock/dns/name.hpp>

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include <algorithm>
#include <array>

namespace paddock::coredns {
namespace {

namespace ip = boost::asio::ip;

// A prefix that ends inside a label is as many zones as it takes: RFC 1035 section 3.5, RFC 3596
// section 2.5.
std::vector<std::string> reverse_zones(const ip::network_v4& subnet) {
  const int bytes = std::max(1, (subnet.prefix_length() + 7) / 8);
  const auto first = subnet.network().to_uint();
  const unsigned count = 1U << (8 * bytes - std::max<int>(subnet.prefix_length(), 0));
  if (subnet.prefix_length() == 0) return {"in-addr.arpa"};
  std::vector<std::string> zones;
  for (unsigned i = 0; i < count; ++i) {
    const auto address = first + (i << (32 - 8 * bytes));
    std::string zone;
    for (int byte = bytes; byte > 0; --byte) {
      zone += std::to_string(address >> (32 - 8 * byte) & 0xff) + ".";
    }
    zones.push_back(zone + "in-addr.arpa");
  }
  return zones;
}

std::vector<std::string> reverse_zones(const ip::network_v6& subnet) {
  if (subnet.prefix_length() % 4 != 0) return {};
  const auto bytes = subnet.network().to_bytes();
  std::string zone;
  for (int nibble = subnet.prefix_length() / 4; nibble > 0; --nibble) {
    const auto byte = bytes[static_cast<std::size_t>(nibble - 1) / 2];
    zone += "0123456789abcdef"[nibble % 2 == 1 ? byte >> 4 : byte & 15];
    zone += '.';
  }
  return {zone + "ip6.arpa"};
}

// "tls://example.org:853" without what is before and behind the zone.
struct Key {
  std::string scheme = "dns";
  std::string zone;
  std::string port = "53";
};
Key read_key(std::string text) {
  Key key;
  if (const auto mark = text.find("://"); mark != std::string::npos) {
    key.scheme = text.substr(0, mark);
    text.erase(0, mark + 3);
  }
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && colon + 1 < text.size() &&
                        std::all_of(text.begin() + static_cast<std::ptrdiff_t>(colon) + 1,
                                    text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (has_port) {
    key.port = text.substr(colon + 1);
    text.resize(colon);
  }
  key.zone = text.empty() ? "." : text;
  return key;
}

}  // namespace

bool Server::is_root() const { return std::ranges::find(zones, ".") != zones.end(); }

bool Server::holds(const std::string& name) const {
  const auto plain = plain_zone(name);
  return is_root() || std::ranges::any_of(zones, [&](const std::string& zone) {
           return plain == zone || plain.ends_with("." + zone);
         });
}

std::string Server::path_of(const std::string& file) const {
  if (file.starts_with('/')) return file;
  return root.starts_with('/') ? root + "/" + file : "";
}

std::string plain_zone(std::string zone) {
  std::ranges::transform(zone, zone.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  if (zone.size() > 1 && zone.ends_with('.')) zone.pop_back();
  return zone;
}

bool is_reverse(const std::string& zone) {
  return zone == "in-addr.arpa" || zone == "ip6.arpa" || zone.ends_with(".in-addr.arpa") ||
         zone.ends_with(".ip6.arpa");
}

std::vector<std::string> zones_of(const std::string& word) {
  if (word.find('/') != std::string::npos) {
    boost::system::error_code failed;
    if (const auto v4 = ip::make_network_v4(word, failed); !failed) return reverse_zones(v4);
    if (const auto v6 = ip::make_network_v6(word, failed); !failed) return reverse_zones(v6);
    return {};
  }
  const auto zone = plain_zone(word);
  return dns::Name::parse(zone) ? std::vector<std::string>{zone} : std::vector<std::string>{};
}

Server read_server(const ServerBlock& block, Draft& draft) {
  Server server{.place = block.place, .zones = {}, .ports = {}};
  for (const auto& text : block.keys) {
    const auto key = read_key(text);
    const auto zones = zones_of(key.zone);
    if (key.scheme != "dns") {
      draft.remark({block.place, text + ": answers come over UDP and TCP only", true});
    } else if (zones.empty()) {
      draft.remark({block.place, text + ": is no zone", true});
    } else {
      std::ranges::copy(zones, std::back_inserter(server.zones));
      if (std::ranges::find(server.ports, key.port) == server.ports.end()) {
        server.ports.push_back(key.port);
      }
    }
  }
  const auto root = std::ranges::find(block.plugins, "root", &Directive::name);
  if (root != block.plugins.end() && root->words.size() == 2) server.root = root->words[1];
  return server;
}

}  // namespace paddock::coredns
