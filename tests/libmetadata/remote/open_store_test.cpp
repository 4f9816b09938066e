// SPDX-License-Identifier: Apache-2.0
#include "support/temp_folder.hpp"

#include <paddock/metadata/open_store.hpp>

#include <gtest/gtest.h>

#include <stdexcept>

namespace paddock::metadata {
namespace {

using Kind = StoreLocation::Kind;

TEST(StoreLocation, NamesEtcdByItsEndpointsAndAPrefix) {
  const auto one = parse_store_location("etcd:https://etcd.example");
  const auto several = parse_store_location("etcd:http://10.0.0.1:4001,[fd00::2],three/a/b/");
  const auto repeated = parse_store_location("etcd:https://one:1,https://two:2/p");

  ASSERT_TRUE(one) << one.error().text;
  EXPECT_EQ(one->endpoints, std::vector<std::string>{"https://etcd.example:2379"});
  EXPECT_EQ(one->prefix, "/paddock");
  ASSERT_TRUE(several) << several.error().text;
  EXPECT_EQ(several->endpoints,
            (std::vector<std::string>{"http://10.0.0.1:4001", "http://[fd00::2]:2379",
                                      "http://three:2379"}));
  EXPECT_EQ(several->prefix, "/a/b");
  ASSERT_TRUE(repeated) << repeated.error().text;
  EXPECT_EQ(repeated->endpoints, (std::vector<std::string>{"https://one:1", "https://two:2"}));
  EXPECT_EQ(repeated->prefix, "/p");
}

TEST(StoreLocation, NamesAnotherMetadatadBySocketOrAddress) {
  const auto local = parse_store_location("paddock:/run/paddock/metadata.sock");
  const auto remote = parse_store_location("paddock:https://parent:9760");

  ASSERT_TRUE(local) << local.error().text;
  EXPECT_EQ(local->kind, Kind::paddock);
  EXPECT_EQ(local->server, "/run/paddock/metadata.sock");
  ASSERT_TRUE(remote);
  EXPECT_EQ(remote->server, "https://parent:9760");
  EXPECT_TRUE(parse_store_location("paddock:https://one:9760,two:9760,https://[fd00::3]:9760"));
  EXPECT_FALSE(parse_store_location("paddock:https://one:9760,"));
  EXPECT_FALSE(parse_store_location("paddock:one:9760,https://two:9760"));
}

TEST(StoreLocation, NamesKubernetesByAKubeconfigOrNothing) {
  EXPECT_EQ(parse_store_location("kubernetes:")->kind, Kind::kubernetes);
  EXPECT_EQ(parse_store_location("kubernetes:/root/.kube/config")->kubeconfig, "/root/.kube/config");
}

TEST(StoreLocation, SaysWhatIsAllowed) {
  for (const char* wrong :
       {"", "embedded", "embedded:here", "etcd:", "etcd:one:2379", "etcd:https://",
        "etcd:https://a b", "paddock:", "paddock:socket", "consul:x", "kubernetes:config", "etcd:https://one:99999"}) {
    const auto location = parse_store_location(wrong);
    ASSERT_FALSE(location) << wrong;
    EXPECT_FALSE(location.error().text.empty());
  }
}

TEST(OpenStore, OpensWhatTheLocationNames) {
  const test::TempFolder folder;
  StoreOptions options;
  options.directory = folder.path() / "here";

  EXPECT_EQ(open_store("embedded:", options)->source(), "embedded:" + folder.file("here"));
  EXPECT_EQ(open_store("paddock:" + folder.file("s"), options)->source(),
            "paddock:" + folder.file("s"));
  EXPECT_EQ(open_store("etcd:http://127.0.0.1:1/p", options)->source(),
            "etcd:http://127.0.0.1:1/p");
  EXPECT_THROW((void)open_store("nowhere", options), std::invalid_argument);
}

}  // namespace
}  // namespace paddock::metadata
