// SPDX-License-Identifier: Apache-2.0
#include "dnsd/sources.hpp"

#include "dnsd/options.hpp"
#include "dnsd/skydns_source.hpp"

#include <gtest/gtest.h>

namespace paddock::dnsd {
namespace {

Options with(std::vector<std::string> sources) {
  Options options;
  options.sources = std::move(sources);
  return options;
}

using Texts = std::vector<std::string>;

TEST(Sources, TheClusterIsMetadatadsUnlessSomethingElseIsSaid) {
  EXPECT_EQ(source_of(with({})), "paddock:/run/paddock/metadata.sock");
  EXPECT_EQ(source_of(with({"paddock:/other"})), "paddock:/other");
  EXPECT_EQ(source_of(with({"none"})), "none");
  EXPECT_EQ(source_of(with({"skydns:/tree"})), "none");
  EXPECT_EQ(source_of(with({"skydns:/tree", "paddock:/other"})), "paddock:/other");
}

TEST(Sources, MembersBehindACommaBelongTogether) {
  const auto options =
      with({"skydns:http://a:2379", "http://b:2379/tree", "skydns:/folder", "paddock:/other"});

  EXPECT_EQ(skydns_sources(options),
            (Texts{"skydns:http://a:2379,http://b:2379/tree", "skydns:/folder"}));
  EXPECT_EQ(source_of(options), "paddock:/other");
}

TEST(Sources, OtherThingsAreRefused) {
  for (const char* good : {"none", "paddock:/x", "skydns:/x", "skydns:https://etcd:2379/skydns"}) {
    EXPECT_EQ(check_source(good, {}), "") << good;
  }
  for (const char* bad : {"", "paddock:", "skydns:", "skydns:relative", "skydns:http://", "what"}) {
    EXPECT_NE(check_source(bad, {}), "") << bad;
  }
}

TEST(Sources, TheClusterIsLearntFromOnePlace) {
  const auto refused = check_source("etcd:http://b:2379", {"skydns:/x", "paddock:/other"});

  EXPECT_NE(refused.find("paddock:/other"), std::string::npos) << refused;
  EXPECT_NE(check_source("paddock:/x", {"none"}), "");
  EXPECT_EQ(check_source("paddock:/x", {"skydns:/x"}), "");
  EXPECT_EQ(check_source("http://c:2379", {"etcd:http://b:2379"}), "") << "one more member";
}

TEST(SkyDnsLocation, IsAFolderOrMembersOfEtcd) {
  EXPECT_EQ(parse_skydns_location("skydns:/tree")->directory, "/tree");
  const auto etcd = parse_skydns_location("skydns:https://a:2379,https://b:2379,c:2379/my/names/");
  ASSERT_TRUE(etcd);
  EXPECT_EQ(etcd->endpoints, (Texts{"https://a:2379", "https://b:2379", "https://c:2379"}));
  EXPECT_EQ(etcd->prefix, "/my/names");
  EXPECT_EQ(parse_skydns_location("skydns:http://a:2379/")->prefix, "/skydns");
}

}  // namespace
}  // namespace paddock::dnsd
