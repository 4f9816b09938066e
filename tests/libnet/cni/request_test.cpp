// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/cni.hpp>

#include <gtest/gtest.h>

namespace paddock::net::cni {
namespace {

Environment environment(const std::string& command) {
  return {{"CNI_COMMAND", command},
          {"CNI_CONTAINERID", "c1"},
          {"CNI_NETNS", "/run/netns/x"},
          {"CNI_IFNAME", "eth0"},
          {"CNI_PATH", "/opt/cni/bin"}};
}

std::string config(const std::string& more = "", const std::string& version = "1.1.0") {
  return R"({"cniVersion":")" + version + R"(","name":"net","type":"paddock")" +
         (more.empty() ? "" : "," + more) + "}";
}

TEST(CniRequest, ReadsAnAdd) {
  auto variables = environment("ADD");
  variables["CNI_ARGS"] =
      "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_UID=u;team=blue;"
      "PADDOCK_LABELS=app=web,tier=front";

  const auto request =
      parse(variables, config(R"("mtu":1400,"dns":{"nameservers":["10.0.0.53"]})"));

  ASSERT_TRUE(request) << request.error().msg;
  EXPECT_EQ(request->command, Command::add);
  EXPECT_EQ(request->version, "1.1.0");
  EXPECT_EQ(request->network, "net");
  EXPECT_EQ(request->container, "c1");
  EXPECT_EQ(request->ifname, "eth0");
  EXPECT_EQ(request->netns, "/run/netns/x");
  EXPECT_EQ(request->mtu, 1400U);
  EXPECT_EQ(request->dns.nameservers, std::vector<std::string>{"10.0.0.53"});
  EXPECT_EQ(request->pod_namespace, "shop");
  EXPECT_EQ(request->pod_name, "web-0");
  EXPECT_EQ(request->pod_uid, "u");
  EXPECT_EQ(request->labels,
            (std::map<std::string, std::string>{{"io.kubernetes.pod.namespace", "shop"},
                                                {"io.kubernetes.pod.name", "web-0"},
                                                {"io.kubernetes.pod.uid", "u"},
                                                {"team", "blue"},
                                                {"app", "web"},
                                                {"tier", "front"}}));
}

TEST(CniRequest, ReadsTheDataPath) {
  const auto bridged = parse(environment("ADD"), config(R"("dataPath":"bridge","bridge":"cni0")"));
  const auto unsaid = parse(environment("ADD"), config());

  ASSERT_TRUE(bridged && unsaid);
  EXPECT_EQ(bridged->data_path, DataPath::bridge);
  EXPECT_EQ(bridged->bridge, "cni0");
  EXPECT_FALSE(unsaid->data_path);
}

TEST(CniRequest, MissingVersionMeansTheFirst) {
  const auto request = parse(environment("ADD"), R"({"name":"net"})");

  ASSERT_TRUE(request);
  EXPECT_EQ(request->version, "0.1.0");
}

TEST(CniRequest, NamesEveryMissingVariableAtOnce) {
  const auto request = parse({{"CNI_COMMAND", "ADD"}, {"CNI_PATH", "/x"}}, config());

  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, Code::bad_environment);
  EXPECT_EQ(request.error().msg,
            "required env variables [CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME] missing");
}

TEST(CniRequest, DelDoesWithoutNamespaceAndWithWrongExtras) {
  auto variables = environment("DEL");
  variables.erase("CNI_NETNS");
  variables["CNI_ARGS"] = "nonsense";

  const auto request = parse(
      variables, config(R"("runtimeConfig":{"portMappings":[{"hostPort":80}]},"prevResult":7)"));

  ASSERT_TRUE(request) << request.error().msg;
  EXPECT_EQ(request->netns, "");
}

TEST(CniRequest, ReadsPortMappingsAndLeavesOutThoseWithoutAPortOfTheHost) {
  const auto request = parse(environment("ADD"), config(R"("runtimeConfig":{"portMappings":[
      {"hostPort":8080,"containerPort":80,"protocol":"TCP","hostIP":"192.0.2.1"},
      {"hostPort":0,"containerPort":81,"protocol":"udp"},
      {"hostPort":53,"containerPort":5353,"protocol":"udp","hostIP":""}]})"));

