// SPDX-License-Identifier: Apache-2.0
//
// Rancher's data files over HTTP: the same rules as for a cluster's documents.
#include <paddock/metadata/answers.hpp>
#include <paddock/metadata/client.hpp>
#include <paddock/metadata/service.hpp>

#include <gtest/gtest.h>

#include <thread>

namespace paddock::metadata {
namespace {

class AnswersServiceTest : public ::testing::Test {
 protected:
  AnswersServiceTest() {
    DocumentOptions options;
    options.http.tcp = {{boost::asio::ip::make_address("127.0.0.1"), 0}};
    options.trust_forwarded_for = true;
    service_ = std::make_unique<DocumentService>(std::move(options));
    service_->start();
  }
  void publish(std::string_view text) { service_->publish(parse_answers(text, "test")->answers); }
  [[nodiscard]] ClientResponse get(const std::string& target, HeaderList headers = {}) const {
    Client client("http://127.0.0.1:" + std::to_string(service_->tcp_endpoints().at(0).port));
    auto response = client.send({.target = target, .headers = std::move(headers)});
    EXPECT_TRUE(response) << response.error().text;
    return response ? *response : ClientResponse{};
  }
  [[nodiscard]] std::string body(const std::string& target, HeaderList headers = {}) const {
    const auto response = get(target, std::move(headers));
    return response.status == 200 ? response.body : std::to_string(response.status);
  }
  std::unique_ptr<DocumentService> service_;
};

constexpr std::string_view tree = R"(
"2015-07-25": {default: {name: old}}
"2016-07-29":
  default: {name: shared, version: v1, list: [{name: a b, Deep: 1}, {uuid: u}]}
  127.0.0.1: {name: local}
  10.42.0.2: {name: web, "Mixed Key": {x/y: z}}
)";

TEST_F(AnswersServiceTest, IsNotReadyBeforeTheFirstFile) {
  EXPECT_EQ(get("/latest/name").status, 503);
  EXPECT_EQ(get("/").status, 503);
}

TEST_F(AnswersServiceTest, ListsTheVersionsOfTheFile) {
  publish(tree);

  EXPECT_EQ(body("/"), "2015-07-25\n2016-07-29\nlatest\n");
  EXPECT_EQ(body("/", {{"Accept", "application/json"}}),
            R"({"2015-07-25":"/2015-07-25","2016-07-29":"/2016-07-29","latest":"/latest"})");
  EXPECT_EQ(body("/", {{"Accept", "text/yaml"}}),
            "2015-07-25: /2015-07-25\n2016-07-29: /2016-07-29\nlatest: /latest\n");
}

TEST_F(AnswersServiceTest, LinksToVersionsOfAnyName) {
  publish(R"({"my own/1?": {"default": {"name": "it"}}})");

  EXPECT_EQ(body("/"), "latest\nmy+own%2F1%3F\n");
  EXPECT_EQ(body("/", {{"Accept", "application/json"}}),
            R"({"latest":"/latest","my own/1?":"/my%20own%2F1%3F"})");
  EXPECT_EQ(body("/my%20own%2F1%3F/name"), "it");
}

TEST_F(AnswersServiceTest, AnswersByWhoAsks) {
  publish(tree);

  EXPECT_EQ(body("/latest/name"), "local");
  EXPECT_EQ(body("/latest/name", {{"X-Forwarded-For", "10.42.0.2"}}), "web");
  EXPECT_EQ(body("/latest/name", {{"X-Forwarded-For", "default"}}), "shared");
  EXPECT_EQ(body("/latest/name", {{"X-Forwarded-For", "10.42.0.2, 10.42.0.3"}}), "shared");
  EXPECT_EQ(body("/2015-07-25/name"), "old");
  EXPECT_EQ(get("/2014-01-01/name").body, "Invalid version\n");
}

TEST_F(AnswersServiceTest, LooksThingsUpAsInAnyDocument) {
  publish(tree);
  const HeaderList web = {{"X-Forwarded-For", "10.42.0.2"}};

  EXPECT_EQ(body("/latest/list", web), "0=a+b\n1=u\n");
  EXPECT_EQ(body("/latest/list/a+b", web), "Deep\nname\n");
  EXPECT_EQ(body("/latest/list/0/Deep", web), "1");
  EXPECT_EQ(body("/latest/list/0/deep", web), "404");
  EXPECT_EQ(body("/latest/LIST/A%20B/name", web), "a b");
  EXPECT_EQ(body("/latest/list/u/uuid", web), "u");
  EXPECT_EQ(body("/latest/Mixed+Key/x%2Fy", web), "z");
  EXPECT_EQ(body("/latest/mixed+key", web), "404");
  EXPECT_EQ(body("/latest", web), "Mixed+Key/\nlist/\nname\nversion\n");
}

TEST_F(AnswersServiceTest, WaitsForAReload) {
  publish(tree);
  std::string answer;
  std::thread waiting([&] { answer = body("/latest/version?wait=true&value=v1"); });
  while (service_->counters().waiting == 0) std::this_thread::yield();

  publish("v: {default: {version: v2}}");
  waiting.join();

  EXPECT_EQ(answer, "v2");
}

TEST_F(AnswersServiceTest, AnsweredAgainOnlyAsLongAsTheFileIsTheSame) {
  publish(tree);
  const auto first = get("/latest/name");

  EXPECT_EQ(get("/latest/name", {{"If-None-Match", std::string(first.header("etag"))}}).status,
            304);
  publish("v: {default: {name: other}}");
  EXPECT_EQ(body("/latest/name"), "other");
}

}  // namespace
}  // namespace paddock::metadata
