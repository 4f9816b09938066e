// SPDX-License-Identifier: Apache-2.0
#include "libmetadata/http/socket_client.hpp"
#include "libmetadata/service/served_documents.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace paddock::metadata {
namespace {

using nlohmann::json;
using testing::sample_cluster;
using testing::sample_draft;

class DocumentServiceTest : public testing::ServedDocuments {};

TEST_F(DocumentServiceTest, ListsItsVersions) {
  serve();
  publish(sample_draft(), 1);

  EXPECT_EQ(get("/").body, "2015-07-25\n2015-12-19\n2016-07-29\nlatest\n");
  EXPECT_EQ(json::parse(get("/", {{"Accept", "application/json"}}).body)["latest"], "/latest");
}

TEST_F(DocumentServiceTest, TellsAContainerAboutItself) {
  serve();
  publish(sample_draft(), 1);

  const auto text = get("/latest/self/container/primary_ip");
  EXPECT_EQ(text.status, 200);
  EXPECT_EQ(text.body, "10.42.0.2");
  EXPECT_EQ(text.header("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(text.header("access-control-allow-origin"), "*");
  const auto tree =
      get("/2016-07-29/self/container/", {{"Accept", "application/json; charset=utf-8"}});
  EXPECT_EQ(tree.header("content-type"), "application/json");
  EXPECT_EQ(json::parse(tree.body)["name"], "web-1");
  EXPECT_EQ(get("/latest/self/container/name", {{"Accept", "application/yaml"}}).body, "web-1\n");
}

TEST_F(DocumentServiceTest, KnowsAClientByItsAddressOnly) {
  serve();
  publish(sample_draft(), 1);

  EXPECT_EQ(send("GET", "/latest/self/host/name").body, "node1");
  EXPECT_EQ(send("GET", "/latest/self/container").status, 404);
  EXPECT_EQ(
      send("GET", "/latest/self/container", {{"X-Forwarded-For", "10.42.0.2, 10.42.0.3"}}).status,
      404);
}

TEST_F(DocumentServiceTest, DoesNotTrustForwardedHeadersUnlessTold) {
  DocumentOptions options;
  options.http.tcp = {{testing::address("127.0.0.1"), 0}};
  DocumentService service(std::move(options));
  service.start();
  service.publish(sample_cluster());
  Client client("http://127.0.0.1:" + std::to_string(service.tcp_endpoints().at(0).port));

  EXPECT_EQ(
      client
          .send({.target = "/latest/self/container", .headers = {{"X-Forwarded-For", "10.42.0.2"}}})
          ->status,
      404);
}

TEST_F(DocumentServiceTest, RequestsThatComeTogetherGetEachItsOwnAnswer) {
  serve();
  publish(sample_draft(), 1);
  const auto ask = [](const std::string& client, const std::string& accept) {
    return "GET /latest/self/container/name HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + client +
           "\r\nAccept: " + accept + "\r\n\r\n";
  };
  std::string requests;
  for (int i = 0; i < 3; ++i) {  // made, kept, found
    requests += ask("10.42.0.2", "text/plain") + ask("10.42.0.3", "text/plain") +
                ask("10.42.0.3", "application/json") + ask("10.42.0.2", "text/plain") +
                ask("10.42.9.9", "text/plain");
  }

  auto client = testing::SocketClient::to(service_->tcp_endpoints().at(0));
  client.send(requests);

  const auto body = [&client] {
    const std::string response = client.read_response();
    return response.substr(response.find("\r\n\r\n") + 4);
  };
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(body(), "web-1") << i;
    EXPECT_EQ(body(), "web-2") << i;
    EXPECT_EQ(body(), "\"web-2\"") << i;
    EXPECT_EQ(body(), "web-1") << i;
    EXPECT_EQ(body(), "Not found\n") << i;
  }
}

TEST_F(DocumentServiceTest, SaysNotFoundInTheFormAskedFor) {
  serve();
  publish(sample_draft(), 1);

  const auto text = get("/latest/nothing");
  EXPECT_EQ(text.status, 404);
  EXPECT_EQ(text.body, "Not found\n");
  EXPECT_EQ(text.header("access-control-allow-origin"), "*");
  EXPECT_EQ(text.header("x-content-type-options"), "nosniff");
  EXPECT_EQ(get("/2011-01-01", {{"Accept", "application/json"}}).body,
            "{\"code\":404,\"message\":\"Invalid version\",\"type\":\"error\"}\n");
  EXPECT_EQ(get("/latest/nothing", {{"Accept", "text/yaml"}}).body,
            "code: 404\nmessage: Not found\ntype: error\n\n");
  const auto favicon = get("/favicon.ico");
  EXPECT_EQ(favicon.body, "404 page not found\n");
  EXPECT_EQ(favicon.header("access-control-allow-origin"), "");
}

TEST_F(DocumentServiceTest, RedirectsToTheCleanPath) {
  serve();
  publish(sample_draft(), 1);

  EXPECT_EQ(get("/latest//self").header("location"), "/latest/self");
  EXPECT_EQ(get("/latest/./self/?a=b").header("location"), "/latest/self/?a=b");
  EXPECT_EQ(get("/latest/x/../self").status, 301);
  EXPECT_EQ(get("//evil.example/").header("location"), "/evil.example/");
  EXPECT_EQ(get("/..").header("location"), "/");
}

TEST_F(DocumentServiceTest, AllowsReadingOnly) {
  serve();
  publish(sample_draft(), 1);

  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    const auto refused = send(method, "/latest/self");
    EXPECT_EQ(refused.status, 405) << method;
    EXPECT_EQ(refused.header("allow"), "GET, HEAD") << method;
  }
}

TEST_F(DocumentServiceTest, SaysNotModified) {
  serve();
  publish(sample_draft(), 1);
  const auto first = get("/latest/containers");

  EXPECT_EQ(
      get("/latest/containers", {{"If-None-Match", std::string(first.header("etag"))}}).status,
      304);
  EXPECT_NE(get("/latest/containers", {{"Accept", "application/json"}}).header("etag"),
            first.header("etag"));
  const auto head = send("HEAD", "/latest/containers");
  EXPECT_EQ(head.header("etag"), first.header("etag"));
  EXPECT_EQ(head.header("content-length"), std::to_string(first.body.size()));
}

TEST_F(DocumentServiceTest, ChangesItsVersionOnlyWithTheContent) {
  serve();
  publish(sample_draft(), 1);
  const std::string first = get("/latest/version").body;
  publish(Draft(*service_cluster_), 2);
  EXPECT_EQ(get("/latest/version").body, first);

  Draft with_endpoints(*service_cluster_);
  auto endpoints = std::make_shared<Endpoints>();
  endpoints->ns = "shop";
  endpoints->name = endpoints->service = "web";
  with_endpoints.put(endpoints);
  publish(std::move(with_endpoints), 5);
  EXPECT_EQ(get("/latest/version").body, first);

  Draft changed(*sample_cluster());
  changed.put(testing::sample_pod("shop", "new", "10.42.0.9"));
  publish(std::move(changed), 6);

  EXPECT_NE(get("/latest/version").body, first);
}

TEST_F(DocumentServiceTest, IsNotReadyBeforeTheFirstCluster) {
  serve();

  const auto refused = get("/latest/self");

  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("retry-after"), "1");
}

