// SPDX-License-Identifier: Apache-2.0
#include "attach/guard.hpp"

#include "marks.hpp"
#include "nat/elements.hpp"

#include <linux/netfilter.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>
#include <utility>

namespace paddock::net::attach {
namespace {

using nat::Key;
using nat::SetName;

constexpr std::array<const char*, 5> set_names = {"pods4", "pods6", "claims6", "macs", "open"};

struct Element {
  const char* set;
  Key key;

  friend auto operator<=>(const Element& left, const Element& right) {
    return std::pair(std::string_view(left.set), left.key) <=>
           std::pair(std::string_view(right.set), right.key);
  }
};

SetName name_of(const char* set) { return {NFPROTO_BRIDGE, table_name, set}; }

std::vector<Element> elements_of(const Attachment& attachment) {
  const auto guard = attachment.bridge->guard;
  const Key port = Key().link(attachment.host_ifindex);
  if (guard == SourceGuard::none) {
    return {{"open", port}};
  }
  const Key mac = Key(port).mac(attachment.pod_mac);
  if (guard == SourceGuard::mac) {
    return {{"macs", mac}};
  }
  std::vector<Element> elements;
  for (const IpAddress& address : attachment.addresses) {
    elements.push_back({address.is_v4() ? "pods4" : "pods6", Key(mac).address(address)});
    if (address.is_v6()) {
      elements.push_back({"claims6", Key(mac).address(address)});
    }
  }
  return elements;
}

Result<std::set<Element>> list(netlink::Socket& socket) {
  std::set<Element> elements;
  for (const char* name : set_names) {
    const auto keys = nat::list_elements(socket, name_of(name));
    if (!keys) {
      return keys.error();
    }
    for (const Key& key : *keys) {
      elements.insert({name, key});
    }
  }
  return elements;
}

std::string set(const char* name, const std::string& kind, const std::string& key) {
  return std::string("\tset ") + name + " {\n\t\t" + kind + " " + key + "\n\t}\n\n";
}

}  // namespace

std::string guard_ruleset() {
  const std::string detached = std::to_string(detached_group);
  const std::string pods = std::to_string(pod_group);
  const std::string port = "\t\tiif . ether saddr . ";
  return std::string("table bridge ") + table_name + " {\n" +
         set("pods4", "type", "iface_index . ether_addr . ipv4_addr") +
         set("pods6", "type", "iface_index . ether_addr . ipv6_addr") +
         // What a neighbour advertisement speaks for; nft has no word for it before 1.0.8.
         set("claims6", "typeof", "iif . ether saddr . @th,64,128") +
         set("macs", "type", "iface_index . ether_addr") + set("open", "type", "iface_index") +
         "\tchain prerouting {\n"
         "\t\ttype filter hook prerouting priority filter; policy accept;\n"
         "\t\tiifgroup " +
         detached + " drop\n\t\tiifgroup " + pods +
         " jump from_pod\n\t}\n\n"
         "\tchain from_pod {\n" +
         port + "ip saddr @pods4 accept\n" + port +
         "arp saddr ip @pods4 iif . arp saddr ether . arp saddr ip @pods4 accept\n"
         "\t\ticmpv6 type nd-neighbor-advert iif . ether saddr . @th,64,128 @claims6 accept\n"
         "\t\tiif . ether saddr @macs accept\n"
         "\t\tiif @open accept\n"
         "\t\ticmpv6 type nd-neighbor-advert drop\n" +
         port +
         "ip6 saddr @pods6 accept\n"
         "\t\tdrop\n\t}\n}\n";
}

Result<void> Guard::load() {
  const std::lock_guard lock(mutex_);
  if (!table_) {
    table_ = std::make_unique<nat::Table>(sockets_.where(), std::string("bridge ") + table_name,
                                          nat::Elements::moving);
  }
  return table_->matches(guard_ruleset()) ? Result<void>() : table_->load(guard_ruleset());
}

Result<void> Guard::admit(const Attachment& attachment) {
  netlink::Batch batch;
  for (const Element& element : elements_of(attachment)) {
    nat::add_element(batch, name_of(element.set), element.key);
  }
  auto socket = sockets_.borrow();
  auto admitted = socket->commit(batch);
  if (admitted || admitted.error().code.value() != ENOENT) {
    return admitted;
  }
  // The first one on this host, or somebody took our table away: then the next ensure() brings the
  // others back.
  auto loaded = load();
  return loaded ? socket->commit(batch) : loaded;
}

Result<void> Guard::dismiss(const Attachment& attachment) {
  auto socket = sockets_.borrow();
  for (const Element& element : elements_of(attachment)) {
    netlink::Batch batch;  // one each: a missing one would keep the others
    nat::delete_element(batch, name_of(element.set), element.key);
    const auto dismissed = socket->commit(batch);
    if (!dismissed && dismissed.error().code.value() != ENOENT) {
      return dismissed;
    }
  }
  return {};
}

Result<std::vector<std::string>> Guard::ensure(const std::vector<Attachment>& attachments,
                                               const Living& living) {
  std::vector<std::string> changes;
  auto socket = sockets_.borrow();
  if (attachments.empty() && !nat::list_elements(socket, name_of("open"))) {
    return changes;  // no bridged pod yet, nor in an earlier life
  }
  if (const auto loaded = load(); !loaded) {
    return loaded.error();
  }
  const auto present = list(socket);
  const auto links = present ? living() : present.error();
  if (!links) {
    return links.error();
  }
  netlink::Batch batch;
  for (const Element& element : *present) {
    if (!links->contains(element.key.first_link())) {
      nat::delete_element(batch, name_of(element.set), element.key);
    }
  }
  for (const Attachment& attachment : attachments) {
    for (const Element& element : elements_of(attachment)) {
      if (links->contains(attachment.host_ifindex) && !present->contains(element)) {
        nat::add_element(batch, name_of(element.set), element.key);
      }
    }
  }
  if (const auto committed = socket->commit(batch); !committed) {
    return committed.error();
  }
  if (!batch.empty()) {
    changes.push_back("mend " + std::to_string(batch.operations().size()) +
                      " elements of nftables table bridge " + table_name);
  }
  return changes;
}

}  // namespace paddock::net::attach
