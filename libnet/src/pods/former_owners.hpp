// SPDX-License-Identifier: Apache-2.0
//
// Who had a free address last, so that a pod can have it back.
#pragma once

#include <paddock/net/address.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace paddock::net {

class FormerOwners {
 public:
  void note(const IpAddress& address, const std::string& owner) {
    forget(address);
    if (owner.empty()) return;
    owners_[address] = owner;
    addresses_[owner].push_back(address);
  }
  // Somebody has it now.
  void forget(const IpAddress& address) {
    const auto found = owners_.find(address);
    if (found == owners_.end()) return;
    const auto list = addresses_.find(found->second);
    std::erase(list->second, address);
    if (list->second.empty()) addresses_.erase(list);
    owners_.erase(found);
  }
  // What the owner had and nobody has now, of each family the one freed last.
  [[nodiscard]] std::vector<IpAddress> addresses_of(const std::string& owner) const {
    std::vector<IpAddress> result;
    const auto found = addresses_.find(owner);
    if (found == addresses_.end()) return result;
    for (auto address = found->second.rbegin(); address != found->second.rend(); ++address) {
      const bool has_family = std::ranges::any_of(
          result, [&](const IpAddress& other) { return other.is_v4() == address->is_v4(); });
      if (!has_family) result.push_back(*address);
    }
    return result;
  }

 private:
  std::map<IpAddress, std::string> owners_;
  std::unordered_map<std::string, std::vector<IpAddress>> addresses_;  // the last one freed last
};

}  // namespace paddock::net