TEST_F(DocumentServiceTest, ARepeatedAnswerIsForTheSameClientFormAndStateOnly) {
  serve();
  publish(sample_draft(), 1);
  const std::string path = "/latest/self/service/token";
  const auto ask = [&](const std::string& client, const std::string& accept) {
    return send("GET", path, {{"X-Forwarded-For", client}, {"Accept", accept}}).body;
  };

  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(ask("10.42.0.2", "text/plain"), "secret");
    EXPECT_EQ(ask("10.42.0.2", "application/json"), "\"secret\"");
    EXPECT_EQ(ask("10.42.0.4", "text/plain"), "");
    EXPECT_EQ(send("GET", path).status, 404);
  }
  Draft changed(*service_cluster_);
  auto web = clone(*service_cluster_->find<Service>("shop", "web"));
  web->token = "other";
  changed.put(web);
  publish(std::move(changed), 1);

  EXPECT_EQ(ask("10.42.0.2", "text/plain"), "other");
}

Draft large_draft() {
  Draft draft(*sample_cluster());
  for (int i = 0; i < 3000; ++i) {
    const std::string name = "a-container-with-a-long-name-" + std::to_string(i);
    const std::string ip = "10.50." + std::to_string(i / 250) + "." + std::to_string(i % 250);
    draft.put(testing::sample_pod("many", name.c_str(), ip.c_str()));
  }
  return draft;
}

