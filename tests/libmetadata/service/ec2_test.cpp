// SPDX-License-Identifier: Apache-2.0
//
// The paths of EC2 and of Kubernetes' downward API, and EC2's sessions.
#include "libmetadata/service/served_documents.hpp"
#include "service/session_tokens.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::metadata {
namespace {

using nlohmann::json;

constexpr const char* ttl_header = "X-aws-ec2-metadata-token-ttl-seconds";
constexpr const char* token_header = "X-aws-ec2-metadata-token";

class Ec2Test : public testing::ServedDocuments {
 protected:
  void serve_pods(DocumentOptions options = {}) {
    serve(std::move(options));
    Draft draft = testing::sample_draft();
    auto host = clone(*draft.cluster().find<Host>("node1"));
    host->zone = "rack-7";
    draft.put(host);
    auto local = testing::sample_pod("shop", "local", "127.0.0.1");
    local->addresses = {testing::address("127.0.0.1"), testing::address("fd00::1")};
    local->mac = "02:00:00:00:00:09";
    local->labels = {{"app", "web"}, {"x/y", "z"}};
    local->annotations = {{"paddock.io/user-data", "#!/bin/sh\n"}, {"note", "n"}};
    local->service_account = "builder";
    draft.put(local);
    publish(std::move(draft), 1);
  }
  [[nodiscard]] std::string body(const std::string& target, HeaderList headers = {}) const {
    const auto response = send("GET", target, std::move(headers));
    return response.status == 200 ? response.body : std::to_string(response.status);
  }
};

TEST_F(Ec2Test, APodIsTheInstance) {
  serve_pods();

  EXPECT_EQ(body("/latest/meta-data/"),
            "hostname\ninstance-id\nipv6\nlocal-hostname\nlocal-ipv4\nmac\nnetwork/\nplacement/\n"
            "tags/\n");
  EXPECT_EQ(body("/latest/meta-data/instance-id"), "uid-local");
  EXPECT_EQ(body("/2009-04-04/meta-data/local-ipv4"), "127.0.0.1");
  EXPECT_EQ(body("/latest/meta-data/placement/availability-zone"), "rack-7");
  EXPECT_EQ(body("/latest/meta-data/network/interfaces/macs/02:00:00:00:00:09/ipv6s"), "fd00::1");
  EXPECT_EQ(body("/latest/meta-data/tags/instance/x%2Fy"), "z");
  EXPECT_EQ(body("/latest/user-data"), "#!/bin/sh\n");
  EXPECT_EQ(json::parse(body("/latest/dynamic/instance-identity/document"))["instanceId"],
            "uid-local");
}

TEST_F(Ec2Test, IsNotListedWithRanchersKeys) {
  serve_pods();

  EXPECT_EQ(body("/latest").find("meta-data"), std::string::npos);
  EXPECT_EQ(body("/latest/self"), "container/\nhost/\n");
  EXPECT_EQ(body("/").find("2009"), std::string::npos);
  EXPECT_EQ(body("/2015-12-19/meta-data"), "404");
}

TEST_F(Ec2Test, IsForPodsThatAreKnown) {
  serve_pods();

  EXPECT_EQ(get("/latest/meta-data/instance-id").body, "uid-web-1");
  EXPECT_EQ(body("/latest/meta-data", {{"X-Forwarded-For", "203.0.113.9"}}), "404");
  EXPECT_EQ(body("/latest/self/pod", {{"X-Forwarded-For", "203.0.113.9"}}), "404");
  EXPECT_EQ(get("/latest/user-data").status, 404);
}

TEST_F(Ec2Test, TellsWhatTheDownwardApiTells) {
  serve_pods();

  EXPECT_EQ(json::parse(body("/latest/self/pod", {{"Accept", "application/json"}})),
            (json{{"annotations", {{"paddock.io/user-data", "#!/bin/sh\n"}, {"note", "n"}}},
                  {"host_ip", "192.0.2.1"},
                  {"labels", {{"app", "web"}, {"x/y", "z"}}},
                  {"name", "local"},
                  {"namespace", "shop"},
                  {"node_name", "node1"},
                  {"pod_ip", "127.0.0.1"},
                  {"pod_ips", {"127.0.0.1", "fd00::1"}},
                  {"service_account", "builder"},
                  {"uid", "uid-local"},
                  {"zone", "rack-7"}}));
}

TEST_F(Ec2Test, ASessionBeginsWithAToken) {
  serve_pods();

  const auto begun = send("PUT", "/latest/api/token", {{ttl_header, "60"}});

  EXPECT_EQ(begun.status, 200);
  EXPECT_EQ(begun.header("x-aws-ec2-metadata-token-ttl-seconds"), "60");
  EXPECT_EQ(begun.header("content-type"), "text/plain; charset=utf-8");
  const HeaderList with = {{token_header, begun.body}};
  EXPECT_EQ(body("/latest/meta-data/instance-id", with), "uid-local");
  // Also when the answer is one that was kept.
  EXPECT_EQ(body("/latest/meta-data/instance-id", {{token_header, begun.body + "x"}}), "401");
  EXPECT_EQ(body("/latest/meta-data/instance-id"), "uid-local");
  EXPECT_EQ(body("/latest/self/container/name", {{token_header, "nonsense"}}), "local");
}

TEST_F(Ec2Test, ATokenMayBeRequired) {
  DocumentOptions options;
  options.require_session_token = true;
  serve_pods(std::move(options));

  EXPECT_EQ(body("/latest/meta-data/instance-id"), "401");
  EXPECT_EQ(body("/latest/dynamic"), "401");
  EXPECT_EQ(body("/latest/user-data"), "401");
  EXPECT_EQ(body("/latest/self/container/name"), "local");
  const auto token = send("PUT", "/latest/api/token", {{ttl_header, "21600"}}).body;
  EXPECT_EQ(body("/latest/meta-data/instance-id", {{token_header, token}}), "uid-local");
  EXPECT_EQ(body("/latest/meta-data/instance-id",
                 {{token_header, token}, {"X-Forwarded-For", "10.42.0.2"}}),
            "401");
}

TEST_F(Ec2Test, ARequiredTokenIsWantedInAnyCaseOfThePath) {
  DocumentOptions options;
  options.require_session_token = true;
  serve_pods(std::move(options));

  for (const char* path : {"/latest/META-DATA/instance-id", "/latest/User-Data",
                           "/latest/Dynamic/instance-identity/document", "/latest/%55ser-data"}) {
    EXPECT_EQ(body(path), "401") << path;
  }
}

TEST_F(Ec2Test, RefusesWhatIsNoBeginningOfASession) {
  serve_pods();
  const auto status = [this](HeaderList headers) {
    return send("PUT", "/latest/api/token", std::move(headers)).status;
  };

  EXPECT_EQ(status({}), 400);
  EXPECT_EQ(status({{ttl_header, "0"}}), 400);
  EXPECT_EQ(status({{ttl_header, "21601"}}), 400);
  EXPECT_EQ(status({{ttl_header, "6x"}}), 400);
  EXPECT_EQ(status({{ttl_header, "60"}, {"X-Forwarded-For", "10.42.0.2"}}), 403);
  const auto read = send("GET", "/latest/api/token");
  EXPECT_EQ(read.status, 405);
  EXPECT_EQ(read.header("allow"), "PUT");
  EXPECT_EQ(send("PUT", "/latest/meta-data", {{ttl_header, "60"}}).status, 405);
}

TEST(SessionTokens, HoldForOneClientAndATime) {
  const service::SessionTokens tokens;
  const service::SessionTokens others;
  const auto now = service::SessionTokens::Clock::now();
  const std::string token = tokens.make("10.42.0.2", now + std::chrono::seconds(60));

  EXPECT_TRUE(tokens.is_valid(token, "10.42.0.2", now + std::chrono::seconds(59)));
  EXPECT_FALSE(tokens.is_valid(token, "10.42.0.2", now + std::chrono::seconds(60)));
  EXPECT_FALSE(tokens.is_valid(token, "10.42.0.3", now));
  EXPECT_FALSE(others.is_valid(token, "10.42.0.2", now));
  std::string later = token;
  later[0] = later[0] == '9' ? '8' : '9';
  EXPECT_FALSE(tokens.is_valid(later, "10.42.0.2", now));
  for (const char* text : {"", ".", "1.", "x.y", "1"}) {
    EXPECT_FALSE(tokens.is_valid(text, "10.42.0.2", now)) << text;
  }
}

}  // namespace
}  // namespace paddock::metadata
