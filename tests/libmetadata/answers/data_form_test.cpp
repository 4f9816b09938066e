// SPDX-License-Identifier: Apache-2.0
#include "answers/answers.hpp"
#include "documents/render.hpp"
#include "libmetadata/answers/packed.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::metadata {
namespace {

using nlohmann::json;
using testing::data_file;

constexpr std::string_view objects = R"(
{"metadata_kind":"defaultData","version":"41","self":{"host":{"uuid":"h1"}}}
{"metadata_kind":"environment","name":"Prod","uuid":"env","region_name":"north"}
{"metadata_kind":"host","uuid":"h1","name":"One","hostId":1,"agent_ip":"192.0.2.1"}
{"metadata_kind":"network","uuid":"n1","name":"overlay","is_default":true}
{"metadata_kind":"stack","uuid":"s1","name":"Shop","environment_name":"Prod"}
{"metadata_kind":"service","uuid":"v1","name":"Web","stack_uuid":"s1","stack_name":"Shop",
 "primary_service_name":"Web","sidekicks":["Log"],"token":"secret","ports":["80:8080"]}
{"metadata_kind":"service","uuid":"v1","name":"Log","stack_uuid":"s1","stack_name":"Shop",
 "primary_service_name":"Web","sidekicks":[],"token":"t-log"}
{"metadata_kind":"service","uuid":"v2","name":"Empty","stack_uuid":"s1","stack_name":"Shop",
 "primary_service_name":"Empty","token":"t-empty"}
{"metadata_kind":"container","uuid":"c2","name":"Shop_Web_2","primary_ip":"10.42.0.3",
 "host_uuid":"h1","host_ip":"192.0.2.9","ports":[]}
{"metadata_kind":"container","uuid":"c1","name":"Shop_Web_1","primary_ip":"10.42.0.2",
 "host_uuid":"h1","host_ip":"192.0.2.9","health_state":null,
 "ports":["8080:80","0.0.0.0:443:443/tcp","198.51.100.1:53:53/udp"]}
{"metadata_kind":"container","uuid":"c3","name":"Shop_Web_Log_1","primary_ip":"10.42.0.4",
 "host_uuid":"h1"}
{"metadata_kind":"container","uuid":"c4","name":"Alone","primary_ip":"10.42.0.5"}
{"metadata_kind":"container","uuid":"c5","name":null,"primary_ip":null}
{"metadata_kind":"serviceContainerLink","service_uuid":"v1","service_name":"Web","container_uuid":"c2"}
{"metadata_kind":"serviceContainerLink","service_uuid":"v1","service_name":"web","container_uuid":"c1"}
{"metadata_kind":"serviceContainerLink","service_uuid":"v1","service_name":"Log","container_uuid":"c3"}
{"metadata_kind":"serviceContainerLink","service_uuid":"v1","service_name":"Web","container_uuid":"gone"}
{"metadata_kind":"serviceLink","service_uuid":"v1","key":"Other/DB","value":"store"}
{"metadata_kind":"containerLink","container_uuid":"c1","key":"DB","value":"c4"}
)";

class DataForm : public ::testing::Test {
 protected:
  DataForm() {
    const auto reading = parse_answers(data_file(objects), "answers.json");
    EXPECT_TRUE(reading) << reading.error().text;
    if (!reading) return;
    answers = reading->answers;
    for (const Problem& problem : reading->problems) ADD_FAILURE() << format(problem);
  }
  [[nodiscard]] json tree(const char* client, const std::string& version = "2016-07-29",
                          const std::vector<std::string>& path = {}) const {
    const auto root = answers->root(version, client);
    const auto node = root ? documents::find(*root, path) : std::nullopt;
    return node ? json::parse(documents::render_json(*node)) : json("nothing");
  }
  std::shared_ptr<const Answers> answers;
};

constexpr const char* web_1 = "10.42.0.2";
constexpr const char* stranger = "203.0.113.9";

TEST_F(DataForm, HasFourVersionsWithTheKeysForEveryone) {
  EXPECT_EQ(answers->versions(),
            (std::vector<std::string>{"2015-07-25", "2015-12-19", "2016-07-29", "latest"}));
  const auto keys = [&](const char* version) {
    std::string all;
    const json root = tree(stranger, version);
    for (const auto& [key, unused] : root.items()) all += key + " ";
    return all;
  };
  EXPECT_EQ(keys("2016-07-29"),
            "containers environments hosts name networks region_name self services stacks uuid "
            "version ");
  EXPECT_EQ(keys("2015-12-19"),
            "containers hosts name networks region_name self services stacks uuid version ");
  EXPECT_EQ(tree(stranger, "latest"), tree(stranger, "2016-07-29"));
  EXPECT_EQ(tree(stranger)["environments"], nullptr);
}

