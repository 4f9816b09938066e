// SPDX-License-Identifier: Apache-2.0
#include "skydns/records.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>

namespace paddock::dns {
namespace {

std::optional<boost::asio::ip::address> address_of(const Leaf& leaf) {
  boost::system::error_code error;
  auto address = boost::asio::ip::make_address(leaf.entry.host, error);
  if (error) return std::nullopt;
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  }
  return address;
}

// The entry was parsed: a host that is no address is a name.
Name host_of(const Leaf& leaf) { return Name::parse(leaf.entry.host).value(); }

// Where a service or mail server is: the host's name; for an address, the key's, cut as it says.
Name target_of(const Leaf& leaf) {
  if (!address_of(leaf)) return host_of(leaf);
  Name name = leaf.name;
  for (unsigned i = 0; i < leaf.entry.target_strip; ++i) name = name.parent();
  return name;
}

Record mx_record(const Name& owner, const Leaf& leaf) {
  Record record{.owner = owner, .type = Type::mx, .ttl = leaf.ttl};
  const auto target = target_of(leaf);
  const auto wire = target.wire();
  record.data = {static_cast<char>(leaf.entry.priority >> 8),
                 static_cast<char>(leaf.entry.priority & 0xFF)};
  record.data.append(wire.begin(), wire.end());
  return record;
}

unsigned weight_of(const Leaf& leaf) { return leaf.entry.weight == 0 ? 100 : leaf.entry.weight; }

// Each leaf's share of 100, among those of its priority; at least 1.
class Weights {
 public:
  explicit Weights(const Leaves& leaves) {
    for (const Leaf* leaf : leaves) {
      if (!leaf->entry.host.empty()) sums_[leaf->entry.priority] += weight_of(*leaf);
    }
  }

  std::uint16_t share_of(const Leaf& leaf) const {
    const unsigned share = weight_of(leaf) * 100 / sums_.at(leaf.entry.priority);
    return static_cast<std::uint16_t>(std::max(1u, share));
  }

 private:
  std::map<std::uint16_t, unsigned> sums_;
};

// Entries that say the same count once, before they share the weight.
Leaves without_repeated(const Leaves& leaves) {
  const auto less = [](const Leaf* a, const Leaf* b) {
    const auto said = [](const SkyDnsEntry& entry) {
      return std::tie(entry.host, entry.port, entry.priority, entry.weight, entry.text,
                      entry.is_mail);
    };
    return said(a->entry) < said(b->entry);
  };
  std::set<const Leaf*, decltype(less)> seen(less);
  Leaves different;
  for (const Leaf* leaf : leaves) {
    if (seen.insert(leaf).second) different.push_back(leaf);
  }
  return different;
}

}  // namespace

Leaves of_one_group(const Leaves& leaves) {
  const auto height = [](const Leaf* leaf) { return leaf->labels.size(); };
  const auto top = std::ranges::min_element(leaves, {}, height);
  if (top == leaves.end() || (*top)->entry.group.empty()) return leaves;
  const std::string& group = (*top)->entry.group;
  Leaves chosen;
  for (const Leaf* leaf : leaves) {
    const std::string& own = leaf->entry.group;
    if (!own.empty() && own != group && height(leaf) == height(*top)) return leaves;
    if (own.empty() || own == group) chosen.push_back(leaf);
  }
  return chosen;
}

std::vector<Record> records_of(const Name& owner, const Leaves& all) {
  const Leaves leaves = without_repeated(all);
  std::vector<Record> records;
  std::optional<Record> alias;
  const Weights weights(leaves);
  for (const Leaf* leaf : leaves) {
    const SkyDnsEntry& entry = leaf->entry;
    if (!entry.text.empty()) records.push_back(txt_record(owner, entry.text, leaf->ttl));
    if (entry.host.empty()) continue;
    if (const auto address = address_of(*leaf)) {
      records.push_back(address_record(owner, *address, leaf->ttl));
    } else if (!alias && host_of(*leaf) != owner) {
      alias = cname_record(owner, host_of(*leaf), leaf->ttl);
    }
    records.push_back(srv_record(owner,
                                 {.priority = entry.priority,
                                  .weight = weights.share_of(*leaf),
                                  .port = entry.port,
                                  .target = target_of(*leaf)},
                                 leaf->ttl));
    if (entry.is_mail) records.push_back(mx_record(owner, *leaf));
  }
  const auto is_address = [](const Record& record) {
    return record.type == Type::a || record.type == Type::aaaa;
  };
  // The name goes on at a host only when it has no address itself; the other types it has stay.
  if (alias && std::ranges::none_of(records, is_address)) {
    alias->precedence = Precedence::fallback;
    records.push_back(*alias);
  }
  return records;
}

std::vector<Record> pointers_of(const Leaf& leaf) {
  if (leaf.entry.host.empty() || address_of(leaf)) return {};
  return {ptr_record(leaf.name, host_of(leaf), leaf.ttl)};
}

}  // namespace paddock::dns
