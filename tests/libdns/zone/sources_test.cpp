// SPDX-License-Identifier: Apache-2.0
#include "zone/sources.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace paddock::dns {
namespace {

TEST(Sources, RemembersNamesThroughAnySequence) {
  std::mt19937 random(3);
  Sources sources;
  std::map<std::uint64_t, std::vector<std::uint64_t>> expected;
  std::map<std::uint64_t, std::uint32_t> ids;
  for (int step = 0; step < 20000; ++step) {
    const std::uint64_t key = random() % 300 * 16;  // neighbours share slots
    const auto id = sources.id_of(key);
    if (ids.contains(key)) {
      ASSERT_EQ(id, ids[key]);
    }
    ids[key] = id;
    std::vector<std::uint64_t> names(random() % 5);
    for (auto& name : names) name = random();
    sources.set_names(key, names);
    expected[key] = names;
    if (names.empty()) {
      expected.erase(key);
      ids.erase(key);
    }
  }
  std::set<std::uint32_t> different;
  for (std::uint64_t key = 0; key < 300 * 16; ++key) {
    const auto names = sources.names_of(key);
    const auto wanted = expected.contains(key) ? expected[key] : std::vector<std::uint64_t>{};
    EXPECT_TRUE(std::ranges::equal(names, wanted)) << key;
    if (!wanted.empty()) different.insert(sources.id_of(key));
  }
  EXPECT_EQ(different.size(), expected.size());
  EXPECT_FALSE(different.contains(0));
}

}  // namespace
}  // namespace paddock::dns
