// SPDX-License-Identifier: Apache-2.0
#include "documents/tree.hpp"

#include "documents/fields.hpp"
#include "documents/render.hpp"
#include "libmetadata/documents/sample_cluster.hpp"
#include "model/uuid.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::metadata::documents {
namespace {

using nlohmann::json;
using testing::address;
using testing::sample_cluster;

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> segments;
  while (!path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    segments.emplace_back(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return segments;
}

std::shared_ptr<const Edition> sample_edition(Environment environment) {
  auto edition =
      std::make_shared<Edition>(*next_edition(nullptr, sample_cluster(), std::move(environment)));
  edition->version = "v1";
  return edition;
}

// What one client reads, as text ("404" when there is nothing) or JSON.
class Reader {
 public:
  explicit Reader(const char* client, Version version = Version::v2016_07_29)
      : view_(std::make_shared<const Snapshot>(
                  sample_edition({.name = "Env", .uuid = "uid-env", .region_name = "r"})),
              version, {.client = address(client), .host = "node1"}) {}
  [[nodiscard]] std::string text(std::string_view path) const {
    const auto node = find(*view_.root(), split(path));
    return node ? render_text(*node) : "404";
  }
  [[nodiscard]] json tree(std::string_view path) const {
    const auto node = find(*view_.root(), split(path));
    return node ? json::parse(render_json(*node)) : json("404");
  }

 private:
  View view_;
};

constexpr const char* web_1 = "10.42.0.2";
constexpr const char* api_1 = "10.42.0.4";
constexpr const char* lone = "10.42.0.5";
constexpr const char* stranger = "203.0.113.9";

struct Row {
  const char* client;
  const char* path;
  const char* text;
};

class TreeRows : public ::testing::TestWithParam<Row> {};

TEST_P(TreeRows, ReadsAsExpected) {
  EXPECT_EQ(Reader(GetParam().client).text(GetParam().path), GetParam().text) << GetParam().path;
}

INSTANTIATE_TEST_SUITE_P(
    Paths, TreeRows,
    ::testing::Values(
        Row{web_1, "",
            "containers/\nenvironments/\nhosts/\nname\nnetworks/\nregion_name\nself/\nservices/\n"
            "stacks/\nuuid\nversion\n"},
        Row{web_1, "name", "Env"}, Row{web_1, "uuid", "uid-env"}, Row{web_1, "version", "v1"},
        Row{web_1, "region_name", "r"}, Row{web_1, "environments", ""},
        Row{web_1, "environments/0", "404"},
        Row{web_1, "self", "container/\nhost/\nservice/\nstack/\n"},
        Row{lone, "self", "container/\nhost/\n"}, Row{stranger, "self", "host/\n"},
        Row{stranger, "self/container", "404"},
        Row{web_1, "self/container/primary_ip", "10.42.0.2"},
        Row{web_1, "self/container/name", "web-1"}, Row{web_1, "self/container/ips", "0\n"},
        Row{web_1, "self/container/ips/0", "10.42.0.2"},
        Row{web_1, "self/container/ips/00", "10.42.0.2"}, Row{web_1, "self/container/ips/1", "404"},
        Row{web_1, "self/container/ips/+0", "10.42.0.2"}, Row{web_1, "self/container/ips/+", "404"},
        Row{web_1, "self/container/ips/-1", "404"},
        Row{web_1, "self/container/ips/0/deeper", "404"},
        Row{web_1, "self/container/health_state", ""},
        Row{web_1, "self/container/health_state/deeper", "404"},
        Row{web_1, "self/container/state", "running"}, Row{web_1, "self/container/system", "false"},
        Row{web_1, "self/container/start_count", "0"},
        Row{web_1, "self/container/host_uuid", "uid-node1"},
        Row{web_1, "self/container/network_uuid", "uid-overlay"},
        Row{web_1, "self/container/service_name", "web"},
        Row{web_1, "self/container/service_index", "1"},
        Row{web_1, "self/container/stack_name", "shop"},
        Row{web_1, "self/container/primary_mac_address", "02:00:00:00:00:01"},
        Row{api_1, "self/container/service_name", "api"},
        Row{api_1, "self/container/labels", "app\nx%2Fy+z\n"},
        Row{api_1, "self/container/labels/x/y z", "404"},
        Row{lone, "self/container/service_name", ""}, Row{web_1, "self/host/name", "node1"},
        Row{web_1, "self/host/agent_ip", "192.0.2.1"},
        Row{web_1, "self/host/labels/role", "worker"}, Row{web_1, "self/host/memory", "1024"},
        Row{stranger, "self/host/hostname", "node1"}, Row{web_1, "SELF/Host/NAME", "node1"},
        Row{web_1, "self/service/name", "web"}, Row{web_1, "self/stack/name", "shop"},
        Row{web_1, "containers", "0=lone\n1=api-1\n2=web-1\n3=web-2\n"},
        Row{web_1, "containers/web-2/primary_ip", "10.42.0.3"},
        Row{web_1, "containers/uid-web-2/name", "web-2"}, Row{web_1, "containers/2/name", "web-1"},
        Row{web_1, "containers/WEB-1/name", "web-1"}, Row{web_1, "containers/99", "404"},
        Row{web_1, "containers/none", "404"}, Row{web_1, "services", "0=api\n1=web\n"},
        Row{web_1, "services/web/vip", "10.43.0.7"}, Row{web_1, "services/api/vip", "404"},
        Row{web_1, "services/web/kind", "service"},
        Row{web_1, "services/web/containers", "0=web-1\n1=web-2\n"},
        Row{web_1, "services/web/containers/web-2/name", "web-2"},
        Row{web_1, "services/api/containers", "0=api-1\n"},
        Row{web_1, "services/api/selector", "app=api"}, Row{web_1, "services/web/ports", "0\n"},
        Row{web_1, "services/web/ports/0", "80:8080/tcp"}, Row{web_1, "services/web/scale", "2"},
        Row{web_1, "services/web/metadata", "a+b\nf\nlist/\n"},
        Row{web_1, "services/web/metadata/a b", "1"}, Row{web_1, "services/web/metadata/f", "1.5"},
        Row{web_1, "services/web/metadata/list", "0=x+y\n1=u\n2/\n3\n4\n"},
        Row{web_1, "services/web/metadata/list/x y/name", "x y"},
        Row{web_1, "services/web/metadata/list/4", ""}, Row{web_1, "stacks", "0=other\n1=shop\n"},
        Row{web_1, "stacks/shop/services", "0=api\n1=web\n"},
        Row{web_1, "stacks/shop/services/web/uuid", "uid-web"},
        Row{web_1, "stacks/shop/environment_name", "Env"}, Row{web_1, "hosts", "0=node1\n"},
        Row{web_1, "hosts/node1/hostId", "404"}, Row{web_1, "networks", "0=overlay\n"},
        Row{web_1, "networks/overlay/is_default", "true"},
        Row{web_1, "networks/overlay/host_ports", "false"},
        Row{web_1, "networks/overlay/default_policy_action", "allow"},
        Row{web_1, "networks/overlay/metadata/mtu", "1450"}, Row{web_1, "nothing", "404"}));

TEST(Tree, ShowsATokenOnlyToContainersOfItsService) {
  EXPECT_EQ(Reader(web_1).text("self/service/token"), "secret");
  EXPECT_EQ(Reader(web_1).text("services/web/token"), "secret");
  EXPECT_EQ(Reader(api_1).text("services/web/token"), "");
  EXPECT_EQ(Reader(stranger).tree("services/web")["token"], nullptr);
  EXPECT_EQ(Reader(stranger).tree("").dump().find("secret"), std::string::npos);
}

TEST(Tree, FirstVersionListsNames) {
  const Reader old(web_1, Version::v2015_07_25);
  const Reader middle(web_1, Version::v2015_12_19);

  EXPECT_EQ(old.tree("services/web/containers"), (json{"web-1", "web-2"}));
  EXPECT_EQ(old.tree("stacks/shop/services"), (json{"api", "web"}));
  EXPECT_EQ(middle.tree("services/web/containers")[0]["name"], "web-1");
  EXPECT_EQ(middle.tree("stacks/shop/services")[0]["name"], "api");
}

TEST(Tree, OldVersionsNameTheHostInPortsAndHaveAHostId) {
  const Reader old(web_1, Version::v2015_12_19);
  const Reader present(web_1);

  EXPECT_EQ(old.tree("self/container/ports"),
            (json{"192.0.2.1:8080:80", "192.0.2.1:443:443/tcp", "198.51.100.1:53:53/udp"}));
  EXPECT_EQ(present.tree("self/container/ports"),
            (json{"0.0.0.0:8080:80", "0.0.0.0:443:443/tcp", "198.51.100.1:53:53/udp"}));
  EXPECT_EQ(Reader(lone).tree("self/container/ports"), json::array());
  EXPECT_EQ(old.text("hosts/node1/hostId"), "uid-node1");
  EXPECT_EQ(old.text("environments"), "404");
}

TEST(Tree, NewVersionHasLinkNamesInLowerCase) {
  EXPECT_EQ(Reader(web_1).tree("services/web/links"), (json{{"shop/db", "store"}}));
  EXPECT_EQ(Reader(web_1, Version::v2015_12_19).tree("services/web/links"),
            (json{{"shop/DB", "store"}}));
}

TEST(Tree, HasTheFieldsOfAContainer) {
  std::vector<std::string> keys;
  const json container = Reader(web_1).tree("self/container");
  for (const auto& [key, unused] : container.items()) {
    keys.push_back(key);
  }

  EXPECT_EQ(keys, (std::vector<std::string>{"create_index",
                                            "dns",
                                            "dns_search",
                                            "environment_uuid",
                                            "external_id",
                                            "health_check",
                                            "health_check_hosts",
                                            "health_state",
                                            "host_uuid",
                                            "hostname",
                                            "ips",
                                            "labels",
                                            "links",
                                            "memory_reservation",
                                            "metadata_kind",
                                            "milli_cpu_reservation",
                                            "name",
                                            "network_from_container_uuid",
                                            "network_uuid",
                                            "ports",
                                            "primary_ip",
                                            "primary_mac_address",
                                            "service_index",
                                            "service_name",
                                            "service_uuid",
                                            "stack_name",
                                            "stack_uuid",
                                            "start_count",
                                            "state",
                                            "system",
                                            "uuid"}));
}

TEST(Tree, FindsEveryKeyItLists) {
  const Reader reader(web_1);
  for (const char* path : {"", "self", "self/container", "self/service", "self/stack", "self/host",
                           "networks/overlay", "services/api", "stacks/shop"}) {
    const std::string prefix = *path == '\0' ? "" : std::string(path) + "/";
    const json tree = reader.tree(path);
    for (const auto& [key, unused] : tree.items()) {
      EXPECT_NE(reader.text(prefix + key), "404") << prefix << key;
    }
  }
}

TEST(Uuid, IsStableAndWellFormed) {
  EXPECT_EQ(uuid_from("a"), uuid_from("a"));
  EXPECT_NE(uuid_from("a"), uuid_from("b"));
  EXPECT_EQ(uuid_from("a").size(), 36U);
  EXPECT_EQ(uuid_from("a")[14], '8');
}

}  // namespace
}  // namespace paddock::metadata::documents
