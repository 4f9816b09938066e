// SPDX-License-Identifier: Apache-2.0
#include "nat/needed_elements.hpp"

#include "marks.hpp"
#include "nat/nfnetlink.hpp"

#include <linux/netfilter.h>
#include <linux/netlink.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>

namespace paddock::net::nat {
namespace {

SetName name_of(const std::string& set) { return {NFPROTO_INET, table_name, set}; }

void add(netlink::Batch& batch, const Element& element) {
  if (element.end.bytes().empty())
    add_element(batch, name_of(element.set), element.key);
  else
    add_interval(batch, name_of(element.set), element.key, element.end);
}

void remove_from(netlink::Batch& batch, const Element& element) {
  if (element.end.bytes().empty())
    delete_element(batch, name_of(element.set), element.key);
  else
    delete_interval(batch, name_of(element.set), element.key, element.end);
}

}  // namespace

std::vector<Element> guest_elements(const std::vector<Prefix>& addresses, Leaving leaving) {
  std::vector<Element> elements;
  for (const auto& address : addresses) {
    const std::string family = address.address.is_v4() ? "4" : "6";
    const auto first = address.network().address;
    const auto last = address.last();
    elements.push_back(
        {"home" + family, Key().address(first).address(first), Key().address(last).address(last)});
    if (leaving == Leaving::masqueraded)
      elements.push_back({"masqueraded" + family, Key().address(address.address), {}});
  }
  return elements;
}

std::vector<Element> asker_elements(const std::vector<IpAddress>& addresses, Asker asker) {
  std::vector<Element> elements;
  if (asker == Asker::host_when_needed) return elements;
  const std::string set = asker == Asker::host ? "masked" : "unmasked";
  for (const auto& address : addresses)
    elements.push_back({set + (address.is_v4() ? "4" : "6"), Key().address(address), {}});
  return elements;
}

std::vector<Element> fence_elements(const std::string& bridge, Inside inside) {
  std::vector<Element> elements = {{"fenced_links", Key().link_name(bridge), {}}};
  if (inside == Inside::reachable)
    elements.push_back({"inside_links", Key().link_name(bridge).link_name(bridge), {}});
  return elements;
}

NeededElements::NeededElements(const NetworkNamespace& host) : sockets_(host, NETLINK_NETFILTER) {}

// Returns those nobody needed before.
std::vector<Element> NeededElements::remember(const std::string& owner,
                                              const std::vector<Element>& elements) {
  if (elements.empty()) return {};  // as most pods, who need not be known here
  const std::lock_guard lock(mutex_);
  auto& held = owners_[owner];
  std::vector<Element> fresh;
  for (const auto& element : elements) {
    if (std::ranges::find(held, element) != held.end()) continue;
    held.push_back(element);
    if (++needed_[element] == 1) fresh.push_back(element);
  }
  return fresh;
}

void NeededElements::adopt(const std::string& owner, const std::vector<Element>& elements) {
  (void)remember(owner, elements);
}

Result<void> NeededElements::need(const std::string& owner, const std::vector<Element>& elements) {
  const std::lock_guard in_order(kernel_);
  netlink::Batch batch;
  for (const auto& element : remember(owner, elements)) add(batch, element);
  const auto done = sockets_.borrow()->commit(batch);
  return done || is_missing(done.error()) ? Result<void>() : done;
}

Result<void> NeededElements::remove(const std::vector<Element>& gone) {
  netlink::Batch batch;
  for (const auto& element : gone) remove_from(batch, element);
  const auto done = sockets_.borrow()->commit(batch);
  return done || is_missing(done.error()) ? Result<void>() : done;
}

Result<void> NeededElements::drop(const std::string& owner) {
  std::vector<Element> held;
  {
    const std::lock_guard lock(mutex_);
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return {};
    held = found->second;
  }
  return drop(owner, held);
}

Result<void> NeededElements::drop(const std::string& owner, const std::vector<Element>& elements) {
  const std::lock_guard in_order(kernel_);
  std::vector<Element> gone;
  {
    const std::lock_guard lock(mutex_);
    const auto found = owners_.find(owner);
    if (found == owners_.end()) return {};
    for (const auto& element : elements) {
      if (std::erase(found->second, element) == 0) continue;
      const auto count = needed_.find(element);
      if (--count->second > 0) continue;
      needed_.erase(count);
      gone.push_back(element);
    }
    if (found->second.empty()) owners_.erase(found);
  }
  return remove(gone);
}

Result<bool> NeededElements::has(const std::vector<Element>& elements) {
  const std::lock_guard in_order(kernel_);
  auto socket = sockets_.borrow();
  for (const auto& element : elements) {
    const auto there = list_elements(socket, name_of(element.set));
    if (!there) return is_missing(there.error()) ? Result<bool>(false) : there.error();
    if (std::ranges::find(*there, element.key) == there->end()) return false;
  }
  return true;
}

Result<std::size_t> NeededElements::restore() {
  const std::lock_guard in_order(kernel_);
  std::vector<Element> wanted;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [element, count] : needed_) wanted.push_back(element);
  }
  auto socket = sockets_.borrow();
  netlink::Batch batch;
  for (const char* set : needed_sets) {
    const auto there = list_elements(socket, name_of(set));
    if (!there) return is_missing(there.error()) ? Result<std::size_t>(0U) : there.error();
    std::set<Key> present(there->begin(), there->end());
    for (const auto& element : wanted) {
      if (element.set == set && present.erase(element.key) == 0) add(batch, element);
    }
    // An interval nobody needs does no harm, and its end is not known here.
    const bool intervals = std::string_view(set).starts_with("home");
    for (const auto& key : present) {
      if (!intervals) remove_from(batch, {set, key, {}});
    }
  }
  const auto done = socket->commit(batch);
  return done ? Result<std::size_t>(batch.operations().size()) : done.error();
}

}  // namespace paddock::net::nat
