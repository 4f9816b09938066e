// SPDX-License-Identifier: Apache-2.0
#include "model/treap.hpp"

#include "model/hash.hpp"

#include <endian.h>

namespace paddock::metadata::detail {
namespace {

std::uint32_t count_of(const NodePtr& node) noexcept { return node ? node->count : 0; }

void recount(Node& node) noexcept { node.count = 1 + count_of(node.left) + count_of(node.right); }

// A node that may be changed: this one when nobody else holds it, else a copy.
NodePtr owned(NodePtr node) {
  if (node->references.load(std::memory_order_acquire) == 1) return node;
  auto copy = NodePtr(new Node);
  copy->priority = node->priority;
  copy->count = node->count;
  copy->part = node->part;
  copy->start = node->start;
  copy->object = node->object;
  copy->left = node->left;
  copy->right = node->right;
  return copy;
}

std::uint32_t priority_of(Order order, const Probe& probe) {
  const std::uint64_t hash =
      order == Order::address ? hash_address(probe.address) : hash_text(probe.a);
  return static_cast<std::uint32_t>(hash_text(probe.c, hash_text(probe.b, hash)));
}

std::uint64_t first_bytes(std::string_view text) noexcept {
  std::uint64_t bytes = 0;
  text.copy(reinterpret_cast<char*>(&bytes), sizeof bytes);
  return be64toh(bytes);
}

// The topmost bit says which of two sorts of key it is, of which one comes wholly before the other.
constexpr std::uint64_t later_sort = 1ULL << 63U;

std::uint64_t start_of(Order order, const Probe& probe) noexcept {
  if (order == Order::address) {
    if (probe.address.is_v4()) return probe.address.to_v4().to_uint();
    const auto bytes = probe.address.to_v6().to_bytes();
    return later_sort | first_bytes({reinterpret_cast<const char*>(bytes.data()), 8}) >> 1U;
  }
  // What has no namespace is told apart by its name.
  return probe.a.empty() ? first_bytes(probe.b) >> 1U : later_sort | first_bytes(probe.a) >> 1U;
}

// A place with its start: compares as compare() does.
class Seeker {
 public:
  Seeker(Order order, const Probe& at)
      : order_(order),
        at_(at),
        start_(start_of(order, at)),
        has_start_(order == Order::address || at.parts > 1 || !at.a.empty()) {}
  [[nodiscard]] int side_of(const Node& node) const {
    if (has_start_ && node.start != start_) return node.start < start_ ? -1 : 1;
    return compare(order_, node, at_);
  }
  [[nodiscard]] Order order() const noexcept { return order_; }
  [[nodiscard]] std::uint64_t start() const noexcept { return start_; }

