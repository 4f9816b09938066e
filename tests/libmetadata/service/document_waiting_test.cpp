// SPDX-License-Identifier: Apache-2.0
//
// ?wait=true: who is woken by what.
#include "libmetadata/service/served_documents.hpp"
#include "support/happening.hpp"

#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace paddock::metadata {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

class WaitingForDocuments : public testing::ServedDocuments {
 protected:
  // A long poll under way: the answer when it comes.
  std::future<ClientResponse> wait_for(const std::string& target, HeaderList headers = {}) {
    const auto before = service_->counters().waiting;
    auto answer = std::async(std::launch::async, [=, this] { return get(target, headers); });
    EXPECT_TRUE(test::becomes_true([&] { return service_->counters().waiting == before + 1; }))
        << target << " was answered at once";
    return answer;
  }
  void change(const ObjectPtr& object) {
    Draft draft(*service_cluster_);
    draft.put(object);
    publish(std::move(draft), service_cluster_->revision() + 1);
    // What the change woke has been asked again when this has been answered twice.
    for (int i = 0; i < 2; ++i) (void)get("/latest/version");
  }
  void relabel(const char* ns, const char* pod, const char* value) {
    auto changed = clone(*service_cluster_->find<Pod>(ns, pod));
    changed->labels = {{"a", value}};
    change(changed);
  }
};

TEST_F(WaitingForDocuments, WaitsUntilTheValueChanges) {
  serve();
  publish(testing::sample_draft(), 1);
  const std::string version = get("/latest/version").body;
  std::string answer;
  std::thread waiting([&] { answer = get("/latest/version?wait=true&value=" + version).body; });
  while (service_->counters().waiting == 0) std::this_thread::yield();

  Draft changed(*testing::sample_cluster());
  changed.put(testing::sample_pod("shop", "new", "10.42.0.9"));
  publish(std::move(changed), 2);
  waiting.join();

  EXPECT_FALSE(answer.empty());
  EXPECT_NE(answer, version);
}

TEST_F(WaitingForDocuments, WaitsForAPathThatIsMissing) {
  serve();
  publish(testing::sample_draft(), 1);
  std::string answer;
  std::thread waiting(
      [&] { answer = get("/latest/containers/new/primary_ip?wait=true&value=x").body; });
  while (service_->counters().waiting == 0) std::this_thread::yield();

  Draft changed(*testing::sample_cluster());
  changed.put(testing::sample_pod("shop", "new", "10.42.0.9"));
  publish(std::move(changed), 2);
  waiting.join();

  EXPECT_EQ(answer, "10.42.0.9");
}

TEST_F(WaitingForDocuments, AnswersAtOnceWhenTheValueIsAnother) {
  serve();
  publish(testing::sample_draft(), 1);

  EXPECT_EQ(get("/latest/self/container/name?wait=true&value=old").body, "web-1");
  EXPECT_EQ(get("/latest/self?wait=true&value=x").status, 200);
  EXPECT_EQ(get("/latest/self/container/name?wait=true&value=").body, "web-1");
  EXPECT_EQ(get("/latest/self/container/name?wait=yes&value=web-1").body, "web-1");
}

TEST_F(WaitingForDocuments, KeepsMaxWaitToTheTenthOfASecond) {
  serve();
  publish(testing::sample_draft(), 1);

  for (const char* method : {"GET", "HEAD"}) {
    const auto begin = Clock::now();
    const auto response = send(method, "/latest/self/host/name?wait=true&value=node1&maxWait=0.2");
    const auto taken = Clock::now() - begin;
    EXPECT_EQ(response.status, 200);
    EXPECT_GE(taken, milliseconds(200));
    EXPECT_LT(taken, std::chrono::seconds(30)) << "less than without it";
  }
  EXPECT_EQ(send("GET", "/latest/nothing?wait=true&value=x&maxWait=0").status, 404);
  EXPECT_EQ(send("GET", "/latest/nothing?wait=true&value=x&maxWait=-1").status, 404);
}

