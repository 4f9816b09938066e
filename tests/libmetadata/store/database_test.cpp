// SPDX-License-Identifier: Apache-2.0
#include "store/database.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace paddock::metadata {
namespace {

// One change with its record, and which records may go.
void commit(Database& database, std::uint64_t revision, std::uint64_t drop_until = 0) {
  const std::string key = "hosts/n" + std::to_string(revision % 7);
  const std::string line = "line " + std::to_string(revision);
  const StepView step{.revision = revision, .key = key, .json = "{}", .line = line};
  const Database::Batch batch{
      .objects = {step}, .records = {step}, .revision = revision, .drop_audit_until = drop_until};
  std::string why;
  ASSERT_EQ(database.commit(batch, why), Database::Commit::done) << why;
}

TEST(Database, KeepsAuditRecordsInTheOrderOfTheirRevisions) {
  const test::TempFolder folder;
  {
    Database database(folder.path() / "store.mdb");
    for (std::uint64_t revision = 1; revision <= 300; ++revision) commit(database, revision);
  }

  Database database(folder.path() / "store.mdb");
  const auto records = database.audit_records(298);

  EXPECT_EQ(database.audit_records(0).size(), 300U);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].line, "line 299");
  EXPECT_EQ(records[1].revision, 300U);
}

TEST(Database, DropsAuditRecordsAFewAtATimeAndNoneThatMustStay) {
  const test::TempFolder folder;
  Database database(folder.path() / "store.mdb");
  for (std::uint64_t revision = 1; revision <= 100; ++revision) commit(database, revision);

  commit(database, 101, 90);
  EXPECT_EQ(database.audit_records(0).front().revision, 5U);
  for (std::uint64_t revision = 102; revision <= 150; ++revision) commit(database, revision, 90);

  EXPECT_EQ(database.audit_records(0).front().revision, 91U);
  EXPECT_EQ(database.audit_records(0).size(), 60U);
}

}  // namespace
}  // namespace paddock::metadata
