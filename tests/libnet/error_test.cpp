// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <boost/system/system_error.hpp>
#include <paddock/net/error.hpp>

namespace paddock::net {
namespace {

TEST(Error, CarriesItsSentenceWhenThrown) {
  const Result<int> refused =
      Error{make_error_code(boost::system::errc::no_space_on_device), "write lease: disk full"};

  try {
    (void)refused.value();
    FAIL() << "value() of an error must throw";
  } catch (const boost::system::system_error& thrown) {
    EXPECT_EQ(thrown.code(), boost::system::errc::no_space_on_device);
    EXPECT_NE(std::string(thrown.what()).find("write lease: disk full"), std::string::npos);
  }
}

}  // namespace
}  // namespace paddock::net
