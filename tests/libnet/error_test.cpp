// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/error.hpp>

#include <gtest/gtest.h>

#include <system_error>

namespace paddock::net {
namespace {

TEST(Error, IsASystemErrorThatSaysItsSentenceWhenThrown) {
  const Result<int> refused =
      Error{make_error_code(boost::system::errc::no_space_on_device), "write lease: disk full"};

  try {
    (void)refused.value();
    FAIL() << "value() of an error must throw";
  } catch (const std::system_error& thrown) {
    EXPECT_EQ(thrown.code(), std::errc::no_space_on_device);
    EXPECT_STREQ(thrown.what(), "write lease: disk full");
  }
}

}  // namespace
}  // namespace paddock::net
