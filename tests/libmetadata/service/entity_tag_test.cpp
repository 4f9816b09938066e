// SPDX-License-Identifier: Apache-2.0
#include "service/entity_tag.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::service {
namespace {

TEST(EntityTag, IsFoundInAList) {
  EXPECT_TRUE(lists_tag("\"7\"", "\"7\"", Comparison::strong));
  EXPECT_TRUE(lists_tag("\"6\", \"7\"", "\"7\"", Comparison::strong));
  EXPECT_TRUE(lists_tag("*", "\"7\"", Comparison::strong));
  EXPECT_FALSE(lists_tag("\"77\"", "\"7\"", Comparison::strong));
  EXPECT_FALSE(lists_tag("7", "\"7\"", Comparison::strong));
  EXPECT_FALSE(lists_tag("", "\"7\"", Comparison::strong));
  EXPECT_FALSE(lists_tag("\"7", "\"7\"", Comparison::strong));
}

TEST(EntityTag, WeakEqualsOnlyInAWeakComparison) {
  EXPECT_TRUE(lists_tag("W/\"7\"", "\"7\"", Comparison::weak));
  EXPECT_FALSE(lists_tag("W/\"7\"", "\"7\"", Comparison::strong));
}

}  // namespace
}  // namespace paddock::metadata::service
