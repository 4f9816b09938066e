// SPDX-License-Identifier: Apache-2.0
//
// The memory of a builder's tables. They share most of it without counting: a block that the next
// table does without lies still until every table made before is gone. So a table costs what it has
// of its own, and who drops one last frees nothing.
//
// take(), free(), retire() and hold() are for the builder's thread; holds are let go of anywhere.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <utility>
#include <vector>

namespace paddock::dns {

class TableMemory {
  struct Generation;

 public:
  // What a table has of the memory: whatever is not retired yet stays readable while it lives, and
  // the whole memory exists.
  class Hold {
   public:
    Hold() = default;
    Hold(std::shared_ptr<TableMemory> memory, Generation& generation)
        : memory_(std::move(memory)), generation_(&generation) {}
    Hold(Hold&& other) noexcept
        : memory_(std::move(other.memory_)),
          generation_(std::exchange(other.generation_, nullptr)) {}
    Hold& operator=(Hold other) noexcept {
      std::swap(memory_, other.memory_);
      std::swap(generation_, other.generation_);
      return *this;
    }
    ~Hold();

   private:
    std::shared_ptr<TableMemory> memory_;
    Generation* generation_ = nullptr;
  };

  TableMemory() = default;
  TableMemory(const TableMemory&) = delete;
  TableMemory& operator=(const TableMemory&) = delete;
  ~TableMemory();

  // Whether many blocks are as large as this one, and come and go with every change: these are kept
  // to be used again. They are too large for what the C library keeps at hand for a thread, and it
  // searches long for room where no two blocks are of one size.
  enum class Size : bool { odd, common };

  // The next size of those that large blocks come in: at most an eighth more.
  [[nodiscard]] static std::size_t common_size(std::size_t octets);

  // Throws std::bad_alloc.
  [[nodiscard]] void* take(std::size_t octets, Size size);
  // Of a block that no table has.
  void free(void* block);
  // Of a block that tables made so far may have, and later ones will not.
  void retire(void* block);

  static Hold hold(const std::shared_ptr<TableMemory>& memory);

 private:
  // In front of each block.
  struct alignas(std::max_align_t) Header {
    Header* before = nullptr;
    Header* after = nullptr;
    std::size_t octets = 0;
    Size size = Size::odd;
  };

  // One table, and what the next one does without.
  struct Generation {
    std::atomic<bool> is_over = false;
    std::vector<void*> retired;
  };

  Header* first_ = nullptr;                          // of all blocks
  std::deque<Generation> generations_;               // oldest first
  std::map<std::size_t, std::vector<void*>> spare_;  // small ones to be used again, by size
};

}  // namespace paddock::dns
