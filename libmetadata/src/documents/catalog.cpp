// SPDX-License-Identifier: Apache-2.0
#include "documents/catalog.hpp"

#include "model/treap.hpp"

#include <utility>

namespace paddock::metadata::documents {
namespace {

using detail::NodePtr;
using detail::Order;
using detail::Probe;

constexpr std::size_t slot(Kind kind) noexcept { return static_cast<std::size_t>(kind); }

void replace(Order order, NodePtr& tree, const Object* before, const ObjectPtr& after) {
  if (before != nullptr) {
    tree = detail::erase(order, std::move(tree), detail::probe_of(order, *before, 0));
  }
  if (after) tree = detail::put(order, std::move(tree), after);
}

const Object* first(Order order, const NodePtr& tree, std::string_view text) {
  const Probe at{{}, text, {}, {}, 1};
  // All of that text stand below the one that is found.
  const auto* top = detail::find(order, tree.get(), at);
  if (top == nullptr) return nullptr;
  return detail::Cursor(top, detail::bounds(order, top, at).first).object().get();
}

// Whether both stand at the same place in both trees.
bool has_same_names(const Difference& difference) {
  return difference.before && difference.after && difference.before->uid == difference.after->uid;
}

}  // namespace

void Catalog::follow(std::shared_ptr<const Cluster> cluster) {
  if (cluster == of_) return;
  const Cluster none;
  diff(of_ ? *of_ : none, *cluster, [this](const Difference& difference) {
    apply(difference);
    return true;
  });
  of_ = std::move(cluster);
}

void Catalog::apply(const Difference& difference) {
  const Kind kind = difference.either().kind;
  if (kind == Kind::endpoints) return;  // nobody asks for them by name
  const ObjectPtr& after = difference.after;
  // A put over the same place replaces; erasing first would only cost.
  const Object* erased = has_same_names(difference) ? nullptr : difference.before.get();
  if (has_namespace(kind)) replace(Order::name, names_[slot(kind)], erased, after);
  const bool had_uid = erased != nullptr && !erased->uid.empty();
  const bool has_uid = after && !after->uid.empty();
  replace(Order::uid, uids_[slot(kind)], had_uid ? erased : nullptr, has_uid ? after : ObjectPtr());
}

const Object* Catalog::named(Kind kind, std::string_view name) const {
  return first(Order::name, names_[slot(kind)], name);
}

const Object* Catalog::with_uid(Kind kind, std::string_view uid) const {
  return first(Order::uid, uids_[slot(kind)], uid);
}

}  // namespace paddock::metadata::documents
