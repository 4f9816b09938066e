// SPDX-License-Identifier: Apache-2.0
#include "ipam/lease_journal.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

namespace paddock::net {
namespace {

JournalRecord record(std::uint64_t number) {
  return {number,
          {.key = "net/c" + std::to_string(number),
           .value = number % 2 == 0 ? std::optional<std::string>() : "{}",
           .taken = {"10.42.0.2"},
           .freed = {{"10.42.0.3", "99000 shop/web"}}}};
}

std::string bytes_of(std::initializer_list<std::uint64_t> numbers) {
  std::string bytes;
  for (const auto number : numbers) bytes += format_journal_record(record(number));
  return bytes;
}

using Records = std::vector<JournalRecord>;

TEST(LeaseJournal, GivesBackWhatWasAppended) {
  const test::TempFolder folder;
  {
    LeaseJournal journal(folder.path() / "journal");
    ASSERT_EQ(journal.append(record(7)), 0);
    ASSERT_EQ(journal.append(record(8)), 0);
  }

  EXPECT_EQ(LeaseJournal(folder.path() / "journal").read(), (Records{record(7), record(8)}));
}

TEST(LeaseJournal, ForgetsAnEarlierRoundThatIsStillInTheFile) {
  const test::TempFolder folder;
  LeaseJournal journal(folder.path() / "journal");
  for (const auto number : {1, 2, 3}) ASSERT_EQ(journal.append(record(number)), 0);
  journal.restart();

  ASSERT_EQ(journal.append(record(4)), 0);

  EXPECT_EQ(journal.read(), Records{record(4)});
}

TEST(LeaseJournal, IsEmptyOnceCleared) {
  const test::TempFolder folder;
  LeaseJournal journal(folder.path() / "journal");
  ASSERT_EQ(journal.append(record(1)), 0);

  journal.clear();

  EXPECT_TRUE(journal.read().empty());
}

TEST(LeaseJournal, EndsBeforeARecordThatIsCutOff) {
  const auto whole = bytes_of({1, 2});

  for (auto size = bytes_of({1}).size(); size < whole.size(); ++size)
    EXPECT_EQ(parse_journal(std::string_view(whole).substr(0, size)), Records{record(1)}) << size;
}

TEST(LeaseJournal, EndsBeforeARecordWithAnyBitTurned) {
  const auto first = bytes_of({1}).size();
  // The last four bytes of the header mean nothing.
  for (auto at = first; at < bytes_of({1, 2}).size(); ++at) {
    if (at >= first + 20 && at < first + 24) continue;
    for (int bit = 0; bit < 8; ++bit) {
      auto bytes = bytes_of({1, 2});
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));

      EXPECT_EQ(parse_journal(bytes), Records{record(1)}) << at << ", bit " << bit;
    }
  }
}

TEST(LeaseJournal, EndsWhereNumbersDoNotFollow) {
  EXPECT_EQ(parse_journal(bytes_of({5, 6, 4})), (Records{record(5), record(6)}));
}

}  // namespace
}  // namespace paddock::net
