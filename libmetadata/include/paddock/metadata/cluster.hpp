// SPDX-License-Identifier: Apache-2.0
//
// A cluster as one immutable value, and how to make the next one from it. Snapshots share all
// that did not change: a change costs O(log n), comparing two costs what differs. Any number of
// threads may read a snapshot; hold it by std::shared_ptr<const Cluster> and pull a newer one
// when convenient. What a snapshot lends (ranges, references) is valid while it lives.
#pragma once

#include <paddock/metadata/export.hpp>
#include <paddock/metadata/objects.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata {

namespace detail {
struct Node;

// One reference to a node of a persistent tree.
class PADDOCK_METADATA_EXPORT NodePtr {
 public:
  NodePtr() noexcept = default;
  explicit NodePtr(Node* owned) noexcept : node_(owned) {}
  NodePtr(const NodePtr& other) noexcept;
  NodePtr(NodePtr&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  NodePtr& operator=(NodePtr other) noexcept {
    std::swap(node_, other.node_);
    return *this;
  }
  ~NodePtr();
  [[nodiscard]] Node* get() const noexcept { return node_; }
  Node* operator->() const noexcept { return node_; }
  explicit operator bool() const noexcept { return node_ != nullptr; }

 private:
  Node* node_ = nullptr;
};

// Pods by their addresses.
class PADDOCK_METADATA_EXPORT AddressIndex {
 public:
  AddressIndex() noexcept = default;
  AddressIndex(const AddressIndex& other) noexcept;
  AddressIndex(AddressIndex&& other) noexcept : trunk_(std::exchange(other.trunk_, nullptr)) {}
  AddressIndex& operator=(AddressIndex other) noexcept;
  ~AddressIndex();
  // The tree that has all pods of this address, and some others; null: there are none.
  [[nodiscard]] const Node* tree_of(const boost::asio::ip::address& address) const;
  // `part`: which of the pod's addresses.
  void put(ObjectPtr pod, std::uint32_t part);
  void erase(const Pod& pod, std::uint32_t part);

 private:
  struct Trunk;
  [[nodiscard]] NodePtr& own_tree_of(const boost::asio::ip::address& address);
  Trunk* trunk_ = nullptr;
};

// Walks a tree in order, from the n-th item.
class PADDOCK_METADATA_EXPORT Cursor {
 public:
  Cursor() = default;
  Cursor(const Node* root, std::size_t n);
  [[nodiscard]] const ObjectPtr& object() const noexcept;
  void advance();

 private:
  std::vector<const Node*> path_;
};
}  // namespace detail

// Consecutive objects of a table or an index, borrowed from a Cluster.
template <class T>
class Range {
 public:
  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const T*;
    using reference = const T&;

    iterator() = default;
    iterator(const detail::Node* root, std::size_t first, std::size_t left)
        : cursor_(left == 0 ? nullptr : root, first), left_(left) {}
    const T& operator*() const noexcept { return static_cast<const T&>(*cursor_.object()); }
    const T* operator->() const noexcept { return &**this; }
    // The object to keep beyond the snapshot's life.
    [[nodiscard]] std::shared_ptr<const T> share() const noexcept {
      return std::static_pointer_cast<const T>(cursor_.object());
    }
    iterator& operator++() {
      if (--left_ > 0) cursor_.advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(const iterator& a, const iterator& b) noexcept {
      return a.left_ == b.left_;
    }

   private:
    detail::Cursor cursor_;
    std::size_t left_ = 0;
  };

  Range() = default;
  Range(const detail::Node* root, std::size_t first, std::size_t last)
      : root_(root), first_(first), size_(last > first ? last - first : 0) {}
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] iterator begin() const { return iterator(root_, first_, size_); }
  [[nodiscard]] iterator end() const { return iterator(); }
  // `count` of them, from the n-th on; n + count <= size().
  [[nodiscard]] Range part(std::size_t n, std::size_t count) const {
    return Range(root_, first_ + n, first_ + n + count);
  }
  // The n-th object of the range, from 0; O(log n).
  [[nodiscard]] const T& operator[](std::size_t n) const {
    return static_cast<const T&>(*detail::Cursor(root_, first_ + n).object());
  }

 private:
  const detail::Node* root_ = nullptr;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

class Draft;
struct Difference;

class PADDOCK_METADATA_EXPORT Cluster {
 public:
  // What a snapshot is of, and when.
  struct Stamp {
    std::string store;           // UUID of the store
    std::uint64_t revision = 0;  // grows with every accepted change
    // 0, or the Unix time in milliseconds since when the store has not heard from its source.
    std::int64_t stale_since = 0;
  };

  Cluster();
  ~Cluster();
  [[nodiscard]] const std::string& store() const noexcept { return stamp_.store; }
  [[nodiscard]] std::uint64_t revision() const noexcept { return stamp_.revision; }
  [[nodiscard]] std::int64_t stale_since() const noexcept { return stamp_.stale_since; }
  [[nodiscard]] const Stamp& stamp() const noexcept { return stamp_; }

