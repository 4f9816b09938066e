// SPDX-License-Identifier: Apache-2.0
#include "dnsd/label_selector.hpp"

#include <gtest/gtest.h>

namespace paddock::dnsd {
namespace {

const metadata::TextMap labels{{"env", "prod"}, {"tier", "web"}, {"empty", ""}};

bool matches(std::string_view text) {
  const auto selector = LabelSelector::parse(text);
  EXPECT_TRUE(selector) << text;
  return selector && selector->matches(labels);
}

TEST(LabelSelector, EveryRequirementMustHold) {
  for (const char* text :
       {"", " ", "env", "!gone", "env=prod", "env==prod", "env = prod , tier=web", "env!=test",
        "gone!=x", "env in (test, prod)", "tier notin (db)", "gone notin (a,b)",
        "empty=", "env in (prod),tier in (web,db),!gone"}) {
    EXPECT_TRUE(matches(text)) << text;
  }
  for (const char* text : {"gone", "!env", "env=test", "env!=prod", "env in (a,b)",
                           "env notin (prod)", "env=prod,tier=db", "gone="}) {
    EXPECT_FALSE(matches(text)) << text;
  }
}

TEST(LabelSelector, WhatIsNoSelectorIsRefused) {
  for (const char* text : {",", "=x", "a=b=c", "a b", "a in b", "a in (b", "a at (b)", "a=b,", "!",
                           "(a)", "in (a)", "a in (b c)"}) {
    EXPECT_FALSE(LabelSelector::parse(text)) << text;
  }
}

}  // namespace
}  // namespace paddock::dnsd
