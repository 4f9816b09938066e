// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/rules.hpp>

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

using namespace std::chrono_literals;

Name name(std::string_view text) { return Name::parse(text).value(); }

TEST(ParseHostLine, GivesEveryNameTheAddress) {
  const auto entries = parse_host_line("10.0.0.1 db.example DB\t# the old one").value();

  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].address.to_string(), "10.0.0.1");
  EXPECT_EQ(entries[1].name, name("db"));
}

TEST(ParseHostLine, TakesAMappedAddressForWhatItIs) {
  EXPECT_EQ(parse_host_line("::ffff:10.0.0.2 db").value()[0].address.to_string(), "10.0.0.2");
}

TEST(ParseHostLine, PassesOverWhatSaysNothing) {
  EXPECT_TRUE(parse_host_line("").value().empty());
  EXPECT_TRUE(parse_host_line("  # 10.0.0.1 db").value().empty());
}

TEST(ParseHostLine, RefusesWhatIsNone) {
  for (const char* line : {"db 10.0.0.1", "10.0.0.1", "10.0.0.1 a..b", "10.0.0.256 db"}) {
    EXPECT_FALSE(parse_host_line(line)) << line;
  }
}

TEST(ParseBlockLine, ReadsTheFormsListsHave) {
  for (const char* line : {"ads.example", "0.0.0.0 ads.example", "127.0.0.1\tADS.example # x",
                           "||ads.example^", "ads.example."}) {
    EXPECT_EQ(parse_block_line(line).value(), name("ads.example")) << line;
  }
}

TEST(ParseBlockLine, PassesOverWhatIsNotToBeBlocked) {
  for (const char* line :
       {"", "# a comment", "! another", "127.0.0.1 localhost", "127.0.0.1 localhost.localdomain",
        "0.0.0.0 0.0.0.0", "::1 ip6-localhost", "shop.example##.banner",
        "shop.example#@#.banner"}) {
    EXPECT_FALSE(parse_block_line(line).value().has_value()) << line;
  }
}

TEST(ParseBlockLine, RefusesWhatIsNone) {
  for (const char* line : {"a..b", "ads.example more.example", "0.0.0.0 a.example b.example"}) {
    EXPECT_FALSE(parse_block_line(line)) << line;
  }
}

TEST(ParseRewrite, ReadsEveryKindAndItsTtl) {
  const auto exact = parse_rewrite("exact Old.Example. new.example").value();
  const auto clamped = parse_rewrite("suffix .example ttl=30-300").value();
  const auto regex = parse_rewrite("regex ^(.*)\\.x$ {1}.y ttl=5").value();

  EXPECT_EQ(exact.from, "old.example");
  EXPECT_EQ(exact.to, "new.example");
  EXPECT_FALSE(exact.least_ttl.has_value());
  EXPECT_EQ(clamped.match, NameMatch::suffix);
  EXPECT_TRUE(clamped.to.empty());
  EXPECT_EQ(clamped.least_ttl, 30s);
  EXPECT_EQ(clamped.most_ttl, 300s);
  EXPECT_EQ(regex.from, "^(.*)\\.x$");
  EXPECT_EQ(regex.most_ttl, 5s);
}

TEST(ParseRewrite, RefusesWhatIsNone) {
  for (const char* text : {"", "exact", "exact a", "exact a b c", "substring a b", "ttl=30",
                           "exact a b ttl=x", "exact a b ttl=30-3"}) {
    EXPECT_FALSE(parse_rewrite(text)) << text;
  }
}

}  // namespace
}  // namespace paddock::dns