TEST_F(DocumentServiceTest, ADocumentIsTheSameMadeAndKeptWhateverItsSize) {
  serve();
  Draft draft(*sample_cluster());
  for (int i = 0; i < 20; ++i) {
    const std::string name = "container-" + std::to_string(i);
    draft.put(testing::sample_pod("many", name.c_str(), ("10.50.0." + std::to_string(i)).c_str()));
  }
  publish(std::move(draft), 2);
  for (const char* path : {"/latest/containers", "/latest/containers/container-7"}) {
    const std::string ask =
        "GET " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nAccept: application/json\r\n\r\n";
    const std::string made = get(path, {{"Accept", "application/json"}}).body;
    ASSERT_EQ(made.size() > ReadyAnswer::copied_bytes, path == std::string("/latest/containers"));

    auto client = testing::SocketClient::to(service_->tcp_endpoints().at(0));
    client.send(ask + ask + ask + ask);

    for (int i = 0; i < 4; ++i)
      EXPECT_TRUE(client.read_response().ends_with("\r\n\r\n" + made)) << i;
  }
}

TEST_F(DocumentServiceTest, SendsLargeDocumentsInPieces) {
  serve();
  publish(large_draft(), 2);

  for (const char* form : {"application/json", "application/yaml", "text/plain"}) {
    const auto response = get("/latest/containers", {{"Accept", form}});

    EXPECT_EQ(response.header("transfer-encoding"), "chunked") << form;
    EXPECT_TRUE(response.header("content-type").starts_with(form)) << form;
    if (form == std::string("application/json")) {
      EXPECT_EQ(json::parse(response.body).size(), 3004U);
    } else if (form == std::string("text/plain")) {
      EXPECT_EQ(std::count(response.body.begin(), response.body.end(), '\n'), 3004);
      EXPECT_TRUE(response.body.ends_with("\n3003=web-2\n"));
    } else {
      EXPECT_NE(response.body.find("\n  name: a-container-with-a-long-name-2999\n"),
                std::string::npos);
      EXPECT_TRUE(response.body.ends_with("\n  uuid: uid-web-2\n"));
    }
    const std::string tag(response.header("etag"));
    EXPECT_TRUE(tag.starts_with("W/\""));
    const HeaderList known = {{"Accept", form}, {"If-None-Match", tag}};
    EXPECT_EQ(get("/latest/containers", known).status, 304) << form;
  }
}

TEST_F(DocumentServiceTest, ALargeDocumentHasItsHeaderAndEndsForOlderClients) {
  serve();
  publish(large_draft(), 2);
  const std::string ask = "/latest/containers HTTP/1.0\r\nAccept: application/json\r\n\r\n";

  ClientResponse head;
  for (int i = 0; i < 3; ++i) {  // kept, too
    head = send("HEAD", "/latest/containers", {{"Accept", "application/json"}});
  }
  auto old = testing::SocketClient::to(service_->tcp_endpoints().at(0));
  old.send("GET " + ask);
  const std::string response = old.read_all();

  EXPECT_EQ(head.header("transfer-encoding"), "chunked");
  EXPECT_EQ(head.header("content-length"), "");
  EXPECT_TRUE(head.body.empty());
  EXPECT_EQ(response.find("Transfer-Encoding"), std::string::npos);
  EXPECT_NE(response.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(json::parse(response.substr(response.find("\r\n\r\n") + 4)).size(), 3004U);
}

TEST_F(DocumentServiceTest, ALargeDocumentIsOfOneStateThoughTheClusterChanges) {
  serve();
  publish(large_draft(), 2);
  auto slow = testing::SocketClient::to(service_->tcp_endpoints().at(0), 4096);
  slow.send("GET /latest/containers HTTP/1.0\r\nAccept: application/json\r\n\r\n");
  const std::string begin = slow.read_until("\r\n\r\n");

  Draft emptied;
  emptied.put(testing::sample_pod("many", "last", "10.50.0.1"));
  publish(std::move(emptied), 3);
  const auto others = get("/latest/containers", {{"Accept", "application/json"}});

  EXPECT_EQ(json::parse(others.body).size(), 1U);
  EXPECT_EQ(json::parse(slow.read_all()).size(), 3004U);
}

TEST_F(DocumentServiceTest, SeveralWorkersShareAnAddress) {
  DocumentOptions options;
  options.workers = 3;
  serve(std::move(options));
  publish(sample_draft(), 1);

  for (int i = 0; i < 50; ++i) EXPECT_EQ(get("/latest/self/container/name").body, "web-1");
}

}  // namespace
}  // namespace paddock::metadata
