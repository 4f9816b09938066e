// SPDX-License-Identifier: Apache-2.0
//
// Four levels of sixteen by the hash of the address, then a treap of the few pods that share a
// place. For each request of a pod that is two or three lines that no cache holds, where one tree
// of 150,000 pods takes some twenty; and a change copies four small arrays.
#include "model/hash.hpp"
#include "model/treap.hpp"

#include <array>

namespace paddock::metadata::detail {

constexpr unsigned fan_bits = 4;
constexpr std::size_t fan_width = 1U << fan_bits;

// One of several references to a T, which counts them.
template <class T>
class Counted {
 public:
  Counted() noexcept = default;
  explicit Counted(T* owned) noexcept : counted_(owned) {}
  Counted(const Counted& other) noexcept : counted_(other.counted_) {
    if (counted_ != nullptr) counted_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Counted& operator=(Counted other) noexcept {
    std::swap(counted_, other.counted_);
    return *this;
  }
  ~Counted() {
    if (counted_ != nullptr && counted_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      delete counted_;
    }
  }
  [[nodiscard]] const T* get() const noexcept { return counted_; }
  // To be changed: made when there is none, copied when others have it, too.
  [[nodiscard]] T& own() {
    if (counted_ == nullptr) {
      counted_ = new T;
    } else if (counted_->references.load(std::memory_order_acquire) != 1) {
      *this = Counted(new T(*counted_));
    }
    return *counted_;
  }

 private:
  T* counted_ = nullptr;
};

template <class Child>
struct Fan {
  Fan() = default;
  Fan(const Fan& other) {
    for (const Child& child : other.children) expect(child.get());
    children = other.children;
  }
  ~Fan() {
    for (const Child& child : children) expect(child.get());
  }
  std::atomic<std::uint32_t> references{1};
  std::array<Child, fan_width> children;
};
using Twig = Fan<NodePtr>;
using Branch = Fan<Counted<Twig>>;
using Bough = Fan<Counted<Branch>>;

// Which child is the address's, from the topmost level on.
class Way {
 public:
  explicit Way(const boost::asio::ip::address& address) : left_(hash_address(address)) {}
  [[nodiscard]] std::size_t next() noexcept {
    const std::size_t child = left_ % fan_width;
    left_ >>= fan_bits;
    return child;
  }

 private:
  std::uint64_t left_;
};

struct AddressIndex::Trunk : Fan<Counted<Bough>> {};

AddressIndex::AddressIndex(const AddressIndex& other) noexcept : trunk_(other.trunk_) {
  if (trunk_ != nullptr) trunk_->references.fetch_add(1, std::memory_order_relaxed);
}

AddressIndex& AddressIndex::operator=(AddressIndex other) noexcept {
  std::swap(trunk_, other.trunk_);
  return *this;
}

AddressIndex::~AddressIndex() { const Counted<Trunk> last(trunk_); }

const Node* AddressIndex::tree_of(const boost::asio::ip::address& address) const {
  if (trunk_ == nullptr) return nullptr;
  Way way(address);
  const Bough* bough = trunk_->children[way.next()].get();
  const Branch* branch = bough == nullptr ? nullptr : bough->children[way.next()].get();
  const Twig* twig = branch == nullptr ? nullptr : branch->children[way.next()].get();
  return twig == nullptr ? nullptr : twig->children[way.next()].get();
}

NodePtr& AddressIndex::own_tree_of(const boost::asio::ip::address& address) {
  if (trunk_ == nullptr) {
    trunk_ = new Trunk;
  } else if (trunk_->references.load(std::memory_order_acquire) != 1) {
    AddressIndex copy;
    copy.trunk_ = new Trunk(*trunk_);
    *this = std::move(copy);
  }
  Way way(address);
  Bough& bough = trunk_->children[way.next()].own();
  Branch& branch = bough.children[way.next()].own();
  Twig& twig = branch.children[way.next()].own();
  return twig.children[way.next()];
}

void AddressIndex::put(ObjectPtr pod, std::uint32_t part) {
  NodePtr& tree = own_tree_of(static_cast<const Pod&>(*pod).addresses[part]);
  tree = detail::put(Order::address, std::move(tree), std::move(pod), part);
}

void AddressIndex::erase(const Pod& pod, std::uint32_t part) {
  if (tree_of(pod.addresses[part]) == nullptr) return;
  NodePtr& tree = own_tree_of(pod.addresses[part]);
  tree = detail::erase(Order::address, std::move(tree), probe_of(Order::address, pod, part));
}

}  // namespace paddock::metadata::detail
