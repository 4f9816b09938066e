// SPDX-License-Identifier: Apache-2.0
#include "model/hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace paddock::metadata {
namespace {

TEST(HashText, DependsOnEveryByteAndOnTheLength) {
  std::set<std::uint64_t> seen;
  std::size_t texts = 0;
  for (std::size_t length = 0; length < 70; ++length) {
    std::string text(length, '\0');
    seen.insert(hash_text(text));
    ++texts;
    for (std::size_t at = 0; at < length; ++at) {
      for (const char other : {'\1', '\x80'}) {
        text[at] = other;
        seen.insert(hash_text(text));
        ++texts;
      }
      text[at] = '\0';
    }
  }

  EXPECT_EQ(seen.size(), texts);
}

TEST(HashText, DependsOnWhatWasBefore) {
  EXPECT_EQ(hash_text("b", hash_text("a")), hash_text("b", hash_text("a")));
  EXPECT_NE(hash_text("b", hash_text("a")), hash_text("a", hash_text("b")));
  EXPECT_NE(hash_text("", hash_text("a")), hash_text("a"));
}

}  // namespace
}  // namespace paddock::metadata
