// SPDX-License-Identifier: Apache-2.0
#include "cni/ip_ranges.hpp"

#include <boost/asio/ip/address_v4_iterator.hpp>
#include <boost/asio/ip/address_v6_iterator.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace paddock::net::cni {
namespace {

constexpr const char* correct_the_ranges =
    "correct the ranges in ipam, or those of runtimeConfig.ipRanges";

[[noreturn]] void refuse_range(const std::string& msg) {
  throw Refusal{Code::bad_config, msg, correct_the_ranges};
}

IpAddress previous(const IpAddress& address) {
  if (address.is_v4()) return *--boost::asio::ip::address_v4_iterator(address.to_v4());
  return *--boost::asio::ip::address_v6_iterator(address.to_v6());
}

std::optional<IpAddress> address_in(const Json& object, const char* name, const Prefix& subnet,
                                    const std::string& path) {
  const auto* found = find(object, name);
  if (!found || *found == "") return {};
  const auto where = path + "." + name;
  const auto address = address_of(text_of(*found, where), where);
  if (!subnet.contains(address))
    refuse_range(where + " " + address.to_string() + " lies outside of " + subnet.to_string());
  return address;
}

// It may lie elsewhere: how to get there is a matter of routes.
std::optional<IpAddress> gateway_in(const Json& object, const Prefix& subnet,
                                    const std::string& path) {
  const auto* found = find(object, "gateway");
  if (!found || *found == "") return {};
  const auto gateway = address_of(text_of(*found, path + ".gateway"), path + ".gateway");
  if (gateway.is_v4() != subnet.address.is_v4())
    refuse_range(path + ".gateway " + gateway.to_string() + " is of another family than " +
                 subnet.to_string());
  return gateway;
}

}  // namespace

bool IpRange::contains(const IpAddress& address) const {
  return address.is_v4() == first.is_v4() && first <= address && address <= last;
}

IpAddress next(const IpAddress& address) {
  if (address.is_v4()) return *++boost::asio::ip::address_v4_iterator(address.to_v4());
  return *++boost::asio::ip::address_v6_iterator(address.to_v6());
}

IpRange ip_range_of(const Json& value, const std::string& path) {
  object_of(value, path);
  const auto* text = find(value, "subnet");
  if (!text) refuse_range(path + ".subnet is missing");
  const auto subnet = Prefix::parse(text_of(*text, path + ".subnet"));
  if (!subnet || text->get_ref<const std::string&>().find('/') == std::string::npos)
    refuse_range(path + ".subnet must be a subnet, not " + text->dump());
  if (subnet->network().address != subnet->address)
    refuse_range(path + ".subnet has bits of a host set: " + subnet->to_string() +
                 ", the network is " + subnet->network().to_string());
  if (subnet->address.is_v6() && subnet->address.to_v6().is_v4_mapped())
    refuse_range(path + ".subnet is IPv4 in the form of IPv6: " + subnet->to_string());
  const unsigned bits = subnet->address.is_v4() ? 32 : 128;
  if (subnet->length > bits - 2)
    refuse_range(path + ".subnet " + subnet->to_string() + " is too small to give addresses from");
  IpRange range;
  range.subnet = *subnet;
  const auto lowest = next(subnet->address);
  const auto highest = subnet->address.is_v4() ? previous(subnet->last()) : subnet->last();
  range.first = address_in(value, "rangeStart", *subnet, path).value_or(lowest);
  range.last = address_in(value, "rangeEnd", *subnet, path).value_or(highest);
  const auto gateway = gateway_in(value, *subnet, path);
  range.gateway = gateway.value_or(lowest);
  range.names_gateway = gateway.has_value();
  if (range.last < range.first) refuse_range(path + ".rangeEnd comes before rangeStart");
  range.first = std::max(range.first, lowest);
  range.last = std::min(range.last, highest);
  if (range.last < range.first)
    refuse_range(path + " has no address to give: those of the network and of the broadcast of " +
                 subnet->to_string() + " are no pod's");
  return range;
}

std::vector<std::vector<IpRange>> ip_range_sets_of(const Json& value, const std::string& path) {
  std::vector<std::vector<IpRange>> sets;
  for (const auto& list : array_of(value, path)) {
    std::vector<IpRange> set;
    for (const auto& item : array_of(list, path + "[]"))
      set.push_back(ip_range_of(item, path + "[][]"));
    if (set.empty()) refuse_range(path + " has a set without a range");
    sets.push_back(std::move(set));
  }
  return sets;
}

}  // namespace paddock::net::cni
