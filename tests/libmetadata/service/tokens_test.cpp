// SPDX-License-Identifier: Apache-2.0
#include "service/tokens.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::service {
namespace {

TEST(Tokens, MayWriteUnlessTheirLineSaysAnythingElse) {
  const test::TempFolder folder;
  Tokens tokens(folder.write("tokens",
                             "# who may come\nt1\nt2 edge\nt3 edge write\n"
                             "t4 look read\nt5 look raed\n"));
  const auto may_write = [&](const std::string& token) {
    const auto holder = tokens.holder_of("Bearer " + token);
    return holder && holder->may_write;
  };

  for (const char* token : {"t1", "t2", "t3"}) EXPECT_TRUE(may_write(token)) << token;
  for (const char* token : {"t4", "t5"}) {
    EXPECT_TRUE(tokens.holder_of(std::string("bearer ") + token)) << token;
    EXPECT_FALSE(may_write(token)) << token;
  }
  EXPECT_EQ(tokens.holder_of("Bearer t2")->name, "edge");
  for (const char* nobody : {"", "Bearer ", "Bearer t", "Bearer #", "Basic t1", "t1"}) {
    EXPECT_FALSE(tokens.holder_of(nobody)) << nobody;
  }
}

}  // namespace
}  // namespace paddock::metadata::service