TEST_F(WaitingForDocuments, AChangeElsewhereWakesNobody) {
  serve();
  publish(testing::sample_draft(), 1);
  auto own = wait_for("/latest/self/container/name?wait=true&value=web-1");
  auto named = wait_for("/latest/containers/lone/state?wait=true&value=running");
  auto absent = wait_for("/latest/containers/nobody/name?wait=true&value=x");

  relabel("shop", "api-1", "other");
  change(testing::sample_pod("shop", "another", "10.42.0.77"));

  EXPECT_EQ(service_->counters().waiting, 3U);
  auto stopped = clone(*service_cluster_->find<Pod>("other", "lone"));
  stopped->state = "stopped";
  change(stopped);
  EXPECT_EQ(named.get().body, "stopped");
  change(testing::sample_pod("z", "nobody", "10.42.0.78"));
  EXPECT_EQ(absent.get().body, "nobody");
  EXPECT_EQ(service_->counters().waiting, 1U);
  auto renamed = testing::sample_pod("shop", "web-9", "10.42.0.2");
  renamed->created = 5;  // younger: the address is its own now
  change(renamed);
  EXPECT_EQ(own.get().body, "web-9");
}

TEST_F(WaitingForDocuments, AMapIsKnownByItsTagOrItsText) {
  serve();
  publish(testing::sample_draft(), 1);
  const std::string path = "/latest/self/container";
  const HeaderList as_json = {{"Accept", "application/json"}};
  const std::string tag(get(path, as_json).header("etag"));
  const std::string listing = get("/latest/self/container/labels").body;

  auto quoted = wait_for(path + "?wait=true&value=" + tag, as_json);
  auto bare = wait_for(path + "?wait=true&value=" + tag.substr(1, tag.size() - 2), as_json);
  auto empty = wait_for(path + "/labels?wait=true&value=%22" +
                        std::string(get(path + "/labels").header("etag")).substr(1));
  relabel("shop", "web-2", "other");
  EXPECT_EQ(service_->counters().waiting, 3U);
  relabel("shop", "web-1", "new");

  EXPECT_NE(quoted.get().body.find(R"("labels":{"a":"new"})"), std::string::npos);
  EXPECT_NE(std::string(bare.get().header("etag")), tag);
  EXPECT_EQ(empty.get().body, "a\n");
  EXPECT_EQ(get(path + "?wait=true&value=whatever").status, 200);
  auto by_text = wait_for(path + "/labels?wait=true&value=a%0A");
  change(testing::sample_pod("shop", "web-1", "10.42.0.2"));
  EXPECT_EQ(by_text.get().body, "");
}

TEST_F(WaitingForDocuments, ATagAloneIsWaitedForToo) {
  serve();
  publish(testing::sample_draft(), 1);
  const std::string tag(get("/latest/hosts/node1").header("etag"));
  const HeaderList known = {{"If-None-Match", tag}};

  EXPECT_EQ(get("/latest/hosts/node1?wait=true&maxWait=0.1", known).status, 304);
  auto answer = wait_for("/latest/hosts?wait=true",
                         {{"If-None-Match", std::string(get("/latest/hosts").header("etag"))}});
  change(testing::sample_pod("shop", "more", "10.42.0.79"));
  EXPECT_EQ(service_->counters().waiting, 1U);
  auto host = std::make_shared<Host>();
  host->name = "node2";
  change(host);

  EXPECT_EQ(answer.get().body, "0=node1\n1=node2\n");
}

TEST_F(WaitingForDocuments, ALargeDocumentIsKnownByItsTagWithoutBeingMade) {
  serve();
  Draft draft(*testing::sample_cluster());
  for (int i = 0; i < 1000; ++i) {
    const std::string name = "p" + std::to_string(i);
    const std::string ip = "10.50." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    draft.put(testing::sample_pod("many", name.c_str(), ip.c_str()));
  }
  publish(std::move(draft), 1);
  const HeaderList as_json = {{"Accept", "application/json"}};
  const std::string tag(get("/latest/containers", as_json).header("etag"));

  auto answer = wait_for("/latest/containers?wait=true&value=" + tag, as_json);
  auto unshown = std::make_shared<Endpoints>();
  unshown->ns = unshown->name = unshown->service = "x";
  change(unshown);
  EXPECT_EQ(service_->counters().waiting, 1U);
  relabel("many", "p999", "new");

  EXPECT_NE(std::string(answer.get().header("etag")), tag);
}

TEST_F(WaitingForDocuments, ACommonSubtreeWakesAllWhoWaitForIt) {
  serve();
  publish(testing::sample_draft(), 1);
  std::vector<std::future<ClientResponse>> answers;
  for (int i = 0; i < 20; ++i) {
    answers.push_back(wait_for("/latest/services/web/scale?wait=true&value=2"));
  }
  auto web = clone(*service_cluster_->find<Service>("shop", "web"));
  web->scale = 3;
  change(web);

  for (auto& answer : answers) EXPECT_EQ(answer.get().body, "3");
  EXPECT_EQ(service_->counters().waiting, 0U);
}

}  // namespace
}  // namespace paddock::metadata