TEST_F(DataForm, AKnownClientHasItsContainerServiceStackAndHost) {
  const json self = tree(web_1)["self"];

  EXPECT_EQ(self["container"]["uuid"], "c1");
  EXPECT_EQ(self["service"]["name"], "web");
  EXPECT_EQ(self["stack"]["name"], "shop");
  EXPECT_EQ(self["host"]["name"], "One");
  EXPECT_EQ(tree("10.42.0.5")["self"].size(), 1U);
}

TEST_F(DataForm, AStrangerHasTheHostOnlyInTheFormOfTheVersion) {
  EXPECT_EQ(tree(stranger)["self"].size(), 1U);
  EXPECT_EQ(tree(stranger, "2016-07-29", {"self", "host", "agent_ip"}), "192.0.2.1");
  EXPECT_EQ(tree(stranger, "2016-07-29", {"self", "host", "hostId"}), "nothing");
  EXPECT_EQ(tree(stranger, "2015-07-25", {"self", "host", "hostId"}), 1);
}

TEST_F(DataForm, NamesAreInLowerCaseInTheNewVersionOnly) {
  const json fresh = tree(web_1);
  const json old = tree(web_1, "2015-12-19");

  EXPECT_EQ(fresh["self"]["container"]["name"], "shop_web_1");
  EXPECT_EQ(fresh["self"]["container"]["service_name"], "web");
  EXPECT_EQ(fresh["self"]["container"]["stack_name"], "shop");
  EXPECT_EQ(fresh["self"]["container"]["links"], (json{{"DB", "c4"}}));
  EXPECT_EQ(fresh["self"]["service"]["sidekicks"], (json{"log"}));
  EXPECT_EQ(fresh["self"]["service"]["links"], (json{{"other/db", "store"}}));
  EXPECT_EQ(fresh["services"][1]["primary_service_name"], "web");
  EXPECT_EQ(old["self"]["container"]["name"], "Shop_Web_1");
  EXPECT_EQ(old["self"]["container"]["service_name"], "Web");
  EXPECT_EQ(old["self"]["service"]["sidekicks"], (json{"Log"}));
  EXPECT_EQ(old["self"]["service"]["links"], (json{{"Other/DB", "store"}}));
  EXPECT_EQ(old["stacks"][0]["name"], "Shop");
}

TEST_F(DataForm, WhatIsAbsentIsListedAsWhatItWouldBe) {
  const auto root = *answers->root("2016-07-29", "10.42.0.5");

  EXPECT_EQ(tree("10.42.0.5")["self"]["container"]["links"], json());
  EXPECT_EQ(tree("10.42.0.5")["environments"], json());
  EXPECT_NE(documents::render_text(root).find("\nenvironments/\n"), std::string::npos);
  EXPECT_EQ(documents::render_text(*documents::find(root, {"self", "container"})),
            "links/\nmetadata_kind\nname\nprimary_ip\nuuid\n");
  EXPECT_EQ(documents::render_text(*documents::find(root, {"self", "container", "links"})), "");
}

TEST_F(DataForm, PortsWithoutAnAddressGetOne) {
  EXPECT_EQ(tree(web_1)["self"]["container"]["ports"],
            (json{"0.0.0.0:8080:80", "0.0.0.0:443:443/tcp", "198.51.100.1:53:53/udp"}));
  EXPECT_EQ(tree(web_1, "2015-07-25")["self"]["container"]["ports"],
            (json{"192.0.2.9:8080:80", "192.0.2.9:443:443/tcp", "198.51.100.1:53:53/udp"}));
  EXPECT_EQ(tree("10.42.0.3")["self"]["container"]["ports"], json::array());
  EXPECT_FALSE(tree(web_1)["self"]["container"].contains("host_ip"));
}

TEST_F(DataForm, TheFirstVersionListsNames) {
  EXPECT_EQ(tree(web_1, "2015-07-25", {"self", "service", "containers"}),
            (json{"Shop_Web_1", "Shop_Web_2"}));
  EXPECT_EQ(tree(web_1, "2015-07-25", {"stacks", "0", "services"}), (json{"Empty", "Log", "Web"}));
  EXPECT_EQ(tree(web_1, "2015-12-19", {"self", "service", "containers", "1", "uuid"}), "c2");
  EXPECT_EQ(tree(web_1, "2016-07-29", {"stacks", "shop", "services", "2", "name"}), "web");
}

