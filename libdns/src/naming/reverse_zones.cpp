// SPDX-License-Identifier: Apache-2.0
#include "naming/reverse_zones.hpp"

#include <paddock/dns/record.hpp>

namespace paddock::dns {
namespace {

Name ancestor(Name name, unsigned levels) {
  for (; levels > 0; --levels) name = name.parent();
  return name;
}

}  // namespace

std::vector<Name> reverse_origins(const boost::asio::ip::network_v4& subnet) {
  const unsigned prefix = subnet.prefix_length();
  const unsigned labels = (prefix + 7) / 8;
  const unsigned spare = labels * 8 - prefix;  // bits of the last label that are free
  std::vector<Name> origins;
  for (std::uint32_t i = 0; i < 1u << spare; ++i) {
    const std::uint32_t offset = labels == 0 ? 0 : i << (32 - labels * 8);
    const boost::asio::ip::address_v4 address(subnet.network().to_uint() + offset);
    origins.push_back(ancestor(reverse_name(address), 4 - labels));
  }
  return origins;
}

std::vector<Name> reverse_origins(const boost::asio::ip::network_v6& subnet) {
  const unsigned prefix = subnet.prefix_length();
  const unsigned labels = (prefix + 3) / 4;
  const unsigned spare = labels * 4 - prefix;
  std::vector<Name> origins;
  for (unsigned i = 0; i < 1u << spare; ++i) {
    auto bytes = subnet.network().to_bytes();
    if (labels > 0) {
      const bool is_high = labels % 2 == 1;  // the last label is an octet's upper half
      auto& octet = bytes[(labels - 1) / 2];
      octet = static_cast<unsigned char>(octet | (is_high ? i << 4 : i));
    }
    origins.push_back(ancestor(reverse_name(boost::asio::ip::address_v6(bytes)), 32 - labels));
  }
  return origins;
}

}  // namespace paddock::dns
