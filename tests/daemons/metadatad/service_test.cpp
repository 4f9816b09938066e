// SPDX-License-Identifier: Apache-2.0
#include "metadatad/service.hpp"

#include "libmetadata/tls_certificates.hpp"
#include "metadatad/service_options.hpp"
#include "support/held_port.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/client.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <thread>

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
    const Service service(options, open_store(options), [] {});
    metadata::Client client("unix:" + options.socket);
    ASSERT_EQ(
        client.put("/v1/services/shop/web", R"({"cluster_ips":["10.43.0.1"]})").value().status,
        201);
    EXPECT_EQ(service.summary(), "1 service, 0 pods, revision 1");
  }

  const Service service(options, open_store(options), [] {});
  metadata::Client client("unix:" + options.socket);

  EXPECT_EQ(client.get("/v1/services/shop/web").value().status, 200);
  EXPECT_TRUE(service.status().ready);
  EXPECT_EQ(nlohmann::json::parse(service.status().detail).at("objects").at("services"), 1);
}

TEST_F(ServiceTest, IsTheParentOfAnotherOneElsewhere) {
  const metadata::testing::Certificates authority;
  authority.sign("parent");
  const test::HeldPort port;
  const std::string address = "127.0.0.1:" + std::to_string(port.number());
  options.api_listen = {address};
  options.api_tls.certificate_file = authority.certificate("parent");
  options.api_tls.key_file = authority.key("parent");
  options.api_token_file = folder.write("tokens", "secret child\n");
  const Service parent(options, open_store(options), [] {});
  Options below;
  below.store = "paddock:https://" + address;
  below.store_access.ca_file = authority.ca();
  below.store_access.token_file = folder.write("token", "secret\n");
  below.state_dir = folder.file("below");
  below.socket = folder.file("below.sock");
  below.listen = {"none"};
  const Service child(below, open_store(below), [] {});
  metadata::Client at_child("unix:" + below.socket);

  // 503 until the child has heard of the parent.
  auto put = at_child.put("/v1/hosts/one?owner=one", "{}").value();
  while (put.status == 503) put = at_child.put("/v1/hosts/one?owner=one", "{}").value();
  const auto at_parent = metadata::Client("unix:" + options.socket).get("/v1/hosts/one").value();

  EXPECT_EQ(put.status, 201) << put.body;
  EXPECT_EQ(at_parent.header("etag"), put.header("etag"));
  EXPECT_EQ(at_child.get("/v1/hosts/one").value().body, at_parent.body);
  runtime::MetricsText out;
  child.metrics(out);
  EXPECT_NE(out.text().find("paddock_metadata_store_connected 1\n"), std::string::npos);
}

TEST_F(ServiceTest, ServesNobodyElsewhereWithoutAskingWhoComes) {
  options.api_listen = {"127.0.0.1:0"};
  EXPECT_THROW(Service(options, open_store(options), [] {}), std::runtime_error);

  options.api_token_file = folder.write("tokens", "secret child\n");
  EXPECT_NO_THROW(Service(options, open_store(options), [] {}));

  options.api_listen = {"0.0.0.0:0"};
  EXPECT_THROW(Service(options, open_store(options), [] {}), std::runtime_error);
}

TEST_F(ServiceTest, SaysWhyNothingIsKnownYet) {
  options.store = "etcd:http://127.0.0.1:1";
  const Service service(options, open_store(options), [] {});

  const auto is_told = [&] {
    const auto status = service.status();
    return !status.problems.empty() &&
           status.problems[0].remedy.find("127.0.0.1:1: ") != std::string::npos;
  };
  while (!is_told()) std::this_thread::yield();

  EXPECT_FALSE(service.status().ready);
}

TEST_F(ServiceTest, ReportsChangesAndCountsThem) {
  std::atomic<int> changes = 0;
  const Service service(options, open_store(options), [&changes] { ++changes; });
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
  const Service first(options, open_store(options), [] {});
  auto other = options;
  other.socket = folder.path() / "other.sock";

  EXPECT_THROW(Service(other, open_store(other), [] {}), std::runtime_error);
}

TEST_F(ServiceTest, NamesAGroupThatDoesNotExist) {
  options.socket_group = "no-such-group";

  try {
    const Service service(options, open_store(options), [] {});
    FAIL() << "there is no such group";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("no-such-group"), std::string::npos);
  }
}

TEST_F(ServiceTest, ServesFilesAndSaysWhatIsWrongWithThem) {
  const auto file = folder.write("cluster.yaml", "kind: Host\nname: one\n");
  options.store = "file:" + file;
  Service service(options, open_store(options), [] {});
  metadata::Client client("unix:" + options.socket);
  EXPECT_EQ(client.get("/v1/hosts/one").value().status, 200);
  EXPECT_EQ(client.put("/v1/hosts/two", "{}").value().status, 405);

  folder.write("cluster.yaml", "kind: Host\nname: [\n");
  std::string said;
  std::jthread asking([&] {
    said = metadata::Client("unix:" + options.socket)
               .send({.method = "POST", .target = "/v1/reload"})
               .value()
               .body;
  });
  while (!service.is_asked_to_reload()) std::this_thread::yield();
  service.read_again({});
  asking.join();

  EXPECT_NE(said.find("cluster.yaml:3: not YAML"), std::string::npos) << said;
  EXPECT_TRUE(service.status().ready);
  EXPECT_EQ(service.status().problems.size(), 1U);
  EXPECT_EQ(client.get("/v1/hosts/one").value().status, 200);
}

TEST(Describe, RefusesStoresThatThereAreNot) {
  Options options;
  runtime::OptionTable table("metadatad", "");
  describe(table, options);
  auto& store = table.options().front();

  EXPECT_NE(store.set("consul:http://127.0.0.1").find("embedded:, file:"), std::string::npos);
  EXPECT_EQ(store.set("etcd:http://127.0.0.1:2379"), "");
  EXPECT_EQ(store.set("embedded:/srv/paddock"), "");
  EXPECT_EQ(store.set("embedded:"), "");
  EXPECT_NE(store.set("embedded:relative"), "");
  EXPECT_EQ(store.set("file:/etc/paddock/cluster.d,/srv/more.yaml"), "");
  EXPECT_NE(store.set("file:relative"), "");
}

}  // namespace
}  // namespace paddock::metadatad
