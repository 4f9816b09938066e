// SPDX-License-Identifier: Apache-2.0
#include "zone/table_memory.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <optional>
#include <set>

namespace paddock::dns {
namespace {

constexpr std::size_t octets = 1000;

void* take(TableMemory& memory) { return memory.take(octets, TableMemory::Size::common); }

TEST(TableMemory, ABlockThatNoTableHasIsUsedAgain) {
  TableMemory memory;
  void* block = take(memory);

  memory.free(block);

  EXPECT_EQ(take(memory), block);
}

TEST(TableMemory, CommonSizesAreFewAndHardlyMoreThanWhatIsAskedFor) {
  std::set<std::size_t> sizes;
  for (std::size_t asked = 1; asked <= 65536; ++asked) {
    const auto size = TableMemory::common_size(asked);
    ASSERT_GE(size, asked);
    ASSERT_LE(size, asked + asked / 8);
    ASSERT_EQ(TableMemory::common_size(size), size);
    if (asked > 32768) sizes.insert(size);
  }
  EXPECT_EQ(sizes.size(), 8);
}

TEST(TableMemory, ABlockLiesStillWhileATableMadeBeforeLives) {
  const auto memory = std::make_shared<TableMemory>();
  void* block = take(*memory);
  std::memset(block, 7, octets);
  auto first = std::make_optional(TableMemory::hold(memory));

  memory->retire(block);
  const auto second = TableMemory::hold(memory);
  void* other = take(*memory);

  EXPECT_NE(other, block);
  std::memset(other, 8, octets);
  EXPECT_EQ(*static_cast<char*>(block), 7);

  first.reset();
  const auto third = TableMemory::hold(memory);
  EXPECT_EQ(take(*memory), block);
}

TEST(TableMemory, WhatALaterTableDoesWithoutWaitsForTheFirstToo) {
  const auto memory = std::make_shared<TableMemory>();
  void* block = take(*memory);
  auto first = std::make_optional(TableMemory::hold(memory));
  auto second = std::make_optional(TableMemory::hold(memory));
  memory->retire(block);  // both may have it

  auto third = std::make_optional(TableMemory::hold(memory));
  second.reset();
  third.reset();
  const auto fourth = TableMemory::hold(memory);
  EXPECT_NE(take(*memory), block);

  first.reset();
  const auto fifth = TableMemory::hold(memory);
  EXPECT_EQ(take(*memory), block);
}

TEST(TableMemory, AMovedHoldHoldsAndWhatItWasMovedFromDoesNot) {
  const auto memory = std::make_shared<TableMemory>();
  void* block = take(*memory);
  TableMemory::Hold kept;
  {
    auto hold = TableMemory::hold(memory);
    kept = std::move(hold);
  }
  memory->retire(block);
  const auto next = TableMemory::hold(memory);

  EXPECT_NE(take(*memory), block);
}

TEST(TableMemory, ATableOutlivesWhoMadeIt) {
  auto memory = std::make_shared<TableMemory>();
  void* block = take(*memory);
  std::memset(block, 7, octets);
  const auto hold = TableMemory::hold(memory);

  memory.reset();

  EXPECT_EQ(*static_cast<char*>(block), 7);
}

}  // namespace
}  // namespace paddock::dns
