// SPDX-License-Identifier: Apache-2.0
#include "paddock/kinds.hpp"

#include "paddock/command.hpp"

#include <gtest/gtest.h>

namespace paddock::cli {
namespace {

using metadata::Kind;

TEST(Kinds, TakesSingularPluralShortAndAnyCase) {
  EXPECT_EQ(kind_of("Pod"), Kind::pod);
  EXPECT_EQ(kind_of("pods"), Kind::pod);
  EXPECT_EQ(kind_of("svc"), Kind::service);
  EXPECT_EQ(kind_of("stack"), Kind::name_space);
}

TEST(Kinds, NamesTheNearestKind) {
  try {
    (void)kind_of("servcies");
    FAIL() << "there is no such kind";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.remedy(), "did you mean services?");
  }
}

TEST(KeyOf, FillsInTheDefaultNamespaceWhereTheKindHasOne) {
  EXPECT_EQ(target_of(key_of(Kind::service, "web")), "/v1/services/default/web");
  EXPECT_EQ(target_of(key_of(Kind::service, "shop/web")), "/v1/services/shop/web");
  EXPECT_EQ(target_of(key_of(Kind::host, "one")), "/v1/hosts/one");
}

TEST(KeyOf, RefusesANamespaceWhereTheKindHasNone) {
  EXPECT_THROW((void)key_of(Kind::host, "shop/one"), Failure);
}

}  // namespace
}  // namespace paddock::cli