  ASSERT_TRUE(request) << request.error().msg;
  const std::vector<PortMapping> expected = {
      {8080, 80, Protocol::tcp, boost::asio::ip::make_address("192.0.2.1")},
      {53, 5353, Protocol::udp, {}}};
  EXPECT_EQ(request->ports, expected);
}

TEST(CniRequest, ReadsBandwidthInBits) {
  const auto request =
      parse(environment("ADD"),
            config(R"("runtimeConfig":{"bandwidth":{"ingressRate":8000,"ingressBurst":80,
                                   "egressRate":0,"egressBurst":0}})"));

  ASSERT_TRUE(request) << request.error().msg;
  EXPECT_EQ(request->bandwidth, (Bandwidth{{8000, 80}, {0, 0}}));
}

TEST(CniRequest, RefusesAMacAddressThatIsNoUnicastOneWhereverItComesFrom) {
  auto variables = environment("ADD");
  variables["CNI_ARGS"] = "MAC=01:00:5e:00:00:01";
  const auto by_environment = parse(variables, config());
  const auto by_arguments =
      parse(environment("ADD"), config(R"("args":{"cni":{"mac":"01:00:5e:00:00:01"}})"));

  ASSERT_FALSE(by_environment || by_arguments);
  EXPECT_EQ(by_environment.error().code, Code::bad_environment);
  EXPECT_NE(by_environment.error().msg.find("unicast"), std::string::npos);
  EXPECT_EQ(by_arguments.error().code, Code::bad_config);
}

TEST(CniRequest, RuntimeConfigOutranksConfigArgumentsAndThoseTheEnvironment) {
  auto variables = environment("ADD");
  variables["CNI_ARGS"] = "IP=10.0.0.7/24;MAC=02:00:00:00:00:01";
  const auto args = R"("args":{"cni":{"ips":["10.0.0.8"],"mac":"02:00:00:00:00:02",
                      "labels":[{"key":"app","value":"db"}]}})";
  const auto runtime =
      R"("runtimeConfig":{"ips":["10.0.0.9/24","fd00::9"],"mac":"02:00:00:00:00:03",
         "ipRanges":[[{"subnet":"10.0.0.0/24","rangeStart":"10.0.0.5"}],[{"subnet":"fd00::/64"}]],
         "dns":{"servers":["1.1.1.1"],"searches":["a.b"],"options":["x"]},
         "aliases":{"net":["db","store"],"other":["no"]}})";

  const auto by_environment = parse(variables, config());
  const auto by_arguments = parse(variables, config(args));
  const auto by_runtime = parse(variables, config(std::string(args) + "," + runtime));

  ASSERT_TRUE(by_environment && by_arguments && by_runtime);
  EXPECT_EQ(by_environment->addresses.front().to_string(), "10.0.0.7");
  EXPECT_EQ(by_environment->mac->to_string(), "02:00:00:00:00:01");
  EXPECT_EQ(by_arguments->addresses.front().to_string(), "10.0.0.8");
  EXPECT_EQ(by_arguments->mac->to_string(), "02:00:00:00:00:02");
  EXPECT_EQ(by_arguments->labels.at("app"), "db");
  EXPECT_EQ(by_runtime->addresses.size(), 2U);
  EXPECT_EQ(by_runtime->addresses.front().to_string(), "10.0.0.9");
  EXPECT_EQ(by_runtime->mac->to_string(), "02:00:00:00:00:03");
  EXPECT_EQ(by_runtime->aliases, (std::vector<std::string>{"db", "store"}));
  ASSERT_EQ(by_runtime->ranges.size(), 2U);
  EXPECT_EQ(by_runtime->ranges.front().first.to_string(), "10.0.0.5");
  EXPECT_FALSE(by_runtime->ranges.front().names_gateway);
  EXPECT_EQ(by_runtime->dns.search, std::vector<std::string>{"a.b"});
}