  // All objects of a kind, ordered by namespace and name.
  template <class T>
  [[nodiscard]] Range<T> all() const {
    return Range<T>(root(T::object_kind), 0, count(T::object_kind));
  }
  [[nodiscard]] Range<Host> hosts() const { return all<Host>(); }
  [[nodiscard]] Range<Namespace> namespaces() const { return all<Namespace>(); }
  [[nodiscard]] Range<Service> services() const { return all<Service>(); }
  [[nodiscard]] Range<Endpoints> endpoints() const { return all<Endpoints>(); }
  [[nodiscard]] Range<Pod> pods() const { return all<Pod>(); }
  [[nodiscard]] Range<Network> networks() const { return all<Network>(); }
  [[nodiscard]] Range<Subnet> subnets() const { return all<Subnet>(); }
  [[nodiscard]] std::size_t count(Kind kind) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept;  // of all kinds

  // Those of one namespace, ordered by name. T: Service, Endpoints or Pod.
  template <class T>
  [[nodiscard]] Range<T> all_in(std::string_view ns) const {
    const auto [first, last] = namespace_bounds(T::object_kind, ns);
    return Range<T>(root(T::object_kind), first, last);
  }

  // Null when there is none. O(log n).
  [[nodiscard]] ObjectPtr find(const Key& key) const;
  template <class T>
  [[nodiscard]] std::shared_ptr<const T> find(std::string_view ns, std::string_view name) const {
    return std::static_pointer_cast<const T>(find(T::object_kind, ns, name));
  }
  template <class T>
  [[nodiscard]] std::shared_ptr<const T> find(std::string_view name) const {
    return find<T>({}, name);
  }

  // Every Endpoints object of a service: its own and the slices beside it, ordered by name.
  [[nodiscard]] Range<Endpoints> endpoints_of(std::string_view ns, std::string_view service) const;
  // The pods of a host, ordered by namespace and name; none of the empty name.
  [[nodiscard]] Range<Pod> pods_on(std::string_view host) const;
  // The pod that has this address for itself; never one on the host's network. Where several
  // claim it, a running one wins, then the youngest. Null when there is none.
  [[nodiscard]] std::shared_ptr<const Pod> pod_at(const boost::asio::ip::address& address) const;

 private:
  friend class Draft;
  friend PADDOCK_METADATA_EXPORT bool diff(const Cluster&, const Cluster&,
                                           const std::function<bool(const Difference&)>&,
                                           const std::optional<Key>&);
  static constexpr std::size_t kinds = std::size(all_kinds);

  [[nodiscard]] const detail::Node* root(Kind kind) const noexcept;
  [[nodiscard]] ObjectPtr find(Kind kind, std::string_view ns, std::string_view name) const;
  [[nodiscard]] std::pair<std::size_t, std::size_t> namespace_bounds(Kind kind,
                                                                     std::string_view ns) const;

  Stamp stamp_;
  detail::NodePtr tables_[kinds];
  detail::AddressIndex pods_by_address_;
  detail::NodePtr pods_by_host_;
  detail::NodePtr endpoints_by_service_;
};

// Makes the next Cluster: starts as a copy of one (at no cost), takes changes, builds. One
// thread at a time.
class PADDOCK_METADATA_EXPORT Draft {
 public:
  Draft() = default;
  explicit Draft(const Cluster& base);

  // Adds the object, or replaces the one of the same key. The object must be valid
  // (codec.hpp); it is not checked again, and its revision is kept as it is.
  void put(ObjectPtr object);
  // False when there was none.
  bool erase(const Key& key);

  // What put and erase have made so far; valid until the next of them.
  [[nodiscard]] const Cluster& cluster() const noexcept { return next_; }
  // The draft stays usable, as a copy of what was built.
  [[nodiscard]] std::shared_ptr<const Cluster> build(Cluster::Stamp stamp);

 private:
  void index(const ObjectPtr& object);
  void unindex(const Object& object);
  Cluster next_;
};

// One object that differs between two snapshots: `before` is null when it was added, `after`
// when it was removed.
struct Difference {
  ObjectPtr before;
  ObjectPtr after;
  [[nodiscard]] const Object& either() const noexcept { return after ? *after : *before; }
};

// Visits what differs, in the order of kind, namespace and name, in O(changed · log n) for
// snapshots of which one was made from the other. `visit` returns false to stop; then diff
// returns false, and calling it again with `resume_after` set to the key of the last difference
// goes on behind it.
PADDOCK_METADATA_EXPORT bool diff(const Cluster& before, const Cluster& after,
                                  const std::function<bool(const Difference&)>& visit,
                                  const std::optional<Key>& resume_after = std::nullopt);

}  // namespace paddock::metadata
