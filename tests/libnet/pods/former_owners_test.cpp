// SPDX-License-Identifier: Apache-2.0
#include "pods/former_owners.hpp"

#include <gtest/gtest.h>

namespace paddock::net {
namespace {

IpAddress ip(const char* text) { return boost::asio::ip::make_address(text); }
using Addresses = std::vector<IpAddress>;

TEST(FormerOwners, RemembersTheLastAddressOfEachFamily) {
  FormerOwners owners;
  owners.note(ip("10.0.0.1"), "shop/web");
  owners.note(ip("fd00::1"), "shop/web");
  owners.note(ip("10.0.0.2"), "shop/web");

  EXPECT_EQ(owners.addresses_of("shop/web"), (Addresses{ip("10.0.0.2"), ip("fd00::1")}));
  EXPECT_EQ(owners.addresses_of("shop/other"), Addresses{});
}

TEST(FormerOwners, AnAddressBelongsToItsLastOwnerOnly) {
  FormerOwners owners;
  owners.note(ip("10.0.0.1"), "shop/web");

  owners.note(ip("10.0.0.1"), "shop/db");

  EXPECT_EQ(owners.addresses_of("shop/web"), Addresses{});
  EXPECT_EQ(owners.addresses_of("shop/db"), Addresses{ip("10.0.0.1")});
}

TEST(FormerOwners, ATakenAddressIsNobodysAnyMore) {
  FormerOwners owners;
  owners.note(ip("10.0.0.1"), "shop/web");

  owners.forget(ip("10.0.0.1"));
  owners.forget(ip("10.0.0.9"));

  EXPECT_EQ(owners.addresses_of("shop/web"), Addresses{});
}

}  // namespace
}  // namespace paddock::net
