// SPDX-License-Identifier: Apache-2.0
#include "paddock/list.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;

TEST(Sheet, ShowsAPodWithWhatIsMissingLeftEmpty) {
  const auto pods = ordered_json::parse(
      R"([{"kind":"Pod","namespace":"shop","name":"web-1","addresses":["10.42.0.7","fd00::7"],
           "health":"unhealthy","ready":false,"created":1000}])");

  const auto sheet = sheet_of(metadata::Kind::pod, pods, 61'000);

  ASSERT_EQ(sheet.rows.size(), 1U);
  EXPECT_EQ(sheet.rows[0], (Row{"shop/web-1", "10.42.0.7,fd00::7", "running (unhealthy), not ready",
                                "", "", "", "60 s"}));
}

TEST(Sheet, CountsReadyEndpointsOfAllSlicesOfAService) {
  const auto services = ordered_json::parse(
      R"([{"namespace":"shop","name":"web","ports":[{"port":80}],"cluster_ips":["10.43.0.1"]},
          {"namespace":"shop","name":"out","external_name":"example.com"}])");
  const auto endpoints = ordered_json::parse(
      R"([{"namespace":"shop","name":"web","endpoints":[{},{"ready":false}]},
          {"namespace":"shop","name":"web-b","service":"web","endpoints":[{"ready":true}]}])");

  const auto sheet = sheet_of_services(services, endpoints, 0);

  EXPECT_EQ(sheet.rows[0], (Row{"shop/web", "ClusterIP", "10.43.0.1", "80/TCP", "2/3 ready", ""}));
  EXPECT_EQ(sheet.rows[1], (Row{"shop/out", "ExternalName", "example.com", "", "", ""}));
}

class EveryKind : public ::testing::TestWithParam<metadata::Kind> {};

TEST_P(EveryKind, HasAsManyCellsAsColumns) {
  const auto sheet = sheet_of(GetParam(), ordered_json::parse(R"([{"name":"x"}])"), 0);

  EXPECT_EQ(sheet.rows[0].size(), sheet.head.size());
  EXPECT_EQ(sheet.rows[0][0], "x");
}

INSTANTIATE_TEST_SUITE_P(All, EveryKind, ::testing::ValuesIn(metadata::all_kinds));

}  // namespace
}  // namespace paddock::cli
