// SPDX-License-Identifier: Apache-2.0
#include "metadatad/service.hpp"

#include "support/temp_folder.hpp"

#include <paddock/metadata/client.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::metadatad {
namespace {

class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() {
    options.state_dir = folder.path() / "state";
    options.socket = folder.path() / "run" / "metadata.sock";
    options.listen = {"none"};
  }

  test::TempFolder folder;
  Options options;
};

TEST_F(ServiceTest, KeepsWhatWasPutAcrossARestart) {
  {
    const Service service(options, [] {});
    metadata::Client client("unix:" + options.socket);
    ASSERT_EQ(
        client.put("/v1/services/shop/web", R"({"cluster_ips":["10.43.0.1"]})").value().status,
        201);
    EXPECT_EQ(service.summary(), "1 service, 0 pods, revision 1");
  }

  const Service service(options, [] {});
  metadata::Client client("unix:" + options.socket);

  EXPECT_EQ(client.get("/v1/services/shop/web").value().status, 200);
  EXPECT_TRUE(service.status().ready);
  EXPECT_EQ(nlohmann::json::parse(service.status().detail).at("objects").at("services"), 1);
}

TEST_F(ServiceTest, ReportsChangesAndCountsThem) {
  std::atomic<int> changes = 0;
  const Service service(options, [&changes] { ++changes; });
  metadata::Client client("unix:" + options.socket);
  ASSERT_TRUE(client.put("/v1/hosts/one", "{}").value().is_success());

  runtime::MetricsText out;
  service.metrics(out);

  EXPECT_GE(changes.load(), 1);
  EXPECT_NE(out.text().find("paddock_metadata_writes_total{outcome=\"created\"} 1\n"),
            std::string::npos);
  EXPECT_NE(out.text().find("paddock_metadata_objects{kind=\"Host\"} 1\n"), std::string::npos);
}

TEST_F(ServiceTest, RefusesASecondOneOnTheSameState) {
  const Service first(options, [] {});
  auto other = options;
  other.socket = folder.path() / "other.sock";

  EXPECT_THROW(Service(other, [] {}), std::runtime_error);
}

TEST_F(ServiceTest, NamesAGroupThatDoesNotExist) {
  options.socket_group = "no-such-group";

  try {
    const Service service(options, [] {});
    FAIL() << "there is no such group";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("no-such-group"), std::string::npos);
  }
}

TEST(Describe, RefusesStoresThatAreNotBuiltIn) {
  Options options;
  runtime::OptionTable table("metadatad", "");
  describe(table, options);
  auto& store = table.options().front();

  EXPECT_NE(store.set("etcd:http://127.0.0.1:2379").find("embedded:/FOLDER"), std::string::npos);
  EXPECT_EQ(store.set("embedded:/srv/paddock"), "");
  EXPECT_EQ(store.set("embedded:"), "");
  EXPECT_NE(store.set("embedded:relative"), "");
}

}  // namespace
}  // namespace paddock::metadatad
