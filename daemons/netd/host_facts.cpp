// SPDX-License-Identifier: Apache-2.0
#include "netd/host_facts.hpp"

#include "netd/plan.hpp"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <climits>
#include <cstring>
#include <optional>
#include <string_view>

namespace paddock::netd {
namespace {

std::optional<net::IpAddress> address_of(const sockaddr* generic) {
  if (generic && generic->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, generic, sizeof v4);
    return boost::asio::ip::address_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (generic && generic->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, generic, sizeof v6);
    boost::asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, bytes.size());
    return boost::asio::ip::address_v6(bytes);
  }
  return {};
}

bool is_useful(const net::IpAddress& address) {
  const bool link_local = address.is_v4() ? (address.to_v4().to_uint() >> 16) == 0xa9feU
                                          : address.to_v6().is_link_local();
  return !address.is_loopback() && !link_local;
}

std::vector<net::IpAddress> addresses_of_interfaces() {
  std::vector<net::IpAddress> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  for (const auto* entry = list; entry; entry = entry->ifa_next) {
    const auto address = address_of(entry->ifa_addr);
    const bool own = std::string_view(entry->ifa_name) == "paddock0";
    if (address && !own && (entry->ifa_flags & IFF_UP) != 0 && is_useful(*address))
      addresses.push_back(*address);
  }
  ::freeifaddrs(list);
  std::ranges::stable_sort(addresses, {}, &net::IpAddress::is_v6);
  return addresses;
}

std::string kernel_host_name() {
  char name[HOST_NAME_MAX + 1] = "localhost";
  (void)::gethostname(name, sizeof name - 1);
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

}  // namespace

HostFacts host_facts(const Options& options) {
  HostFacts facts;
  facts.name = options.host_name.empty() ? kernel_host_name() : options.host_name;
  for (const auto& text : options.host_addresses)
    facts.addresses.push_back(boost::asio::ip::make_address(text));
  if (facts.addresses.empty()) facts.addresses = addresses_of_interfaces();
  for (const auto& subnet : pool_plan(options).subnets()) facts.subnets.push_back(subnet.network);
  return facts;
}

}  // namespace paddock::netd
