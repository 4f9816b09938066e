// SPDX-License-Identifier: Apache-2.0
#include "store/journal.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace paddock::metadata {
namespace {

constexpr std::string_view store = "5ff6a3c1-7c3f-4a3f-8f51-b62f2f3f7e10";
constexpr std::string_view another = "11111111-7c3f-4a3f-8f51-b62f2f3f7e10";

std::vector<Step> steps(std::uint64_t first, std::uint64_t last, std::size_t size = 0) {
  std::vector<Step> made;
  for (std::uint64_t revision = first; revision <= last; ++revision) {
    const std::string number = std::to_string(revision);
    made.push_back({"hosts/n" + number,
                    revision % 3 == 0 ? "" : "{}",
                    {revision, "line " + number + std::string(size, 'x') + "\n"}});
  }
  return made;
}

// Whether these bytes of a journal are exactly the steps of these revisions.
bool holds(std::string_view bytes, std::uint64_t first, std::uint64_t last) {
  const auto expected = steps(first, last);
  return std::ranges::equal(parse_journal(bytes, store).steps, expected, {}, {},
                            [](const Step& step) { return view(step); });
}

class JournalTest : public testing::Test {
 protected:
  // A journal of 1 to 4 and of 5, in two records, as it is on disk.
  std::string two_records() {
    Journal journal(path_, store);
    journal.take_room();
    EXPECT_TRUE(journal.append(steps(1, 4)));
    first_size_ = journal.read().size();
    EXPECT_TRUE(journal.append(steps(5, 5)));
    return journal.read();
  }

  test::TempFolder folder_;
  std::filesystem::path path_ = folder_.path() / "journal.0";
  std::size_t first_size_ = 0;
};

TEST_F(JournalTest, GivesBackWhatWasAppendedToWhoOpensItNext) {
  const std::string written = two_records();

  const Journal journal(path_, store);

  EXPECT_EQ(journal.read(), written);
  EXPECT_EQ(journal.first_revision(), 1U);
  EXPECT_EQ(journal.last_revision(), 5U);
  EXPECT_TRUE(holds(written, 1, 5));
}

TEST_F(JournalTest, EndsBeforeARecordThatIsCutOff) {
  const std::string written = two_records();

  for (std::size_t size = first_size_; size < written.size(); ++size) {
    ASSERT_TRUE(holds(std::string_view(written).substr(0, size), 1, 4)) << size;
  }
}

TEST_F(JournalTest, EndsBeforeARecordOfWhichAnyByteIsWrong) {
  const std::string written = two_records();

  for (std::size_t place = first_size_; place < written.size(); ++place) {
    std::string torn = written;
    torn[place] = static_cast<char>(torn[place] ^ 4);
    ASSERT_TRUE(holds(torn, 1, 4)) << place;
  }
}

TEST_F(JournalTest, HasNothingForAnotherStore) {
  const std::string written = two_records();

  EXPECT_TRUE(parse_journal(written, another).steps.empty());
  EXPECT_TRUE(Journal(path_, another).is_empty());
}

TEST_F(JournalTest, PassesOverWhatIsLeftFromBeforeARestart) {
  {
    Journal journal(path_, store);
    journal.take_room();
    for (std::uint64_t revision = 1; revision <= 3; ++revision) {
      ASSERT_TRUE(journal.append(steps(revision, revision)));
    }
    journal.restart();
    // As long as the first, so that the second follows it, with the revision that comes next.
    ASSERT_TRUE(journal.append(steps(1, 1)));
  }

  const Journal journal(path_, store);

  EXPECT_EQ(journal.last_revision(), 1U);
}

TEST_F(JournalTest, GoesOnWhereItsPredecessorEnded) {
  (void)two_records();
  {
    Journal journal(path_, store);
    ASSERT_TRUE(journal.append(steps(6, 6)));
  }

  const Journal journal(path_, store);

  EXPECT_TRUE(holds(journal.read(), 1, 6));
}

TEST_F(JournalTest, ClearedLeavesNothingToFind) {
  (void)two_records();
  Journal(path_, store).clear();

  EXPECT_TRUE(Journal(path_, store).is_empty());
}

TEST_F(JournalTest, TakesWhatFitsAndNothingOfWhatDoesNot) {
  Journal journal(path_, store);
  EXPECT_FALSE(journal.append(steps(1, 1))) << "it has no room yet";
  journal.take_room();

  EXPECT_FALSE(journal.append(steps(1, 3, Journal::wanted_room / 3)));
  EXPECT_TRUE(journal.is_empty());
  EXPECT_TRUE(journal.append(steps(1, 3, Journal::wanted_room / 4)));
  EXPECT_FALSE(journal.append(steps(4, 4, Journal::wanted_room / 4)));

  EXPECT_EQ(journal.last_revision(), 3U);
  EXPECT_EQ(std::filesystem::file_size(path_), Journal::wanted_room);
}

}  // namespace
}  // namespace paddock::metadata
