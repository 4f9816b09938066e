// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/address_pool.hpp>

#include <algorithm>
#include <deque>
#include <stdexcept>
#include <unordered_map>
#include <utility>

namespace paddock::net {
namespace {

__extension__ using Number = unsigned __int128;  // an address of either family

constexpr Number ipv6_window = 65536;

struct Span {
  Number first;
  Number last;
};

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

struct NumberHash {
  std::size_t operator()(Number number) const {
    const auto mixed = static_cast<std::uint64_t>(number) * 0x9e3779b97f4a7c15U;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32) ^
                                    static_cast<std::uint64_t>(number >> 64));
  }
};

struct Subnet {
  Prefix network;
  IpAddress gateway;
  Span all;
  std::vector<Span> allowed;  // may be given out when asked for
  std::vector<Span> fresh;    // is given out unasked
  std::uint64_t size = 0;
  std::uint64_t taken = 0;
  std::size_t cursor_span = 0;  // the next never used address is at or after
  Number cursor = 0;            // fresh[cursor_span].first + cursor

  bool allows(Number number) const {
    return std::ranges::any_of(allowed, [number](const Span& span) {
      return span.first <= number && number <= span.last;
    });
  }
};

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

// The subnets of one family and what was done with their addresses.
class Family {
 public:
  using Time = AddressPool::Time;

  explicit Family(bool v4) : v4_(v4) {}

  bool is_v4() const { return v4_; }
  std::vector<Subnet>& subnets() { return subnets_; }
  const std::vector<Subnet>& subnets() const { return subnets_; }

  Subnet* subnet_of(Number number) {
    const auto found = std::ranges::find_if(subnets_, [number](const Subnet& subnet) {
      return subnet.all.first <= number && number <= subnet.all.last;
    });
    return found == subnets_.end() ? nullptr : &*found;
  }

  bool is_taken(Number number) const {
    const auto found = used_.find(number);
    return found != used_.end() && found->second.taken;
  }

  void mark_taken(Number number) {
    used_[number] = {.taken = true, .stamp = 0};
    ++subnet_of(number)->taken;
  }

  // Takes the best free address; absent when there is none.
  std::optional<Number> take(Time now, Time::duration quarantine) {
    auto number = next_fresh();
    if (!number) number = next_freed(now, quarantine);
    if (number) mark_taken(*number);
    return number;
  }

  void add_freed(Number number, Time when) {
    if (const auto* subnet = subnet_of(number); !subnet || !subnet->allows(number)) {
      used_.erase(number);
      return;
    }
    used_[number] = {.taken = false, .stamp = ++stamp_};
    sorted_ = sorted_ && (freed_.empty() || freed_.back().when <= when);
    freed_.push_back({number, stamp_, when});
  }

  void release(Number number, Time now) {
    --subnet_of(number)->taken;
    add_freed(number, now);
  }

  // Addresses freed less than the quarantine ago, per subnet.
  std::uint64_t resting(const Subnet& subnet, Time now, Time::duration quarantine) const {
    std::uint64_t count = 0;
    for (const auto& entry : freed_) {
      const bool inside = subnet.all.first <= entry.number && entry.number <= subnet.all.last;
      if (inside && is_current(entry) && entry.when + quarantine > now) ++count;
    }
    return count;
  }

 private:
  struct Use {
    bool taken;
    std::uint64_t stamp;  // which entry of freed_ speaks for the address
  };
  struct Freed {
    Number number;
    std::uint64_t stamp;
    Time when;
  };

  bool is_current(const Freed& entry) const {
    const auto found = used_.find(entry.number);
    return found != used_.end() && !found->second.taken && found->second.stamp == entry.stamp;
  }

