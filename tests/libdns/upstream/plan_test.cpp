// SPDX-License-Identifier: Apache-2.0
#include "upstream/plan.hpp"

#include <gtest/gtest.h>

namespace paddock::dns::upstream {
namespace {

Upstream upstream(const char* text) { return parse_upstream(text).value(); }
Name name(const char* text) { return Name::parse(text).value(); }

ForwardingReport example() {
  return {.upstreams = {upstream("10.0.0.1")},
          .stubs = {{name("corp.example"), {upstream("10.0.0.2"), upstream("10.0.0.1")}},
                    {name("lab.corp.example"), {upstream("10.0.0.3")}}},
          .problems = {}};
}

TEST(Plan, TheLongestZoneDecides) {
  auto report = example();
  const Plan plan = Planner().plan(report);

  const auto group_of = [&](const char* text) { return plan.group_for(name(text).wire()); };
  EXPECT_EQ(group_of("www.example"), 0U);
  EXPECT_EQ(group_of("."), 0U);
  EXPECT_EQ(group_of("corp.example"), group_of("a.b.corp.example"));
  EXPECT_NE(group_of("corp.example"), group_of("x.lab.corp.example"));
  EXPECT_TRUE(plan.is_stub(group_of("lab.corp.example")));
  EXPECT_EQ(group_of("notcorp.example"), 0U);
}

TEST(Plan, AResolverStandsInItOnce) {
  auto report = example();
  const Plan plan = Planner().plan(report);

  EXPECT_EQ(plan.upstreams().size(), 3U);
  EXPECT_EQ(plan.group(0).members, (std::vector<std::uint16_t>{0}));
  EXPECT_EQ(plan.group(plan.group_for(name("corp.example").wire())).members,
            (std::vector<std::uint16_t>{1, 0}));
}

TEST(Plan, TheResolversOfASetComeFirstAlsoWhenOneIsNamedTwice) {
  ForwardingReport report{.upstreams = {upstream("10.0.0.1")},
                          .sets = {{"lab", {upstream("10.0.0.2"), upstream("10.0.0.2")}}}};
  const Plan plan = Planner().plan(report);

  const auto& group = plan.group(plan.group_for(name("www.example").wire(), "lab"));
  ASSERT_EQ(group.members.size(), 2U);
  EXPECT_TRUE(group.is_preferred(0));
  EXPECT_FALSE(group.is_preferred(1));
}

TEST(Plan, AGroupKeepsItsIdWhileItsResolversAreTheSame) {
  Planner planner;
  auto report = example();
  auto other = example();
  other.upstreams = {upstream("10.0.0.9")};
  const Plan before = planner.plan(report);
  const Plan between = planner.plan(other);
  const Plan after = planner.plan(report);

  const auto id_of = [](const Plan& plan, const char* text) {
    return plan.group(plan.group_for(name(text).wire())).id;
  };
  EXPECT_EQ(id_of(before, "corp.example"), id_of(between, "corp.example"));
  EXPECT_NE(id_of(before, "www.example"), id_of(between, "www.example"));
  EXPECT_EQ(id_of(before, "www.example"), id_of(after, "www.example"));
}

TEST(Plan, NobodyIsAskedOverTlsWithoutCertificatesToTrust) {
  auto report = example();
  report.stubs[1].upstreams.push_back(upstream("tls://10.0.0.4"));

  const Plan plan = Planner().plan(report, "/nowhere/ca.pem");

  EXPECT_EQ(plan.tls(), nullptr);
  EXPECT_EQ(report.stubs[1].upstreams.size(), 1U);
  ASSERT_EQ(report.problems.size(), 1U);
  EXPECT_NE(report.problems[0].find("/nowhere/ca.pem"), std::string::npos);
}

}  // namespace
}  // namespace paddock::dns::upstream
