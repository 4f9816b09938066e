// SPDX-License-Identifier: Apache-2.0
#include "ipam/pool_subnet.hpp"

#include <stdexcept>
#include <utility>

namespace paddock::net::ipam {
namespace {

constexpr Number ipv6_window = 65536;

// What is left of the (sorted, disjoint) spans without the hole.
std::vector<Span> without(const std::vector<Span>& spans, Span hole) {
  std::vector<Span> left;
  for (const auto& span : spans) {
    if (hole.last < span.first || hole.first > span.last) {
      left.push_back(span);
      continue;
    }
    if (span.first < hole.first) left.push_back({span.first, hole.first - 1});
    if (hole.last < span.last) left.push_back({hole.last + 1, span.last});
  }
  return left;
}

// The first addresses of the spans, at most `limit` of them.
std::vector<Span> head(const std::vector<Span>& spans, Number limit) {
  std::vector<Span> result;
  for (const auto& span : spans) {
    if (limit == 0) break;
    const Number count = std::min(limit, span.last - span.first + 1);
    result.push_back({span.first, span.first + count - 1});
    limit -= count;
  }
  return result;
}

}  // namespace

Number to_number(const IpAddress& address) {
  if (address.is_v4()) return address.to_v4().to_uint();
  Number number = 0;
  for (const auto byte : address.to_v6().to_bytes()) number = (number << 8) | byte;
  return number;
}

IpAddress to_address(Number number, bool v4) {
  if (v4) return boost::asio::ip::address_v4(static_cast<std::uint32_t>(number));
  boost::asio::ip::address_v6::bytes_type bytes;
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, number >>= 8)
    *byte = static_cast<std::uint8_t>(number);
  return boost::asio::ip::address_v6(bytes);
}

std::vector<Span> shared(const std::vector<Span>& left, const std::vector<Span>& right) {
  std::vector<Span> result;
  for (const auto& one : left) {
    for (const auto& other : right) {
      const Span both{std::max(one.first, other.first), std::min(one.last, other.last)};
      if (both.first <= both.last) result.push_back(both);
    }
  }
  return result;
}

std::vector<Span> merged(std::vector<Span> spans) {
  std::ranges::sort(spans, {}, &Span::first);
  std::vector<Span> result;
  for (const auto& span : spans) {
    if (!result.empty() && span.first <= result.back().last)
      result.back().last = std::max(result.back().last, span.last);
    else
      result.push_back(span);
  }
  return result;
}

Subnet make_subnet(const PoolSubnet& wanted, const std::vector<AddressRange>& exclusions) {
  const auto& network = wanted.network;
  const bool v4 = network.address.is_v4();
  const unsigned bits = v4 ? 32 : 128;
  if (!(network == network.network()))
    throw std::invalid_argument("subnet " + network.to_string() +
                                " has host bits set: did you mean " +
                                network.network().to_string() + "?");
  if (network.length + 2 > bits)
    throw std::invalid_argument("subnet " + network.to_string() + " is too small for pods: use /" +
                                std::to_string(bits - 2) + " or wider");
  Subnet subnet{.network = network, .gateway = {}, .all = {}, .allowed = {}, .fresh = {}};
  subnet.all.first = to_number(network.address);
  subnet.all.last = network.length == 0
                        ? ~Number{0} >> (128 - bits)
                        : subnet.all.first + ((Number{1} << (bits - network.length)) - 1);
  subnet.gateway = wanted.gateway.value_or(to_address(subnet.all.first + 1, v4));
  if (!network.contains(subnet.gateway))
    throw std::invalid_argument("gateway " + subnet.gateway.to_string() + " is not in subnet " +
                                network.to_string());
  std::vector<Span> spans;
  for (const auto& range : wanted.ranges) {
    if (!network.contains(range.first) || !network.contains(range.last))
      throw std::invalid_argument("range " + range.first.to_string() + "-" +
                                  range.last.to_string() + " is not in subnet " +
                                  network.to_string());
    spans.push_back({to_number(range.first), to_number(range.last)});
  }
  if (spans.empty()) spans.push_back(subnet.all);
  spans = without(merged(std::move(spans)), {subnet.all.first, subnet.all.first});
  if (v4) spans = without(spans, {subnet.all.last, subnet.all.last});
  const Number gateway = to_number(subnet.gateway);
  spans = without(spans, {gateway, gateway});
  for (const auto& hole : exclusions) {
    if (hole.first.is_v4() == v4)
      spans = without(spans, {to_number(hole.first), to_number(hole.last)});
  }
  subnet.allowed = std::move(spans);
  subnet.fresh = v4 ? subnet.allowed : head(subnet.allowed, ipv6_window);
  for (const auto& span : subnet.fresh)
    subnet.size += static_cast<std::uint64_t>(span.last - span.first + 1);
  if (subnet.size == 0)
    throw std::invalid_argument("subnet " + network.to_string() +
                                " has no address to give out: its ranges are empty or excluded");
  return subnet;
}

}  // namespace paddock::net::ipam