  std::optional<Number> next_fresh() {
    for (auto& subnet : subnets_) {
      while (subnet.cursor_span < subnet.fresh.size()) {
        const auto& span = subnet.fresh[subnet.cursor_span];
        const Number number = span.first + subnet.cursor;
        if (number == span.last) {
          ++subnet.cursor_span;
          subnet.cursor = 0;
        } else {
          ++subnet.cursor;
        }
        if (!used_.contains(number)) return number;
      }
    }
    return {};
  }

  std::optional<Number> next_freed(Time now, Time::duration quarantine) {
    if (!sorted_) std::ranges::stable_sort(freed_, {}, &Freed::when);
    sorted_ = true;
    while (!freed_.empty()) {
      auto& oldest = freed_.front();
      if (!is_current(oldest)) {
        freed_.pop_front();
        continue;
      }
      oldest.when = std::min(oldest.when, now);  // a clock set back must not lock addresses away
      if (oldest.when + quarantine > now) return {};
      const Number number = oldest.number;
      freed_.pop_front();
      return number;
    }
    return {};
  }

  bool v4_;
  std::vector<Subnet> subnets_;
  std::unordered_map<Number, Use, NumberHash> used_;  // every address ever used
  std::deque<Freed> freed_;                           // oldest first, with entries out of date
  bool sorted_ = true;
  std::uint64_t stamp_ = 0;
};

Error failure(boost::system::errc::errc_t code, std::string text) {
  return {make_error_code(code), std::move(text)};
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

  Error used_up(const Family& family, Time now) const {
    std::uint64_t size = 0;
    std::uint64_t taken = 0;
    std::uint64_t resting = 0;
    std::string names;
    for (const auto& subnet : family.subnets()) {
      size += subnet.size;
      taken += subnet.taken;
      resting += family.resting(subnet, now, options.quarantine);
      names += (names.empty() ? "" : ", ") + subnet.network.to_string();
    }
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
  if (options.subnets.empty())
    throw std::invalid_argument("pool " + options.name + " has no subnet");
  for (const auto& wanted : options.subnets) {
    auto subnet = make_subnet(wanted, options.exclusions);
    auto* family = state_->family_of(wanted.network.address);
    if (!family) family = &state_->families.emplace_back(wanted.network.address.is_v4());
    for (const auto& other : family->subnets()) {
      if (subnet.all.first <= other.all.last && other.all.first <= subnet.all.last)
        throw std::invalid_argument("subnets " + other.network.to_string() + " and " +
                                    subnet.network.to_string() + " overlap");
    }
    family->subnets().push_back(std::move(subnet));
  }
  state_->options = std::move(options);
}

AddressPool::~AddressPool() = default;
AddressPool::AddressPool(AddressPool&&) noexcept = default;
AddressPool& AddressPool::operator=(AddressPool&&) noexcept = default;

Result<std::vector<IpAddress>> AddressPool::take(std::span<const IpAddress> requested, Time now) {
  for (const auto& address : requested) {
    if (auto allowed = state_->may_give(address); !allowed) return allowed.error();
    if (std::ranges::count(requested, address.is_v4(), &IpAddress::is_v4) > 1)
      return failure(boost::system::errc::invalid_argument,
                     "more than one address of a family was asked for");
  }
  std::vector<IpAddress> result;
  for (auto& family : state_->families) {
    const auto asked = std::ranges::find(requested, family.is_v4(), &IpAddress::is_v4);
    std::optional<Number> number;
    if (asked != requested.end()) {
      number = to_number(*asked);
      family.mark_taken(*number);
    } else {
      number = family.take(now, state_->options.quarantine);
    }
    if (!number) {
      auto error = state_->used_up(family, now);
      for (const auto& address : result) free(address, now - state_->options.quarantine);
      return error;
    }
    result.push_back(to_address(*number, family.is_v4()));
  }
  return result;
}

bool AddressPool::restore(const IpAddress& address) {
  auto* family = state_->family_of(address);
  const auto number = to_number(address);
  if (!family || !family->subnet_of(number) || family->is_taken(number)) return false;
  family->mark_taken(number);
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

}  // namespace paddock::net
