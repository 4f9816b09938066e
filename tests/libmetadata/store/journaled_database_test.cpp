// SPDX-License-Identifier: Apache-2.0
#include "store/journaled_database.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

namespace paddock::metadata {
namespace {

using Content = std::map<std::string, std::string>;

constexpr std::uint64_t names = 50;
// So many changes of this size fill a journal twice over.
constexpr std::size_t large = 20'000;
constexpr std::uint64_t many = 2 * Journal::wanted_room / large;

std::string json_of(std::uint64_t revision, std::size_t size) {
  return "{" + std::to_string(revision) + std::string(size, 'x') + "}";
}

// Each revision writes one of the names, and every seventh erases one.
Step step(std::uint64_t revision, std::size_t size) {
  return {"hosts/n" + std::to_string(revision % names),
          revision % 7 == 0 ? "" : json_of(revision, size),
          {revision, "{\"revision\":" + std::to_string(revision) + "}\n"}};
}

Content content_at(std::uint64_t revision, std::size_t size) {
  Content content;
  for (std::uint64_t i = 1; i <= revision; ++i) {
    const Step one = step(i, size);
    content.erase(one.key);
    if (!one.json.empty()) content[one.key] = one.json;
  }
  return content;
}

class JournaledDatabaseTest : public testing::Test {
 protected:
  // A store that is open: the log, and what is behind it.
  struct Opened {
    explicit Opened(const std::filesystem::path& folder)
        : audit({.directory = folder, .bytes = 16U << 20U, .files = 2}), database(folder, audit) {}
    AuditLog audit;
    JournaledDatabase database;

    void write(std::uint64_t last, std::size_t size) {
      std::string why;
      while (database.revision() < last) {
        const Step next = step(database.revision() + 1, size);
        ASSERT_EQ(database.commit({&next, 1}, why), Database::Commit::done) << why;
        ASSERT_TRUE(audit.append(next.audit.line, next.audit.revision));
      }
    }
    Content content() {
      Content found;
      database.each_object([&](std::string_view key, std::string_view json) {
        EXPECT_TRUE(found.emplace(key, json).second) << key << " comes twice";
      });
      return found;
    }
  };

  // In a process that then ends at once, as one that is killed.
  void write_and_die(std::uint64_t last, std::size_t size) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto* opened = new Opened(folder_.path());
      opened->write(last, size);
      ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_EQ(status, 0);
  }
  void copy(const char* from, const char* to) {
    std::filesystem::copy_file(folder_.path() / from, folder_.path() / to,
                               std::filesystem::copy_options::overwrite_existing);
  }

  test::TempFolder folder_;
};

TEST_F(JournaledDatabaseTest, LeavesADatabaseThatIsWholeWithoutIt) {
  { Opened(folder_.path()).write(many + 3, large); }

  Database database(folder_.path() / "store.mdb");
  Content found;
  database.each_object(
      [&](std::string_view key, std::string_view json) { found.emplace(key, json); });

  EXPECT_EQ(database.revision(), many + 3);
  EXPECT_EQ(found, content_at(many + 3, large));
}

TEST_F(JournaledDatabaseTest, TakesUpWhatAProcessLeftThatDied) {
  for (const std::uint64_t last : {std::uint64_t{5}, many / 2, 2 * many, 3 * many + 1}) {
    write_and_die(last, large);

    Opened opened(folder_.path());

    EXPECT_EQ(opened.database.revision(), last);
    EXPECT_EQ(opened.content(), content_at(last, large));
  }
}

TEST_F(JournaledDatabaseTest, StoresWhatIsLargerThanAJournal) {
  {
    Opened opened(folder_.path());
    opened.write(3, 10);
    opened.write(4, Journal::wanted_room);
  }
  write_and_die(5, 10);

  const Content found = Opened(folder_.path()).content();

  EXPECT_EQ(found.size(), 5U);
  EXPECT_EQ(found.at("hosts/n4"), json_of(4, Journal::wanted_room));
  EXPECT_EQ(found.at("hosts/n5"), json_of(5, 10));
}

TEST_F(JournaledDatabaseTest, BeginsWithAnOlderCopyThatWasPutBack) {
  { Opened(folder_.path()).write(10, 10); }
  copy("store.mdb", "copy");
  { Opened(folder_.path()).write(20, 10); }
  write_and_die(30, 10);
  copy("copy", "store.mdb");

  {
    Opened opened(folder_.path());
    EXPECT_EQ(opened.database.revision(), 10U);
    EXPECT_EQ(opened.content(), content_at(10, 10));
  }
  // What comes now leads to the revisions that the journal had.
  write_and_die(20, 11);

  EXPECT_EQ(Opened(folder_.path()).database.revision(), 20U);
}

TEST_F(JournaledDatabaseTest, BeginsEmptyWhereTheDatabaseWasMovedAway) {
  write_and_die(30, 10);
  std::filesystem::remove(folder_.path() / "store.mdb");

  Opened opened(folder_.path());

  EXPECT_EQ(opened.database.revision(), 0U);
  EXPECT_TRUE(opened.content().empty());
}

TEST_F(JournaledDatabaseTest, HasTheAuditRecordsThatTheLogLost) {
  write_and_die(30, 10);
  std::filesystem::resize_file(folder_.path() / "audit.log", 20);

  Opened opened(folder_.path());
  const auto records = opened.database.audit_records(opened.audit.last_revision());

  ASSERT_EQ(records.size(), 29U);
  EXPECT_EQ(records.front().line, "{\"revision\":2}\n");
  EXPECT_EQ(records.back().revision, 30U);
}

}  // namespace
}  // namespace paddock::metadata
