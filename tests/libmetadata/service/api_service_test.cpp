// SPDX-License-Identifier: Apache-2.0
#include "libmetadata/service/served_api.hpp"
#include "support/happening.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/follower.hpp>
#include <paddock/metadata/service.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::metadata {
namespace {

using nlohmann::json;
using testing::host;
using testing::MemoryStore;
using testing::pod;
using testing::SocketClient;

class ApiServiceTest : public testing::ServedApi {};

TEST_F(ApiServiceTest, CreatesReadsChangesAndDeletesAnObject) {
  const auto created = put("/v1/hosts/one", {{"zone", "a"}});
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.header("etag"), "\"1\"");
  EXPECT_EQ(json::parse(created.body)["kind"], "Host");
  EXPECT_EQ(put("/v1/hosts/one", {{"zone", "b"}}).status, 200);
  const auto read = send("GET", "/v1/hosts/one");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(read.header("etag"), "\"2\"");
  EXPECT_EQ(read.header("content-type"), "application/json");
  EXPECT_EQ(json::parse(read.body)["zone"], "b");
  EXPECT_EQ(send("DELETE", "/v1/hosts/one").status, 204);
  EXPECT_EQ(send("GET", "/v1/hosts/one").status, 404);
  EXPECT_EQ(send("DELETE", "/v1/hosts/one").status, 404);
}

TEST_F(ApiServiceTest, KeepsToConditions) {
  store_.put(host("one"));

  EXPECT_EQ(put("/v1/hosts/one", json::object(), {{"If-None-Match", "*"}}).status, 412);
  EXPECT_EQ(put("/v1/hosts/two", json::object(), {{"If-Match", "*"}}).status, 412);
  const auto stale = put("/v1/hosts/one", json::object(), {{"If-Match", "\"7\""}});
  EXPECT_EQ(stale.status, 412);
  EXPECT_EQ(stale.header("etag"), "\"1\"");
  EXPECT_EQ(send("DELETE", "/v1/hosts/one", {{"If-Match", "\"7\""}}).status, 412);
  EXPECT_EQ(send("DELETE", "/v1/hosts/none", {{"If-Match", "\"7\""}}).status, 404);
  EXPECT_EQ(put("/v1/hosts/one", json::object(), {{"If-Match", "\"1\""}}).status, 200);
  EXPECT_EQ(put("/v1/hosts/two", json::object(), {{"If-None-Match", "*"}}).status, 201);
  EXPECT_EQ(put("/v1/hosts/two", json::object(), {{"If-None-Match", "\"1\""}}).status, 400);
}

TEST_F(ApiServiceTest, PassesOnWhoOwnsAnObjectAndWhoLives) {
  put("/v1/hosts/one?owner=one", json::object());
  const auto kept = send("POST", "/v1/owners/one");
  const auto wrong = put("/v1/hosts/one?owner=a/b", json::object());
  const auto method = send("GET", "/v1/owners/one");

  EXPECT_EQ(kept.status, 204);
  EXPECT_EQ(store_.owners, (std::vector<std::string>{"one", "one"}));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(method.status, 405);
}

TEST_F(ApiServiceTest, SaysNotModified) {
  store_.put(host("one"));

  const auto unchanged = send("GET", "/v1/hosts/one", {{"If-None-Match", "W/\"1\""}});

  EXPECT_EQ(unchanged.status, 304);
  EXPECT_EQ(unchanged.body, "");
  EXPECT_EQ(send("GET", "/v1/hosts", {{"If-None-Match", "\"1\""}}).status, 304);
  EXPECT_EQ(send("GET", "/v1/hosts/one", {{"If-None-Match", "\"2\""}}).status, 200);
}

TEST_F(ApiServiceTest, ReportsEveryWrongFieldAtOnce) {
  const auto refused = put("/v1/services/shop/web", {{"portz", 1}, {"cluster_ips", {"x"}}});

  EXPECT_EQ(refused.status, 422);
  EXPECT_EQ(refused.header("content-type"), "application/problem+json");
  const auto problem = json::parse(refused.body);
  EXPECT_EQ(problem["type"], "about:blank");
  EXPECT_EQ(problem["status"], 422);
  EXPECT_EQ(problem["title"], "Unprocessable Content");
  EXPECT_EQ(problem["errors"].size(), 2U);
}

