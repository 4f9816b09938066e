// SPDX-License-Identifier: Apache-2.0
#include "standard/ranges.hpp"

#include <boost/asio/ip/address_v4_iterator.hpp>
#include <boost/asio/ip/address_v6_iterator.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace paddock::net::standard {
namespace {

using cni::Code;
using cni::Json;
using cni::Refusal;

constexpr const char* correct_the_ranges =
    "correct the ranges in ipam, or those of runtimeConfig.ipRanges";

[[noreturn]] void refuse(const std::string& msg) {
  throw Refusal{Code::bad_config, msg, correct_the_ranges};
}

IpAddress next(const IpAddress& address) {
  if (address.is_v4()) return *++boost::asio::ip::address_v4_iterator(address.to_v4());
  return *++boost::asio::ip::address_v6_iterator(address.to_v6());
}

IpAddress previous(const IpAddress& address) {
  if (address.is_v4()) return *--boost::asio::ip::address_v4_iterator(address.to_v4());
  return *--boost::asio::ip::address_v6_iterator(address.to_v6());
}

// With all host bits set.
IpAddress last_of(const Prefix& network) {
  const auto fill = [&](auto octets) {
    for (unsigned bit = network.length; bit < octets.size() * 8; ++bit)
      octets[bit / 8] = static_cast<unsigned char>(octets[bit / 8] | (0x80U >> bit % 8));
    return octets;
  };
  if (network.address.is_v4())
    return boost::asio::ip::address_v4(fill(network.address.to_v4().to_bytes()));
  return boost::asio::ip::address_v6(fill(network.address.to_v6().to_bytes()));
}

std::optional<IpAddress> address_in(const Json& object, const char* name, const Prefix& subnet,
                                    const std::string& path) {
  const auto* found = cni::find(object, name);
  if (!found || *found == "") return {};
  const auto where = path + "." + name;
  const auto address = cni::address_of(cni::text_of(*found, where), where);
  if (!subnet.contains(address))
    refuse(where + " " + address.to_string() + " lies outside of " + subnet.to_string());
  return address;
}

// Where an address of the set comes after in the round, as an index of ranges.
std::size_t position(const RangeSet& set, const IpAddress& address) {
  const auto found =
      std::ranges::find_if(set, [&](const Range& range) { return range.contains(address); });
  return static_cast<std::size_t>(found - set.begin());
}

}  // namespace

bool Range::contains(const IpAddress& address) const {
  return address.is_v4() == first.is_v4() && first <= address && address <= last;
}

Range range_of(const Json& value, const std::string& path) {
  cni::object_of(value, path);
  const auto* text = cni::find(value, "subnet");
  if (!text) refuse(path + ".subnet is missing");
  const auto subnet = Prefix::parse(cni::text_of(*text, path + ".subnet"));
  if (!subnet || text->get_ref<const std::string&>().find('/') == std::string::npos)
    refuse(path + ".subnet must be a subnet, not " + text->dump());
  if (subnet->network().address != subnet->address)
    refuse(path + ".subnet has bits of a host set: " + subnet->to_string() + ", the network is " +
           subnet->network().to_string());
  const unsigned bits = subnet->address.is_v4() ? 32 : 128;
  if (subnet->length > bits - 2)
    refuse(path + ".subnet " + subnet->to_string() + " is too small to give addresses from");
  Range range;
  range.subnet = *subnet;
  const auto lowest = next(subnet->address);
  const auto highest = subnet->address.is_v4() ? previous(last_of(*subnet)) : last_of(*subnet);
  range.first = address_in(value, "rangeStart", *subnet, path).value_or(lowest);
  range.last = address_in(value, "rangeEnd", *subnet, path).value_or(highest);
  range.gateway = address_in(value, "gateway", *subnet, path).value_or(lowest);
  if (range.last < range.first) refuse(path + ".rangeEnd comes before rangeStart");
  range.first = std::max(range.first, lowest);
  range.last = std::min(range.last, highest);
  return range;
}

std::vector<RangeSet> range_sets_of(const Json& value, const std::string& path) {
  std::vector<RangeSet> sets;
  for (const auto& list : cni::array_of(value, path)) {
    RangeSet set;
    for (const auto& item : cni::array_of(list, path + "[]"))
      set.push_back(range_of(item, path + "[][]"));
    if (set.empty()) refuse(path + " has a set without a range");
    sets.push_back(std::move(set));
  }
  return sets;
}

void check_overlaps(const std::vector<RangeSet>& sets) {
  std::vector<Range> seen;
  for (const auto& set : sets) {
    for (const auto& range : set) {
      if (range.first.is_v4() != set.front().first.is_v4())
        refuse("a set of ranges mixes IPv4 and IPv6: " + range.subnet.to_string());
      for (const auto& other : seen) {
        if (other.contains(range.first) || other.contains(range.last) ||
            range.contains(other.first))
          refuse("ranges overlap: " + range.first.to_string() + "-" + range.last.to_string() +
                 " and " + other.first.to_string() + "-" + other.last.to_string());
      }
      seen.push_back(range);
    }
  }
}

bool contains(const RangeSet& set, const IpAddress& address) {
  return position(set, address) < set.size();
}

bool is_gateway(const RangeSet& set, const IpAddress& address) {
  return std::ranges::any_of(set, [&](const Range& range) { return range.gateway == address; });
}

std::optional<Choice> choose(const RangeSet& set, const std::optional<IpAddress>& last,
                             const std::function<bool(const IpAddress&)>& is_taken) {
  std::size_t at = last ? position(set, *last) : set.size();
  const bool anew = at == set.size();
  if (anew) at = 0;
  const IpAddress begin = anew ? set[0].first : *last;
  IpAddress candidate = begin;
  bool first_look = anew;
  for (;;) {
    if (!first_look) {
      if (candidate == set[at].last) {
        at = (at + 1) % set.size();
        candidate = set[at].first;
      } else {
        candidate = next(candidate);
      }
    }
    const bool came_round = !first_look && candidate == begin;
    first_look = false;
    if (came_round && anew) return {};
    if (!is_gateway(set, candidate) && !is_taken(candidate)) return Choice{candidate, set[at]};
    if (came_round) return {};
  }
}

}  // namespace paddock::net::standard
