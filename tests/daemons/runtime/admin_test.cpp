// SPDX-License-Identifier: Apache-2.0
#include "runtime/admin.hpp"

#include "support/temp_folder.hpp"

#include <paddock/metadata/client.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::runtime {
namespace {

class AdminPagesTest : public ::testing::Test {
 protected:
  AdminPagesTest()
      : admin("kennel", {.listen = "127.0.0.1:0"}, lifecycle,
              {.status = [this] { return status; },
               .metrics =
                   [](MetricsText& out) {
                     out.gauge("paddock_dogs", "Dogs.");
                     out.sample(3);
                   }}),
        client("http://" + admin.endpoint()) {}

  metadata::ClientResponse get(const std::string& target) { return client.get(target).value(); }

  Status status{.ready = true, .summary = "three dogs", .problems = {}, .detail = R"({"dogs":3})"};
  Lifecycle lifecycle;
  Admin admin;
  metadata::Client client;
};

TEST_F(AdminPagesTest, ReadyzGivesTheReasonsOfErrorsOnly) {
  EXPECT_EQ(get("/readyz").status, 200);

  status.ready = false;
  status.problems = {{Problem::Severity::error, "no food", "buy some"},
                     {Problem::Severity::warning, "it rains", ""}};
  const auto answer = get("/readyz");

  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(nlohmann::json::parse(answer.body),
            nlohmann::json({{"ready", false}, {"reasons", {"no food"}}}));
}

TEST_F(AdminPagesTest, StatusHasOneShapeForAllDaemons) {
  const auto body = nlohmann::json::parse(get("/status").body);

  EXPECT_EQ(body.at("daemon"), "kennel");
  EXPECT_EQ(body.at("summary"), "three dogs");
  EXPECT_EQ(body.at("detail").at("dogs"), 3);
  EXPECT_TRUE(body.at("problems").is_array());
  EXPECT_GT(body.at("pid"), 0);
}

TEST_F(AdminPagesTest, MetricsHaveOursAndTheDaemons) {
  const auto answer = get("/metrics");

  EXPECT_EQ(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(answer.body.find("paddock_build_info{daemon=\"kennel\""), std::string::npos);
  EXPECT_NE(answer.body.find("\npaddock_dogs 3\n"), std::string::npos);
}

TEST_F(AdminPagesTest, HealthzIsOkWhileTheLoopTurns) {
  EXPECT_EQ(get("/healthz").status, 200);
  EXPECT_EQ(get("/healthz").body, "ok\n");
}

TEST_F(AdminPagesTest, UnknownPageListsThePages) {
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_NE(get("/nothing").body.find("/readyz"), std::string::npos);
}

TEST_F(AdminPagesTest, OnlyReadingIsAllowed) {
  const auto refused = client.put("/metrics", "{}").value();

  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.header("allow"), "GET, HEAD");
}

// While one takes the other's place.
TEST(Admin, TwoCanShareAnAddressAndEachHasItsSocket) {
  const test::TempFolder folder;
  const Lifecycle lifecycle;
  const auto pages = [](std::string summary) {
    return AdminPages{
        .status = [=] { return Status{.ready = true, .summary = summary, .problems = {}}; },
        .metrics = [](MetricsText&) {}};
  };
  const auto place = [&](const char* socket, const std::string& listen) {
    return AdminPlaces{.listen = listen, .socket = folder.path() / socket, .is_shared = true};
  };
  const Admin before("kennel", place("before", "127.0.0.1:0"), lifecycle, pages("before"));

  const Admin after("kennel", place("after", before.endpoint()), lifecycle, pages("after"));

  EXPECT_EQ(after.endpoint(), before.endpoint());
  for (const std::string one : {"before", "after"}) {
    metadata::Client client("unix:" + (folder.path() / one).string());
    EXPECT_NE(client.get("/status").value().body.find(one), std::string::npos);
  }
}

TEST(Admin, NoneListensNowhere) {
  const Lifecycle lifecycle;
  const Admin admin("kennel", {}, lifecycle, {});

  EXPECT_EQ(admin.endpoint(), "");
}

}  // namespace
}  // namespace paddock::runtime
