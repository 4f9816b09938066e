// SPDX-License-Identifier: Apache-2.0
#include "paddock/audit.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace paddock::cli {
namespace {

using nlohmann::ordered_json;
using Row = std::vector<std::string>;

TEST(AuditRow, SaysWhatBecameOfTheObject) {
  auto entry = ordered_json::parse(
      R"({"revision":7,"time":1795368515864,"who":"uid=0","key":"pods/shop/a","before":null,"after":{}})");

  EXPECT_EQ(audit_row(entry),
            (Row{"2026-11-22T17:28:35Z", "7", "created", "pods/shop/a", "uid=0"}));

  entry["before"] = ordered_json::object();
  EXPECT_EQ(audit_row(entry)[2], "changed");

  entry["after"] = nullptr;
  EXPECT_EQ(audit_row(entry)[2], "deleted");
}

}  // namespace
}  // namespace paddock::cli
