// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/pod_network.hpp>

#include <gtest/gtest.h>

namespace paddock::net {
namespace {

PodIdentity of(const std::string& container, const std::string& name = "",
               const std::string& name_space = "") {
  cni::Request request;
  request.container = container;
  request.pod_name = name;
  request.pod_namespace = name_space;
  return identify(request);
}

TEST(Identify, TakesTheRuntimesWord) {
  cni::Request request;
  request.container = "c1";
  request.pod_name = "web-0.a";
  request.pod_namespace = "shop";
  request.pod_uid = "u-1";
  request.labels = {{"app", "web"}};
  request.aliases = {"www"};

  EXPECT_EQ(identify(request), (PodIdentity{"shop", "web-0.a", "u-1", {{"app", "web"}}, {"www"}}));
}

TEST(Identify, NameComesFromTheContainerOtherwise) {
  EXPECT_EQ(of("my_Web.1").name, "my-web-1");
  EXPECT_EQ(of("my_Web.1").name_space, "default");
  EXPECT_EQ(of("---a---").name, "a");
}

TEST(Identify, HashesAreShortenedAsRuntimesShowThem) {
  EXPECT_EQ(of("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef").name,
            "0123456789ab");
}

TEST(Identify, LongNamesAreCutAndStayDifferent) {
  const std::string common(100, 'x');

  const auto first = of(common + "1").name;
  const auto second = of(common + "2").name;

  EXPECT_EQ(first.size(), 63U);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, of(common + "1").name);
}

TEST(Identify, ImpossibleNamesAreMadePossible) {
  EXPECT_EQ(of("c1", "Über Pod").name, "ber-pod");
  EXPECT_EQ(of("c1", "..", "$$").name, "c1");
  EXPECT_EQ(of("c1", "a", "My Space").name_space, "my-space");
}

}  // namespace
}  // namespace paddock::net