TEST(CniRequest, GcKeepsWhatIsListedAndKnowsTheHistoricalKey) {
  const auto listed =
      parse(environment("GC"),
            config(R"("cni.dev/valid-attachments":[{"containerID":"c1","ifname":"eth0"}])"));
  const auto empty = parse(environment("GC"), config(R"("cni.dev/valid-attachments":[])"));
  const auto historical = parse(environment("GC"), config(R"("cni.dev/attachments":[])"));

  ASSERT_TRUE(listed && empty && historical);
  EXPECT_EQ(*listed->valid, (std::vector<ValidAttachment>{{"c1", "eth0"}}));
  EXPECT_TRUE(empty->valid->empty());
  EXPECT_TRUE(historical->valid->empty());
}

TEST(CniRequest, PreviousResultIsRead) {
  const auto request =
      parse(environment("CHECK"),
            config(R"("prevResult":{"cniVersion":"0.4.0","interfaces":[{"name":"eth0"}],
                      "ips":[{"version":"4","address":"10.0.0.2/32","interface":0}]})"));

  ASSERT_TRUE(request) << request.error().msg;
  EXPECT_EQ(request->previous->interfaces.front().name, "eth0");
  EXPECT_EQ(request->previous->ips.front().address.to_string(), "10.0.0.2/32");
}

TEST(CniRequest, VersionNeedsNothing) { EXPECT_TRUE(parse({{"CNI_COMMAND", "VERSION"}}, "")); }

struct Wrong {
  const char* claim;
  const char* command;
  const char* variable;  // changed to value; null: none
  const char* value;
  std::string input;
  Code code;
  const char* says;
};
class WrongRequest : public testing::TestWithParam<Wrong> {};

TEST_P(WrongRequest, IsRefusedWithItsCode) {
  auto variables = environment(GetParam().command);
  if (GetParam().variable) variables[GetParam().variable] = GetParam().value;

  const auto request = parse(variables, GetParam().input);

  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, GetParam().code);
  const auto all = request.error().msg + " / " + request.error().details;
  EXPECT_NE(all.find(GetParam().says), std::string::npos) << all;
}

