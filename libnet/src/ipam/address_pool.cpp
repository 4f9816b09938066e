// SPDX-License-Identifier: Apache-2.0
#include "ipam/pool_family.hpp"

#include <paddock/net/address_pool.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace paddock::net {
namespace {

using ipam::Family;
using ipam::make_subnet;
using ipam::Number;
using ipam::to_address;
using ipam::to_number;

Error failure(boost::system::errc::errc_t code, std::string text) {
  return {make_error_code(code), std::move(text)};
}

std::vector<ipam::Span> spans_of(std::span<const AddressRange> ranges, bool v4) {
  std::vector<ipam::Span> spans;
  for (const auto& range : ranges) {
    if (range.first.is_v4() == v4) spans.push_back({to_number(range.first), to_number(range.last)});
  }
  return ipam::merged(std::move(spans));
}

}  // namespace

class AddressPool::State {
 public:
  PoolOptions options;
  std::vector<Family> families;

  Family* family_of(const IpAddress& address) {
    const auto found = std::ranges::find(families, address.is_v4(), &Family::is_v4);
    return found == families.end() ? nullptr : &*found;
  }

  Result<void> may_give(const IpAddress& address) {
    auto* family = family_of(address);
    const auto number = to_number(address);
    auto* subnet = family ? family->subnet_of(number) : nullptr;
    const auto text = "address " + address.to_string();
    if (!subnet)
      return failure(boost::system::errc::address_not_available,
                     text + " was asked for, but is in no subnet of pool " + options.name);
    if (!subnet->allows(number))
      return failure(boost::system::errc::address_not_available,
                     text + " was asked for, but is reserved or excluded in subnet " +
                         subnet->network.to_string());
    if (family->is_taken(number))
      return failure(boost::system::errc::address_in_use,
                     text + " was asked for, but another pod has it");
    return {};
  }

  // Whether one subnet has all of the range.
  bool has(const AddressRange& range) {
    auto* family = family_of(range.first);
    const auto* subnet = family ? family->subnet_of(to_number(range.first)) : nullptr;
    return subnet && subnet->network.contains(range.last);
  }

  // Throws as the pool itself. IPv4 comes before IPv6.
  void add(const PoolSubnet& wanted) {
    auto subnet = make_subnet(wanted, options.exclusions);
    auto* family = family_of(wanted.network.address);
    if (!family) {
      const bool v4 = wanted.network.address.is_v4();
      family = &*families.emplace(v4 ? families.begin() : families.end(), v4);
    }
    for (auto& other : family->subnets()) {
      if (other.network == subnet.network && other.is_closed()) {
        subnet.taken = other.taken;
        other = std::move(subnet);
        return;
      }
      if (subnet.all.first <= other.all.last && other.all.first <= subnet.all.last)
        throw std::invalid_argument("subnets " + other.network.to_string() + " and " +
                                    subnet.network.to_string() + " overlap");
    }
    family->subnets().push_back(std::move(subnet));
  }

  Error used_up(const Family& family, Time now) const {
    std::uint64_t size = 0;
    std::uint64_t taken = 0;
    std::uint64_t resting = 0;
    std::string names;
    for (const auto& subnet : family.subnets()) {
      if (subnet.is_closed()) continue;
      size += subnet.size;
      taken += subnet.taken;
      resting += family.resting(subnet, now, options.quarantine);
      names += (names.empty() ? "" : ", ") + subnet.network.to_string();
    }
    if (names.empty())
      return failure(boost::system::errc::no_buffer_space,
                     "pool " + options.name + " has no open subnet; give this host another one");
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(options.quarantine).count();
    return failure(boost::system::errc::no_buffer_space,
                   "pool " + options.name + " (" + names +
                       ") is used up: " + std::to_string(taken) + " of " + std::to_string(size) +
                       " addresses taken, " + std::to_string(resting) + " freed less than " +
                       std::to_string(seconds) +
                       " s ago; remove pods or give this host another subnet");
  }
};

AddressPool::AddressPool(PoolOptions options) : state_(std::make_unique<State>()) {
  state_->options = std::move(options);
  for (const auto& wanted : state_->options.subnets) state_->add(wanted);
}

AddressPool::~AddressPool() = default;
AddressPool::AddressPool(AddressPool&&) noexcept = default;
AddressPool& AddressPool::operator=(AddressPool&&) noexcept = default;

