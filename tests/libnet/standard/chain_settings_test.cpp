// SPDX-License-Identifier: Apache-2.0
#include "standard/chain_settings.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>

namespace paddock::net::standard {
namespace {

TuningSettings tuning(const std::string& config) {
  cni::Request request;
  request.ifname = "eth0";
  return tuning_settings(cni::Json::parse(config), request);
}

TEST(Tuning, TakesVariablesOfArgsInPlaceOfItsOwn) {
  const auto settings = tuning(R"({"sysctl":{"net.core.somaxconn":"1"},
      "args":{"cni":{"sysctl":{"net.core.somaxconn":"2","net.ipv4.conf.IFNAME.arp_filter":"1"}}}})");

  EXPECT_EQ(settings.sysctls,
            (std::map<std::string, std::string>{{"net/core/somaxconn", "2"},
                                                {"net/ipv4/conf/eth0/arp_filter", "1"}}));
}

TEST(Tuning, NamesVariablesThatAreNoObjectWhoeverElseHasSome) {
  for (const char* config : {R"({"sysctl":"net.core.somaxconn"})",
                             R"({"sysctl":"net.core.somaxconn","args":{"cni":{"sysctl":{}}}})",
                             R"({"args":{"cni":{"sysctl":["net.core.somaxconn"]}}})"}) {
    try {
      (void)tuning(config);
      FAIL() << config;
    } catch (const cni::Refusal& refusal) {
      EXPECT_EQ(refusal.code, cni::Code::bad_config);
      EXPECT_NE(refusal.msg.find("sysctl must be an object"), std::string::npos) << refusal.msg;
    }
  }
}

}  // namespace
}  // namespace paddock::net::standard