TEST_F(ApiServiceTest, RefusesWhatIsNotAnObjectOfThePath) {
  EXPECT_EQ(send("PUT", "/v1/hosts/one", {}, "{").status, 400);
  EXPECT_EQ(put("/v1/hosts/one", {{"name", "two"}}).status, 409);
  EXPECT_EQ(send("PUT", "/v1/hosts/one", {{"Content-Type", "text/plain"}}, "{}").status, 415);
  EXPECT_EQ(send("PUT", "/v1/hosts/one", {}, std::string((16 << 20) + 1, ' ')).status, 413);
}

TEST_F(ApiServiceTest, NamesTheMethodsThatAreAllowed) {
  const auto refused = send("POST", "/v1/hosts/one");
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.header("allow"), "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(send("PUT", "/v1/hosts").header("allow"), "GET, HEAD");
  EXPECT_EQ(send("DELETE", "/v1/cluster").header("allow"), "GET, HEAD");
  EXPECT_EQ(send("GET", "/v1/reload").header("allow"), "POST");
}

TEST_F(ApiServiceTest, KnowsNoOtherPaths) {
  for (const char* target : {"/", "/v1", "/v2/hosts", "/v1/hosts/a/b", "/v1/pods/a/b/c",
                             "/v1/cluster/x", "/v1/nothing"}) {
    EXPECT_EQ(send("GET", target).status, 404) << target;
  }
}

TEST_F(ApiServiceTest, PassesRefusalsOfTheStoreOn) {
  store_.refusal = WriteResult::Status::disk_full;
  EXPECT_EQ(put("/v1/hosts/one", json::object()).status, 507);
  store_.refusal = WriteResult::Status::read_only;
  EXPECT_EQ(put("/v1/hosts/one", json::object()).status, 405);
  EXPECT_EQ(put("/v1/hosts/one", json::object()).header("allow"), "GET, HEAD");
  store_.refusal = WriteResult::Status::stopping;
  const auto stopping = put("/v1/hosts/one", json::object());
  EXPECT_EQ(stopping.status, 503);
  EXPECT_EQ(stopping.header("retry-after"), "1");
}

TEST_F(ApiServiceTest, NamesTheWriterByItsCredentials) {
  (void)put("/v1/hosts/one", json::object());

  EXPECT_EQ(store_.writers.at(0).substr(0, store_.writers.at(0).find(" comm=")),
            "uid=" + std::to_string(::getuid()) + " gid=" + std::to_string(::getgid()) +
                " pid=" + std::to_string(::getpid()));
  EXPECT_NE(store_.writers.at(0).find(" comm=libmetadata"), std::string::npos);
}

TEST_F(ApiServiceTest, ListsAKindAndANamespace) {
  store_.put(pod("b", "two"));
  store_.put(pod("a", "one"));
  store_.put(host("h"));

  const auto all = json::parse(send("GET", "/v1/pods").body);
  EXPECT_EQ(all["revision"], 3);
  ASSERT_EQ(all["objects"].size(), 2U);
  EXPECT_EQ(all["objects"][0]["name"], "one");
  const auto some = json::parse(send("GET", "/v1/pods/b").body);
  ASSERT_EQ(some["objects"].size(), 1U);
  EXPECT_EQ(some["objects"][0]["name"], "two");
  EXPECT_EQ(json::parse(send("GET", "/v1/pods/none").body)["objects"], json::array());
  EXPECT_EQ(json::parse(send("GET", "/v1/networks").body)["objects"], json::array());
}

