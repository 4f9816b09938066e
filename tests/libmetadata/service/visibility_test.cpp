// SPDX-License-Identifier: Apache-2.0
//
// What a pod sees of others, by every way there is to ask.
#include "libmetadata/service/served_documents.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata {
namespace {

class VisibilityTest : public testing::ServedDocuments {
 protected:
  void serve_with(Visibility visibility) {
    DocumentOptions options;
    options.visibility = visibility;
    serve(std::move(options));
    publish(testing::sample_draft(), 1);
  }
  [[nodiscard]] std::string read(const char* client, const std::string& path) const {
    const auto response = send("GET", "/latest/" + path, {{"X-Forwarded-For", client}});
    return response.status == 200 ? response.body : std::to_string(response.status);
  }
  [[nodiscard]] std::string all_of(const char* client) const {
    return send("GET", "/latest", {{"X-Forwarded-For", client}, {"Accept", "application/json"}})
        .body;
  }
};

constexpr const char* web_1 = "10.42.0.2";
constexpr const char* api_1 = "10.42.0.4";
constexpr const char* lone = "10.42.0.5";
constexpr const char* stranger = "203.0.113.9";

TEST_F(VisibilityTest, OfItsNamespaceAPodSeesAllAndOfOthersNothing) {
  serve_with(Visibility::own_namespace);

  EXPECT_EQ(read(web_1, "containers"), "0=api-1\n1=web-1\n2=web-2\n");
  EXPECT_EQ(read(web_1, "services"), "0=api\n1=web\n");
  EXPECT_EQ(read(web_1, "stacks"), "0=shop\n");
  EXPECT_EQ(read(web_1, "services/web/containers"), "0=web-1\n1=web-2\n");
  EXPECT_EQ(read(web_1, "containers/lone"), "404");
  EXPECT_EQ(read(web_1, "containers/uid-lone"), "404");
  EXPECT_EQ(read(web_1, "containers/3"), "404");
  EXPECT_EQ(read(lone, "containers"), "0=lone\n");
  EXPECT_EQ(read(lone, "services"), "");
  EXPECT_EQ(read(lone, "services/web"), "404");
  EXPECT_EQ(read(lone, "services/uid-web"), "404");
  EXPECT_EQ(read(lone, "stacks/shop"), "404");
  EXPECT_EQ(all_of(lone).find("10.42.0.2"), std::string::npos);
}

TEST_F(VisibilityTest, ItselfOnly) {
  serve_with(Visibility::self);

  EXPECT_EQ(read(web_1, "containers"), "0=web-1\n");
  EXPECT_EQ(read(web_1, "containers/0/name"), "web-1");
  EXPECT_EQ(read(web_1, "containers/web-2"), "404");
  EXPECT_EQ(read(web_1, "containers/uid-web-2"), "404");
  EXPECT_EQ(read(web_1, "services"), "0=web\n");
  EXPECT_EQ(read(web_1, "services/api"), "404");
  EXPECT_EQ(read(web_1, "services/uid-api"), "404");
  EXPECT_EQ(read(web_1, "services/web/containers"), "0=web-1\n");
  EXPECT_EQ(read(web_1, "self/service/containers"), "0=web-1\n");
  EXPECT_EQ(read(web_1, "stacks/shop/services"), "0=web\n");
  EXPECT_EQ(read(web_1, "stacks/shop/services/web/name"), "web");
  EXPECT_EQ(read(web_1, "stacks/shop/services/api"), "404");
  EXPECT_EQ(read(web_1, "self/stack/services/api/name"), "404");
  EXPECT_EQ(read(web_1, "self/stack/services/uid-api"), "404");
  EXPECT_EQ(read(api_1, "services"), "0=api\n");
  EXPECT_EQ(read(lone, "services"), "");
  EXPECT_EQ(read(web_1, "hosts"), "0=node1\n");
  EXPECT_EQ(all_of(web_1).find("web-2"), std::string::npos);
  EXPECT_EQ(all_of(api_1).find("10.42.0.2"), std::string::npos);
}

TEST_F(VisibilityTest, AStrangerSeesNobody) {
  for (const Visibility visibility : {Visibility::own_namespace, Visibility::self}) {
    serve_with(visibility);

    EXPECT_EQ(read(stranger, "containers"), "");
    EXPECT_EQ(read(stranger, "services"), "");
    EXPECT_EQ(read(stranger, "stacks"), "");
    EXPECT_EQ(read(stranger, "containers/web-1"), "404");
    EXPECT_EQ(read(stranger, "self/host/name"), "node1");
  }
}

TEST_F(VisibilityTest, AnAnswerThatIsKeptIsNobodyElses) {
  serve_with(Visibility::self);

  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(read(web_1, "containers"), "0=web-1\n");
    EXPECT_EQ(read(lone, "containers"), "0=lone\n");
    EXPECT_EQ(read(stranger, "containers"), "");
  }
}

std::shared_ptr<Pod> annotated(const char* ns, const char* name, const char* ip,
                               const char* visibility) {
  auto pod = testing::sample_pod(ns, name, ip);
  pod->annotations = {{"paddock.io/visibility", visibility}};
  return pod;
}

TEST_F(VisibilityTest, APodMayBeToldLessThanTheOthers) {
  serve_with(Visibility::all);
  EXPECT_EQ(read(lone, "containers"), "0=lone\n1=api-1\n2=web-1\n3=web-2\n");
  Draft draft(*service_cluster_);

  draft.put(annotated("other", "lone", lone, "self"));
  publish(draft, 2);
  EXPECT_EQ(read(lone, "containers"), "0=lone\n");
  EXPECT_EQ(read(lone, "containers/web-1"), "404");
  EXPECT_EQ(read(web_1, "containers"), "0=lone\n1=api-1\n2=web-1\n3=web-2\n");
  EXPECT_EQ(read(stranger, "containers"), "0=lone\n1=api-1\n2=web-1\n3=web-2\n");

  draft.put(annotated("other", "lone", lone, "a-typo"));
  publish(draft, 3);
  EXPECT_EQ(read(lone, "containers"), "0=lone\n");

  draft.put(testing::sample_pod("other", "lone", lone));
  publish(draft, 4);
  EXPECT_EQ(read(lone, "containers"), "0=lone\n1=api-1\n2=web-1\n3=web-2\n");
}

TEST_F(VisibilityTest, ANamespaceSaysItForAllItsPodsAndNobodyGetsMoreThanTheDaemonAllows) {
  serve_with(Visibility::all);
  Draft draft(*service_cluster_);
  auto shop = std::make_shared<Namespace>();
  shop->name = "shop";
  shop->annotations = {{"paddock.io/visibility", "namespace"}};
  draft.put(shop);
  publish(draft, 2);

  EXPECT_EQ(read(web_1, "containers"), "0=api-1\n1=web-1\n2=web-2\n");
  EXPECT_EQ(read(lone, "services"), "0=api\n1=web\n");

  serve_with(Visibility::own_namespace);
  Draft wider(*service_cluster_);
  wider.put(annotated("other", "lone", lone, "all"));
  publish(wider, 2);
  EXPECT_EQ(read(lone, "containers"), "0=lone\n");
}

}  // namespace
}  // namespace paddock::metadata