const char* const netns = "CNI_NETNS";
INSTANTIATE_TEST_SUITE_P(
    CniRequest, WrongRequest,
    testing::Values(
        Wrong{"NoCommand", "", nullptr, "", config(), Code::bad_environment, "CNI_COMMAND"},
        Wrong{"Command", "add", nullptr, "", config(), Code::bad_environment, ": add"},
        Wrong{"EmptyNetns", "ADD", netns, "", config(), Code::bad_environment, "CNI_NETNS"},
        Wrong{"Id", "ADD", "CNI_CONTAINERID", "../x", config(), Code::bad_environment, "../x"},
        Wrong{"IdDash", "DEL", "CNI_CONTAINERID", "-x", config(), Code::bad_environment, "-x"},
        Wrong{"Ifname", "ADD", "CNI_IFNAME", "eth0/1", config(), Code::bad_environment, "eth0/1"},
        Wrong{"IfnameDots", "ADD", "CNI_IFNAME", "..", config(), Code::bad_environment, ".."},
        Wrong{"IfnameLong", "ADD", "CNI_IFNAME", "sixteen_letters_", config(),
              Code::bad_environment, "sixteen_letters_"},
        Wrong{"IfnameSpace", "ADD", "CNI_IFNAME", "e 0", config(), Code::bad_environment, "e 0"},
        Wrong{"ArgsNoEqual", "ADD", "CNI_ARGS", "A=1;B", config(), Code::bad_environment, "\"B\""},
        Wrong{"ArgsUnknown", "ADD", "CNI_ARGS", "A=1", config(), Code::bad_environment,
              "IgnoreUnknown"},
        Wrong{"ArgsIp", "ADD", "CNI_ARGS", "IP=x", config(), Code::bad_environment, "IP=x"},
        Wrong{"NotJson", "ADD", nullptr, "", "{", Code::undecodable, "not JSON"},
        Wrong{"Empty", "ADD", nullptr, "", "", Code::undecodable, "not JSON"},
        Wrong{"NoObject", "ADD", nullptr, "", "[]", Code::undecodable, "object"},
        Wrong{"VersionType", "ADD", nullptr, "", R"({"cniVersion":1,"name":"n"})",
              Code::undecodable, "cniVersion"},
        Wrong{"VersionText", "ADD", nullptr, "", config("", "one"), Code::incompatible_version,
              "\"one\""},
        Wrong{"VersionTextCompared", "CHECK", nullptr, "", config("", "one"), Code::undecodable,
              "\"one\""},
        Wrong{"VersionNew", "ADD", nullptr, "", config("", "2.0.0"), Code::incompatible_version,
              "\"2.0.0\", plugin supports 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0"},
        Wrong{"CheckOld", "CHECK", nullptr, "", config("", "0.3.1"), Code::incompatible_version,
              "CHECK exists since 0.4.0"},
        Wrong{"GcOld", "GC", nullptr, "", config("", "1.0.0"), Code::incompatible_version, "GC"},
        Wrong{"StatusOld", "STATUS", nullptr, "", config("", "1.0.0"), Code::incompatible_version,
              "STATUS"},
        Wrong{"NoName", "ADD", nullptr, "", R"({"cniVersion":"1.0.0"})", Code::bad_config, "name"},
        Wrong{"BadName", "DEL", nullptr, "", R"({"cniVersion":"1.0.0","name":"a/b"})",
              Code::bad_config, "a/b"},
        Wrong{"PortMappings", "ADD", nullptr, "",
              config(R"("runtimeConfig":{"portMappings":[{"hostPort":80}]})"), Code::bad_config,
              "runtimeConfig.portMappings[].containerPort"},
        Wrong{"Device", "ADD", nullptr, "",
              config(R"("runtimeConfig":{"deviceID":"0000:03:00.1"})"), Code::unsupported_field,
              "runtimeConfig.deviceID"},
        Wrong{"Bandwidth", "ADD", nullptr, "",
              config(R"("runtimeConfig":{"bandwidth":{"ingressRate":8}})"), Code::bad_config,
              "runtimeConfig.bandwidth.ingressRate is set, but ingressBurst is not"},
        Wrong{"Ipam", "ADD", nullptr, "", config(R"("ipam":{"type":"host-local"})"),
              Code::unsupported_field, "host-local"},
        Wrong{"Mtu", "ADD", nullptr, "", config(R"("mtu":20)"), Code::bad_config, "mtu"},
        Wrong{"DataPath", "ADD", nullptr, "", config(R"("dataPath":"tunnel")"), Code::bad_config,
              "dataPath"},
        Wrong{"MtuType", "ADD", nullptr, "", config(R"("mtu":"big")"), Code::bad_config, "mtu"},
        Wrong{"Mac", "ADD", nullptr, "", config(R"("runtimeConfig":{"mac":"01:00:00:00:00:01"})"),
              Code::bad_config, "unicast"},
        Wrong{"TwoIps", "ADD", nullptr, "",
              config(R"("runtimeConfig":{"ips":["10.0.0.2","10.0.0.3"]})"), Code::bad_config,
              "more than one"},
        Wrong{"CheckPrevious", "CHECK", nullptr, "", config(), Code::bad_config, "prevResult"},
        Wrong{"PreviousIndex", "CHECK", nullptr, "",
              config(R"("prevResult":{"ips":[{"address":"10.0.0.2/32","interface":3}]})"),
              Code::bad_config, "points past"},
        Wrong{"GcNoList", "GC", nullptr, "", config(), Code::bad_config, "valid-attachments"},
        Wrong{"GcNull", "GC", nullptr, "", config(R"("cni.dev/valid-attachments":null)"),
              Code::bad_config, "valid-attachments"},
        Wrong{"GcEntry", "GC", nullptr, "", config(R"("cni.dev/valid-attachments":[{}])"),
              Code::bad_config, "containerID"}),
    [](const auto& test) { return test.param.claim; });

TEST(CniRequest, RefusalIsInTheVersionOfTheConfiguration) {
  const auto request = parse(environment("ADD"), config(R"("mtu":20)", "0.3.1"));

  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().version, "0.3.1");
}

}  // namespace
}  // namespace paddock::net::cni
