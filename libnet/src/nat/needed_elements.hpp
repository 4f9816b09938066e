// SPDX-License-Identifier: Apache-2.0
//
// Elements of sets in table "inet paddock" that attachments need: the kernel has each as long as
// anybody needs it. Any thread.
#pragma once

#include "nat/elements.hpp"
#include "netlink/socket_pool.hpp"

#include <paddock/net/address.hpp>
#include <paddock/net/error.hpp>
#include <paddock/net/namespace.hpp>

#include <compare>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace paddock::net::nat {

struct Element {
  std::string set;
  Key key;
  Key end;  // empty: no interval

  friend auto operator<=>(const Element&, const Element&) = default;
};

// Sets of a ruleset whose elements are looked after here; ruleset.cpp says what they are for.
inline constexpr const char* needed_sets[] = {
    "home4",   "home6",     "masqueraded4", "masqueraded6", "masked4",
    "masked6", "unmasked4", "unmasked6",    "fenced_links", "inside_links"};

enum class Leaving { as_it_is, masqueraded };

// For a pod of a network that is not netd's own. Each address has the length of its network.
std::vector<Element> guest_elements(const std::vector<Prefix>& addresses, Leaving leaving);

// As whom a pod sees those who ask its ports of the host: as themselves where answers come back
// over the host anyway, always as the host, or always as themselves.
enum class Asker { host_when_needed, host, itself };
std::vector<Element> asker_elements(const std::vector<IpAddress>& addresses, Asker asker);

// For a bridge from which no other such bridge is reached, nor, when `inside` says so, its own
// pods.
enum class Inside { reachable, closed };
std::vector<Element> fence_elements(const std::string& bridge, Inside inside);

class NeededElements {
 public:
  // Throws std::system_error when no netlink socket can be opened there.
  explicit NeededElements(const NetworkNamespace& host);

  // In addition to what the owner needs already. While the table is not there, which restore() sees
  // to, this is success.
  Result<void> need(const std::string& owner, const std::vector<Element>& elements);
  // The same for what an earlier process did: restore() looks after it.
  void adopt(const std::string& owner, const std::vector<Element>& elements);
  // All the owner needed, or of it these.
  Result<void> drop(const std::string& owner);
  Result<void> drop(const std::string& owner, const std::vector<Element>& elements);
  // Whether the kernel has all of these.
  Result<bool> has(const std::vector<Element>& elements);

  // Makes the kernel's sets equal to what is needed; returns how many elements differed.
  Result<std::size_t> restore();

 private:
  std::vector<Element> remember(const std::string& owner, const std::vector<Element>& elements);
  Result<void> remove(const std::vector<Element>& gone);

  netlink::SocketPool sockets_;
  std::mutex kernel_;  // one transaction after the other, so that restore() sees all or nothing
  std::mutex mutex_;   // the two below: held for memory only
  std::map<std::string, std::vector<Element>> owners_;
  std::map<Element, unsigned> needed_;
};

}  // namespace paddock::net::nat