TEST_F(ApiServiceTest, ListsAllOfALargeClusterInOrder) {
  for (int i = 0; i < 2000; ++i)
    store_.put(pod("ns" + std::to_string(i % 3), "p" + std::to_string(i)));
  store_.put(host("h"));

  const auto cluster = json::parse(send("GET", "/v1/cluster").body);

  EXPECT_EQ(cluster["store"], "store-1");
  ASSERT_EQ(cluster["objects"].size(), 2001U);
  EXPECT_EQ(cluster["objects"][0]["kind"], "Host");
  for (std::size_t i = 2; i < 2001; ++i) {
    const auto& before = cluster["objects"][i - 1];
    const auto& here = cluster["objects"][i];
    ASSERT_LT(std::tie(before["namespace"], before["name"]),
              std::tie(here["namespace"], here["name"]));
  }
}

TEST_F(ApiServiceTest, AnswersHeadWithoutABody) {
  store_.put(host("one"));

  const auto head = send("HEAD", "/v1/hosts/one");

  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.header("etag"), "\"1\"");
  EXPECT_EQ(head.body, "");
  EXPECT_EQ(send("HEAD", "/v1/cluster").status, 200);
}

TEST_F(ApiServiceTest, TellsItsStatus) {
  store_.put(host("one"));
  auto watcher = watch();
  (void)chunk(watcher);

  const auto status = json::parse(send("GET", "/v1/status").body);

  EXPECT_EQ(status["version"], "9.9");
  EXPECT_EQ(status["store"], "store-1");
  EXPECT_EQ(status["source"], "memory:");
  EXPECT_EQ(status["revision"], 1);
  EXPECT_EQ(status["ready"], true);
  EXPECT_EQ(status["objects"]["hosts"], 1);
  EXPECT_EQ(status["watchers"], 1);
}

TEST_F(ApiServiceTest, ReloadsAndReportsWhyNot) {
  EXPECT_EQ(send("POST", "/v1/reload").body, "OK");
  reload_fails_ = true;
  const auto failed = send("POST", "/v1/reload");
  EXPECT_EQ(failed.status, 500);
  EXPECT_EQ(json::parse(failed.body)["detail"], "cluster.yaml:3: broken");
}

TEST_F(ApiServiceTest, ShowsTheLastWrites) {
  EXPECT_EQ(send("GET", "/v1/audit").body, "{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
  EXPECT_EQ(send("GET", "/v1/audit?limit=1").body, "{\"n\":3}\n");
  EXPECT_EQ(send("GET", "/v1/audit?limit=many").status, 400);
}

TEST_F(ApiServiceTest, KeepsNoOldStateForWhoDidNotStay) {
  store_.put(testing::host("one"));
  std::weak_ptr<const Cluster> old = store_.cluster();

  EXPECT_EQ(send("GET", "/v1/cluster?watch=true&since=1&store=other").status, 410);
  store_.put(testing::host("two"));

  EXPECT_TRUE(test::becomes_true([&] { return old.expired(); }));
}

TEST_F(ApiServiceTest, IsFollowedAcrossARestart) {
  FollowerOptions options;
  options.server = "unix:" + path();
  options.shortest_retry = options.longest_retry = std::chrono::milliseconds(5);
  Follower follower(std::move(options));
  follower.start();
  const auto wait_for_hosts = [&](std::size_t count) {
    auto cluster = follower.cluster();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (cluster == nullptr || cluster->count(Kind::host) != count) {
      cluster = follower.next(cluster, deadline);
      if (cluster == nullptr) return false;
    }
    return true;
  };
  store_.put(host("one"));
  EXPECT_TRUE(wait_for_hosts(1));

  api_.reset();
  store_.put(host("two"));
  start();

  EXPECT_TRUE(wait_for_hosts(2));
}

TEST(ApiService, IsNotReadyWhileNothingIsKnown) {
  const test::TempFolder directory;
  MemoryStore store;
  ApiOptions options;
  options.http.unix_sockets = {{.path = directory.file("s"), .mode = 0600, .group = {}}};
  ApiService api(store, std::move(options));
  api.start();
  Client client("unix:" + directory.file("s"));

  for (const char* target :
       {"/v1/cluster", "/v1/cluster?watch=true", "/v1/hosts", "/v1/hosts/one"}) {
    EXPECT_EQ(client.get(target)->status, 503) << target;
  }
  EXPECT_EQ(json::parse(client.get("/v1/status")->body)["ready"], false);
}

}  // namespace
}  // namespace paddock::metadata
