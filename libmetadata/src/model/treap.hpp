// SPDX-License-Identifier: Apache-2.0
//
// The persistent ordered tree under a Cluster's tables and indexes: a treap whose priorities are
// a hash of the key, so its shape follows from its content alone. That makes a difference of two
// trees cheap: what they share is the same node. Changes copy the path to the root, or work in
// place where nobody else holds a node, as while a whole cluster is loaded.
#pragma once

#include <paddock/metadata/cluster.hpp>

#include <boost/asio/ip/address.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace paddock::metadata::detail {

struct Node {
  std::atomic<std::uint32_t> references{1};
  std::uint32_t priority = 0;
  std::uint32_t count = 1;  // of this subtree
  std::uint32_t part = 0;   // Order::address: which of the pod's addresses
  // How its key begins, as a number that orders alike: most nodes on the way to another are passed
  // without a look at their object, which is seldom in the processor's caches.
  std::uint64_t start = 0;
  ObjectPtr object;
  NodePtr left;
  NodePtr right;
};

// Asks the processor for a line that is about to be written. Whoever copies or frees nodes writes
// to the counts of all they point at, which lie in no cache: together they take as long as one.
inline void expect(const void* line) noexcept { __builtin_prefetch(line, 1); }
// The count of an object lies before it: all are made by std::make_shared. A node that was moved
// from has none.
inline void expect_parts(const Node& node) noexcept {
  expect(node.left.get());
  expect(node.right.get());
  const auto* object = reinterpret_cast<const char*>(node.object.get());
  if (object != nullptr) expect(object - sizeof(void*));
}

// What a tree is ordered by; the objects' own key is always the last part.
enum class Order {
  key,      // namespace, name
  host,     // of pods: host, namespace, name
  service,  // of endpoints: namespace, service, name
  address,  // of pods: address, namespace, name
  name,     // name, namespace
  uid       // uid, namespace, name
};

// A place in an order: the first `parts` parts of a key.
struct Probe {
  boost::asio::ip::address address;  // Order::address: the first part, `a` being unused
  std::string_view a;
  std::string_view b;
  std::string_view c;
  unsigned parts = 3;
};

[[nodiscard]] Probe probe_of(Order order, const Object& object, std::uint32_t part);
[[nodiscard]] inline Probe key_probe(std::string_view ns, std::string_view name) {
  return {{}, ns, name, {}, 2};
}

// Below, at or above zero: the node comes before, at or after the place.
[[nodiscard]] int compare(Order order, const Node& node, const Probe& probe);

// Whether a stands above b where both are in one tree.
[[nodiscard]] bool is_above(Order order, const Node& a, const Node& b);

// Puts or replaces the item. `part` as in Node.
[[nodiscard]] NodePtr put(Order order, NodePtr root, ObjectPtr object, std::uint32_t part = 0);
// Nothing changes when there is no such item.
[[nodiscard]] NodePtr erase(Order order, NodePtr root, const Probe& probe);
[[nodiscard]] const Node* find(Order order, const Node* root, const Probe& probe);
// First and last (exclusive) position of the items that begin with the probe's parts.
[[nodiscard]] std::pair<std::size_t, std::size_t> bounds(Order order, const Node* root,
                                                         const Probe& probe);

}  // namespace paddock::metadata::detail