 private:
  Order order_;
  const Probe& at_;
  std::uint64_t start_;
  bool has_start_;  // else only the namespace counts, and there is none
};

// Cuts a tree that does not hold the place into what comes before and after it.
std::pair<NodePtr, NodePtr> split(NodePtr root, const Seeker& at) {
  if (!root) return {};
  root = owned(std::move(root));
  if (at.side_of(*root.get()) < 0) {
    auto [low, high] = split(std::move(root->right), at);
    root->right = std::move(low);
    recount(*root.get());
    return {std::move(root), std::move(high)};
  }
  auto [low, high] = split(std::move(root->left), at);
  root->left = std::move(high);
  recount(*root.get());
  return {std::move(low), std::move(root)};
}

// Joins two trees of which the first lies wholly before the second.
NodePtr merge(NodePtr low, NodePtr high) {
  if (!low) return high;
  if (!high) return low;
  if (low->priority >= high->priority) {
    low = owned(std::move(low));
    low->right = merge(std::move(low->right), std::move(high));
    recount(*low.get());
    return low;
  }
  high = owned(std::move(high));
  high->left = merge(std::move(low), std::move(high->left));
  recount(*high.get());
  return high;
}

NodePtr put_node(NodePtr root, NodePtr fresh, const Seeker& at) {
  if (!root) return fresh;
  expect_parts(*root.get());
  const int side = at.side_of(*root.get());
  if (side == 0) {
    root = owned(std::move(root));
    root->object = std::move(fresh->object);
    root->part = fresh->part;
    return root;
  }
  if (is_above(at.order(), *fresh.get(), *root.get())) {
    auto [low, high] = split(std::move(root), at);
    fresh->left = std::move(low);
    fresh->right = std::move(high);
    recount(*fresh.get());
    return fresh;
  }
  root = owned(std::move(root));
  NodePtr& child = side > 0 ? root->left : root->right;
  child = put_node(std::move(child), std::move(fresh), at);
  recount(*root.get());
  return root;
}

NodePtr erase_node(NodePtr root, const Seeker& at) {
  expect_parts(*root.get());
  root = owned(std::move(root));
  const int side = at.side_of(*root.get());
  if (side == 0) return merge(std::move(root->left), std::move(root->right));
  NodePtr& child = side > 0 ? root->left : root->right;
  child = erase_node(std::move(child), at);
  recount(*root.get());
  return root;
}

}  // namespace

Probe probe_of(Order order, const Object& object, std::uint32_t part) {
  switch (order) {
    case Order::host:
      return {{}, static_cast<const Pod&>(object).host, object.ns, object.name, 3};
    case Order::service:
      return {{}, object.ns, static_cast<const Endpoints&>(object).service, object.name, 3};
    case Order::address:
      return {static_cast<const Pod&>(object).addresses[part], {}, object.ns, object.name, 3};
    case Order::name:
      return {{}, object.name, object.ns, {}, 2};
    case Order::uid:
      return {{}, object.uid, object.ns, object.name, 3};
    case Order::key:
      break;
  }
  return key_probe(object.ns, object.name);
}

int compare(Order order, const Node& node, const Probe& probe) {
  if (order == Order::key) {
    const int first = node.object->ns.view().compare(probe.a);
    return first != 0 || probe.parts == 1 ? first : node.object->name.view().compare(probe.b);
  }
  if (order == Order::address) {
    // Nearly all are told apart by this alone, for each request of a pod.
    const auto& mine = static_cast<const Pod&>(*node.object).addresses[node.part];
    if (mine != probe.address) return mine < probe.address ? -1 : 1;
    if (probe.parts == 1) return 0;
  }
  const Probe mine = probe_of(order, *node.object, node.part);
  int side = order == Order::address ? 0 : mine.a.compare(probe.a);
  if (side == 0 && probe.parts > 1) side = mine.b.compare(probe.b);
  if (side == 0 && probe.parts > 2) side = mine.c.compare(probe.c);
  return side;
}

bool is_above(Order order, const Node& a, const Node& b) {
  if (a.priority != b.priority) return a.priority > b.priority;
  if (a.object == b.object && a.part == b.part) return false;  // the same place, or its copy
  return compare(order, a, probe_of(order, *b.object, b.part)) < 0;
}

NodePtr put(Order order, NodePtr root, ObjectPtr object, std::uint32_t part) {
  const ObjectPtr kept = object;  // the probe borrows from it
  const Probe at = probe_of(order, *kept, part);
  auto fresh = NodePtr(new Node);
  fresh->priority = priority_of(order, at);
  fresh->part = part;
  const Seeker place(order, at);
  fresh->start = place.start();
  fresh->object = std::move(object);
  return put_node(std::move(root), std::move(fresh), place);
}

NodePtr erase(Order order, NodePtr root, const Probe& probe) {
  if (find(order, root.get(), probe) == nullptr) return root;
  return erase_node(std::move(root), Seeker(order, probe));
}

const Node* find(Order order, const Node* root, const Probe& probe) {
  const Seeker place(order, probe);
  while (root != nullptr) {
    const int side = place.side_of(*root);
    if (side == 0) return root;
    root = side > 0 ? root->left.get() : root->right.get();
  }
  return nullptr;
}

std::pair<std::size_t, std::size_t> bounds(Order order, const Node* root, const Probe& probe) {
  const Seeker place(order, probe);
  const auto position = [&](bool is_behind_equal) {
    std::size_t before = 0;
    for (const Node* node = root; node != nullptr;) {
      const int side = place.side_of(*node);
      if (side < 0 || (side == 0 && is_behind_equal)) {
        before += count_of(node->left) + 1;
        node = node->right.get();
      } else {
        node = node->left.get();
      }
    }
    return before;
  };
  return {position(false), position(true)};
}

NodePtr::NodePtr(const NodePtr& other) noexcept : node_(other.node_) {
  if (node_ != nullptr) node_->references.fetch_add(1, std::memory_order_relaxed);
}

NodePtr::~NodePtr() {
  if (node_ != nullptr && node_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    expect_parts(*node_);
    delete node_;
  }
}

Cursor::Cursor(const Node* root, std::size_t n) {
  for (const Node* node = root; node != nullptr;) {
    const std::size_t before = count_of(node->left);
    if (n <= before) path_.push_back(node);
    if (n == before) return;
    if (n < before) {
      node = node->left.get();
    } else {
      n -= before + 1;
      node = node->right.get();
    }
  }
}

const ObjectPtr& Cursor::object() const noexcept { return path_.back()->object; }

void Cursor::advance() {
  const Node* node = path_.back()->right.get();
  path_.pop_back();
  for (; node != nullptr; node = node->left.get()) path_.push_back(node);
}

}  // namespace paddock::metadata::detail
