// SPDX-License-Identifier: Apache-2.0
//
// The small values objects are made of: text, lists and maps of text that are immutable,
// shared and eight bytes wide, and address prefixes. A cluster holds hundreds of thousands
// of them, most of them equal; copies cost a counter, on any thread.
#pragma once

#include <paddock/metadata/export.hpp>

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <atomic>
#include <compare>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paddock::metadata {

// Immutable text; reads as a std::string_view, which is valid while this Text (or a copy) lives.
class PADDOCK_METADATA_EXPORT Text {
 public:
  Text() noexcept = default;
  Text(std::string_view text);
  Text(const std::string& text) : Text(std::string_view(text)) {}
  Text(const char* text) : Text(std::string_view(text)) {}
  Text(const Text& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  Text(Text&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Text& operator=(Text other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Text() {
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      ::operator delete(block_);
    }
  }

  // For text that many objects repeat (a namespace, a host, a label): shares the storage of an
  // equal text seen lately. The memory of what was seen is bounded.
  [[nodiscard]] static Text shared(std::string_view text);

  [[nodiscard]] std::string_view view() const noexcept {
    return block_ == nullptr ? std::string_view() : std::string_view(block_->bytes(), block_->size);
  }
  operator std::string_view() const noexcept { return view(); }
  [[nodiscard]] std::string str() const { return std::string(view()); }
  [[nodiscard]] bool empty() const noexcept { return block_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return view().size(); }

  friend bool operator==(const Text& a, const Text& b) noexcept {
    return a.block_ == b.block_ || a.view() == b.view();
  }
  friend std::strong_ordering operator<=>(const Text& a, const Text& b) noexcept {
    return a.block_ == b.block_ ? std::strong_ordering::equal : a.view() <=> b.view();
  }
  template <class S>
  requires(std::convertible_to<const S&, std::string_view> && !std::same_as<S, Text>) friend bool
  operator==(const Text& a, const S& b) noexcept {
    return a.view() == std::string_view(b);
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> references{1};
    std::uint32_t size = 0;
    char* bytes() noexcept { return reinterpret_cast<char*>(this + 1); }
  };
  Block* block_ = nullptr;
};

// An immutable list; copies share the elements.
template <class T>
class List {
 public:
  List() noexcept = default;
  List(std::initializer_list<T> items) { assign(items.begin(), items.size()); }
  List(std::vector<T> items) { assign(std::make_move_iterator(items.begin()), items.size()); }
  explicit List(std::span<const T> items) { assign(items.begin(), items.size()); }
  List(const List& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  List(List&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  List& operator=(List other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~List() {
    if (block_ == nullptr || block_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) {
      return;
    }
    std::destroy_n(block_->items(), block_->size);
    block_->~Block();
    ::operator delete(block_);
  }

  [[nodiscard]] const T* begin() const noexcept {
    return block_ == nullptr ? nullptr : block_->items();
  }
  [[nodiscard]] const T* end() const noexcept {
    return block_ == nullptr ? nullptr : block_->items() + block_->size;
  }
  [[nodiscard]] std::size_t size() const noexcept { return block_ == nullptr ? 0 : block_->size; }
  [[nodiscard]] bool empty() const noexcept { return block_ == nullptr; }
  [[nodiscard]] const T& operator[](std::size_t index) const noexcept { return begin()[index]; }
  [[nodiscard]] const T& front() const noexcept { return *begin(); }

  // A copy to edit; assign it back when done.
  [[nodiscard]] std::vector<T> to_vector() const { return {begin(), end()}; }
  // Whether both are copies of one list: equal without looking.
  [[nodiscard]] bool is_same(const List& other) const noexcept { return block_ == other.block_; }

  friend bool operator==(const List& a, const List& b) {
    return a.block_ == b.block_ || std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> references{1};
    std::uint32_t size = 0;
    T* items() noexcept { return reinterpret_cast<T*>(this + 1); }
  };
  static_assert(sizeof(Block) == 8);

  template <class Iterator>
  void assign(Iterator first, std::size_t size) {
    static_assert(alignof(T) <= 8, "items follow an eight byte header");
    if (size == 0) return;
    auto memory =
        std::unique_ptr<void, void (*)(void*)>(::operator new(sizeof(Block) + size * sizeof(T)),
                                               [](void* raw) { ::operator delete(raw); });
    auto* block = new (memory.get()) Block;
    std::uninitialized_copy_n(first, size, block->items());
    block->size = static_cast<std::uint32_t>(size);
    memory.release();
    block_ = block;
  }

  Block* block_ = nullptr;
};

using Addresses = List<boost::asio::ip::address>;
using Texts = List<Text>;

struct TextPair {
  Text key;
  Text value;
  friend bool operator==(const TextPair&, const TextPair&) = default;
};

// A map of text to text (labels, annotations, links), ordered by key.
class PADDOCK_METADATA_EXPORT TextMap {
 public:
  TextMap() noexcept = default;
  TextMap(std::initializer_list<TextPair> pairs) : TextMap(std::vector<TextPair>(pairs)) {}
  // Of several pairs with one key the last counts.
  TextMap(std::vector<TextPair> pairs);

  // As Text::shared, for whole maps: the labels of all pods of a deployment are stored once.
  [[nodiscard]] static TextMap shared(std::vector<TextPair> pairs);

  // The value, or null when there is no such key. Valid while this map lives.
  [[nodiscard]] const Text* find(std::string_view key) const noexcept;
  // Whether every pair of `selector` is in this map. An empty selector matches nothing here.
  [[nodiscard]] bool matches(const TextMap& selector) const noexcept;

  [[nodiscard]] const TextPair* begin() const noexcept { return pairs_.begin(); }
  [[nodiscard]] const TextPair* end() const noexcept { return pairs_.end(); }
  [[nodiscard]] std::size_t size() const noexcept { return pairs_.size(); }
  [[nodiscard]] bool empty() const noexcept { return pairs_.empty(); }

  friend bool operator==(const TextMap&, const TextMap&) = default;

 private:
  List<TextPair> pairs_;
};

// An address and how many of its bits count: 10.42.0.0/16. The bits beyond are zero.
struct Prefix {
  boost::asio::ip::address address;
  std::uint8_t length = 0;

  [[nodiscard]] PADDOCK_METADATA_EXPORT bool contains(
      const boost::asio::ip::address& candidate) const noexcept;
  friend bool operator==(const Prefix&, const Prefix&) = default;
};

// Nothing when the text is no CIDR prefix, or has bits set beyond its length.
[[nodiscard]] PADDOCK_METADATA_EXPORT std::optional<Prefix> parse_prefix(std::string_view text);
[[nodiscard]] PADDOCK_METADATA_EXPORT std::string format(const Prefix& prefix);

}  // namespace paddock::metadata
