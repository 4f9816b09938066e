// SPDX-License-Identifier: Apache-2.0
//
// Walks two trees side by side, in order, and skips every subtree they share.
#include "model/treap.hpp"

#include <vector>

namespace paddock::metadata {
namespace {

using detail::Node;
using detail::Order;

// What is still to be walked of one tree, the next on top.
class Walk {
 public:
  // All of the tree, or what comes after the place.
  Walk(const Node* root, const std::optional<detail::Probe>& after) {
    if (!after) {
      push(root);
      return;
    }
    while (root != nullptr) {
      if (compare(Order::key, *root, *after) <= 0) {
        root = root->right.get();
        continue;
      }
      push(root->right.get());
      steps_.push_back({root, false});
      root = root->left.get();
    }
  }

  [[nodiscard]] bool is_done() const noexcept { return steps_.empty(); }
  [[nodiscard]] const Node* next() const noexcept { return steps_.back().node; }
  [[nodiscard]] bool is_subtree() const noexcept { return steps_.back().is_subtree; }
  void skip() { steps_.pop_back(); }

  void expand() {
    const Node* node = next();
    skip();
    push(node->right.get());
    steps_.push_back({node, false});
    push(node->left.get());
  }

 private:
  struct Step {
    const Node* node;
    bool is_subtree;
  };
  void push(const Node* subtree) {
    if (subtree != nullptr) steps_.push_back({subtree, true});
  }
  std::vector<Step> steps_;
};

// Brings both walks to a single item each (or their end) without leaving out a difference.
// Of two subtrees the one with the higher root is opened: the other may turn up inside.
void settle(Walk& before, Walk& after) {
  while (true) {
    const bool opens_before = !before.is_done() && before.is_subtree();
    const bool opens_after = !after.is_done() && after.is_subtree();
    if (!opens_before && !opens_after) return;
    if (opens_before && opens_after) {
      const Node* a = before.next();
      const Node* b = after.next();
      if (a == b) {
        before.skip();
        after.skip();
        continue;
      }
      const bool is_below = is_above(Order::key, *b, *a);
      const bool is_over = is_above(Order::key, *a, *b);
      if (!is_below) before.expand();
      if (!is_over) after.expand();
    } else if (opens_before) {
      before.expand();
    } else {
      after.expand();
    }
  }
}

// False when the visitor stopped.
bool diff_tables(Walk before, Walk after, const std::function<bool(const Difference&)>& visit) {
  while (true) {
    settle(before, after);
    if (before.is_done() && after.is_done()) return true;
    // A copy of a node on the way to what changed: its object need not be looked at.
    if (!before.is_done() && !after.is_done() && before.next()->object == after.next()->object) {
      before.skip();
      after.skip();
      continue;
    }
    int side = before.is_done() ? 1 : -1;
    if (!before.is_done() && !after.is_done()) {
      const Object& other = *after.next()->object;
      side = compare(Order::key, *before.next(), detail::key_probe(other.ns, other.name));
    }
    Difference difference;
    if (side <= 0) {
      difference.before = before.next()->object;
      before.skip();
    }
    if (side >= 0) {
      difference.after = after.next()->object;
      after.skip();
    }
    if (!visit(difference)) return false;
  }
}

}  // namespace

bool diff(const Cluster& before, const Cluster& after,
          const std::function<bool(const Difference&)>& visit,
          const std::optional<Key>& resume_after) {
  for (const Kind kind : all_kinds) {
    if (resume_after && kind < resume_after->kind) continue;
    std::optional<detail::Probe> start;
    if (resume_after && kind == resume_after->kind) {
      start = detail::key_probe(resume_after->ns, resume_after->name);
    }
    if (!diff_tables({before.root(kind), start}, {after.root(kind), start}, visit)) return false;
  }
  return true;
}

}  // namespace paddock::metadata