TEST_F(DataForm, ListsAreInTheOrderOfNames) {
  const auto root = answers->root("2016-07-29", stranger);
  const auto text = [&](const char* key) {
    return documents::render_text(*documents::find(*root, {key}));
  };

  EXPECT_EQ(text("containers"), "0=c5\n1=alone\n2=shop_web_1\n3=shop_web_2\n4=shop_web_log_1\n");
  EXPECT_EQ(text("services"), "0=empty\n1=log\n2=web\n");
}

TEST_F(DataForm, ATokenIsShownToContainersOfItsServiceOnly) {
  EXPECT_EQ(tree(web_1)["self"]["service"]["token"], "secret");
  EXPECT_EQ(tree("10.42.0.3")["self"]["service"]["token"], "secret");
  EXPECT_EQ(tree("10.42.0.4")["self"]["service"]["token"], "t-log");
  const json all = tree(web_1)["services"];
  for (const json& service : all) EXPECT_EQ(service["token"], nullptr);
  for (const char* secret : {"secret", "t-log", "t-empty"}) {
    EXPECT_EQ(tree(stranger).dump().find(secret), std::string::npos) << secret;
  }
}

TEST_F(DataForm, TheVersionFollowsWhatIsShownAndNothingElse) {
  const auto version = [](std::string text) {
    const auto made = parse_answers(data_file(text, "8"), "f")->answers;
    return documents::render_text(*documents::find(*made->root("latest", "x"), {"version"}));
  };
  std::string counted(objects);
  counted.replace(counted.find("\"41\""), 4, "\"42\"");
  std::string reordered(objects);
  reordered += R"({"metadata_kind":"network","uuid":"n1","name":"overlay","is_default":true})";
  const auto network = reordered.find("{\"metadata_kind\":\"network\"");
  reordered.erase(network, reordered.find('\n', network) - network);
  std::string changed(objects);
  changed.replace(changed.find("overlay"), 7, "underlay");

  const std::string first = version(std::string(objects));

  EXPECT_EQ(first.size(), 36U);
  EXPECT_EQ(tree(stranger)["version"], first);
  EXPECT_EQ(version(counted), first);
  EXPECT_EQ(version(reordered), first);
  EXPECT_NE(version(changed), first);
}

TEST(DataFormProblems, ABrokenObjectDoesNotHideTheOthers) {
  const auto reading =
      parse_answers(data_file(R"({"metadata_kind":"host","uuid":"h1","name":"one"}{"uuid":"x"}
                   {"metadata_kind":"container","name":"nobody"}{"metadata_kind":"moon","uuid":"m"}
                   {"metadata_kind":"container","uuid":7,"primary_ip":{}})"),
                    "f");

  ASSERT_TRUE(reading);
  std::string told;
  for (const Problem& problem : reading->problems) told += format(problem) + "\n";
  EXPECT_EQ(told,
            "f: object 2 of Data: has no metadata_kind; it is left out\n"
            "f: object 3 of Data: has no uuid; it is left out\n"
            "f: object 4 of Data: is of the unknown kind moon; it is left out\n"
            "f: object 5 of Data: has no uuid; it is left out\n");
  EXPECT_EQ(
      documents::render_text(*documents::find(*reading->answers->root("latest", "x"), {"hosts"})),
      "0=one\n");
}

TEST(DataFormProblems, AnErrorSaysWhichLayerIsBroken) {
  const std::string packed = testing::deflated(R"({"metadata_kind":"host","uuid":"h1"})");
  const auto said = [](const std::string& data) {
    return parse_answers("{\"Version\":\"1\",\"Data\":\"" + data + "\"}", "f").error().text;
  };

  EXPECT_EQ(said("####"), "f: Data: not base64");
  EXPECT_EQ(said("AAA"), "f: Data: not base64");
  EXPECT_EQ(said(testing::base64("\xff\xff\xff\xff")), "f: Data: not raw DEFLATE (RFC 1951)");
  EXPECT_NE(said(testing::base64(packed.substr(0, packed.size() - 4))).find("end too soon"),
            std::string::npos);
  EXPECT_EQ(said(testing::base64(testing::deflated("{} {\"a\""))).substr(0, 19),
            "f: Data: object 2: ");
}

}  // namespace
}  // namespace paddock::metadata