Result<std::vector<IpAddress>> AddressPool::take(std::span<const IpAddress> requested, Time now,
                                                 std::span<const AddressRange> within) {
  if (state_->families.empty())
    return failure(boost::system::errc::no_buffer_space,
                   "pool " + state_->options.name + " has no subnet yet");
  for (const auto& range : within) {
    if (!state_->has(range))
      return failure(boost::system::errc::address_not_available,
                     "addresses of " + range.to_string() + " were asked for, but pool " +
                         state_->options.name + " has no subnet with all of them");
  }
  for (const auto& address : requested) {
    const auto spans = spans_of(within, address.is_v4());
    if (!spans.empty() && !ipam::is_in(to_number(address), spans))
      return failure(boost::system::errc::address_not_available,
                     "address " + address.to_string() +
                         " was asked for, but is in none of the ranges that were");
    if (auto allowed = state_->may_give(address); !allowed) return allowed.error();
    if (std::ranges::count(requested, address.is_v4(), &IpAddress::is_v4) > 1)
      return failure(boost::system::errc::invalid_argument,
                     "more than one address of a family was asked for");
  }
  std::vector<IpAddress> result;
  for (auto& family : state_->families) {
    const auto asked = std::ranges::find(requested, family.is_v4(), &IpAddress::is_v4);
    const auto spans = spans_of(within, family.is_v4());
    std::optional<Number> number;
    if (asked != requested.end()) {
      number = to_number(*asked);
      family.mark_taken(*number);
    } else if (!spans.empty()) {
      number = family.take_within(spans, now, state_->options.quarantine);
    } else {
      number = family.take(now, state_->options.quarantine);
    }
    if (!number) {
      auto error = spans.empty() ? state_->used_up(family, now)
                                 : failure(boost::system::errc::no_buffer_space,
                                           "no address is left in the ranges that were asked for");
      for (const auto& address : result) free(address, now - state_->options.quarantine);
      return error;
    }
    result.push_back(to_address(*number, family.is_v4()));
  }
  return result;
}

Result<void> AddressPool::add(const PoolSubnet& subnet) {
  try {
    state_->add(subnet);
    return {};
  } catch (const std::invalid_argument& wrong) {
    return failure(boost::system::errc::invalid_argument, wrong.what());
  }
}

void AddressPool::close(const Prefix& network) {
  for (auto& family : state_->families) {
    const auto found = std::ranges::find(family.subnets(), network, &ipam::Subnet::network);
    if (found != family.subnets().end()) found->close();
  }
}

bool AddressPool::restore(const IpAddress& address) {
  auto* family = state_->family_of(address);
  const auto number = to_number(address);
  if (!family || !family->subnet_of(number) || family->is_taken(number)) return false;
  family->restore_taken(number);
  return true;
}

void AddressPool::restore_freed(const IpAddress& address, Time when) {
  auto* family = state_->family_of(address);
  const auto number = to_number(address);
  if (family && !family->is_taken(number)) family->add_freed(number, when);
}

void AddressPool::free(const IpAddress& address, Time now) {
  auto* family = state_->family_of(address);
  const auto number = to_number(address);
  if (family && family->subnet_of(number) && family->is_taken(number)) family->release(number, now);
}

std::optional<Prefix> AddressPool::network_of(const IpAddress& address) const {
  auto* family = state_->family_of(address);
  const auto* subnet = family ? family->subnet_of(to_number(address)) : nullptr;
  return subnet ? std::optional(subnet->network) : std::nullopt;
}

std::optional<IpAddress> AddressPool::gateway_of(const IpAddress& address) const {
  auto* family = state_->family_of(address);
  const auto* subnet = family ? family->subnet_of(to_number(address)) : nullptr;
  return subnet ? std::optional(subnet->gateway) : std::nullopt;
}

std::vector<AddressPool::Usage> AddressPool::usage(Time now) const {
  std::vector<Usage> result;
  for (const auto& family : state_->families) {
    for (const auto& subnet : family.subnets())
      result.push_back({subnet.network, subnet.size, subnet.taken,
                        family.resting(subnet, now, state_->options.quarantine)});
  }
  return result;
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const auto dash = text.find('-');
  boost::system::error_code failed;
  const auto first = boost::asio::ip::make_address(std::string(text.substr(0, dash)), failed);
  if (failed) return {};
  if (dash == std::string_view::npos) return AddressRange{first, first};
  const auto last = boost::asio::ip::make_address(std::string(text.substr(dash + 1)), failed);
  if (failed || first.is_v4() != last.is_v4() || last < first) return {};
  return AddressRange{first, last};
}

std::string AddressRange::to_string() const {
  return first == last ? first.to_string() : first.to_string() + "-" + last.to_string();
}

}  // namespace paddock::net
