// SPDX-License-Identifier: Apache-2.0
//
// Master files, read and then asked: ldns writes what it makes of the replies.
#include "libdns/ask.hpp"
#include "support/temp_folder.hpp"

#include <paddock/dns/zone_file.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace paddock::dns {
namespace {

constexpr std::string_view top = "$TTL 1h\n@ SOA ns host 7 2h 30m 1d 1m\n@ NS ns\nns A 192.0.2.1\n";

std::shared_ptr<const Authority> serve(const ZoneFile& file) {
  return authority_of({file.zone}, file.records);
}

// The zone example with these lines behind its SOA and NS.
std::shared_ptr<const Authority> serve(std::string_view lines) {
  const auto file = parse_zone_file(std::string(top) + std::string(lines), "z", name("example"));
  EXPECT_TRUE(file) << (file ? "" : file.error().text);
  return file ? serve(*file) : authority_of({}, {});
}

Lines answer_of(std::string_view lines, const char* owner, unsigned type) {
  return ask(*serve(lines), {owner, type}).answer;
}

std::string error_of(std::string_view text) {
  const auto file = parse_zone_file(text, "z", name("example"));
  EXPECT_FALSE(file) << text;
  return file ? "" : file.error().text;
}

std::string error_behind_top(std::string_view lines) {
  return error_of(std::string(top) + std::string(lines));
}

TEST(ZoneFile, TheSoaIsTheFiles) {
  const auto authority = serve("");

  EXPECT_EQ(ask(*authority, {"example", LDNS_RR_TYPE_SOA}).answer,
            Lines{"example. 3600 IN SOA ns.example. host.example. 7 7200 1800 86400 60"});
  EXPECT_EQ(ask(*authority, {"no.example"}).authority,
            Lines{"example. 60 IN SOA ns.example. host.example. 7 7200 1800 86400 60"});
}

TEST(ZoneFile, OwnersTtlsAndClassesMayBeLeftOut) {
  const std::string_view lines =
      "www 60 IN A 192.0.2.2\n  IN 60 AAAA 2001:db8::2\n\tTXT hello\nabs.example. A 192.0.2.3\n";

  EXPECT_EQ(answer_of(lines, "www.example", LDNS_RR_TYPE_A),
            Lines{"www.example. 60 IN A 192.0.2.2"});
  EXPECT_EQ(answer_of(lines, "www.example", LDNS_RR_TYPE_AAAA),
            Lines{"www.example. 60 IN AAAA 2001:db8::2"});
  EXPECT_EQ(answer_of(lines, "www.example", LDNS_RR_TYPE_TXT),
            Lines{"www.example. 3600 IN TXT \"hello\""});
  EXPECT_EQ(answer_of(lines, "abs.example", LDNS_RR_TYPE_A),
            Lines{"abs.example. 3600 IN A 192.0.2.3"});
}

TEST(ZoneFile, OriginsAreNested) {
  const std::string_view lines = "$ORIGIN a\nb MX 10 mail\n$ORIGIN c\n@ CNAME b.a.example.\n";

  EXPECT_EQ(answer_of(lines, "b.a.example", LDNS_RR_TYPE_MX),
            Lines{"b.a.example. 3600 IN MX 10 mail.a.example."});
  EXPECT_EQ(answer_of(lines, "c.a.example", LDNS_RR_TYPE_CNAME),
            Lines{"c.a.example. 3600 IN CNAME b.a.example."});
}

TEST(ZoneFile, ParenthesesQuotesCommentsAndEscapes) {
  const std::string_view lines =
      "t TXT ( \"a;b ( c\" ; one\n  two ) \"quo\\\"te\" \\059 ; end\n; nothing\n\nd\\.t A "
      "192.0.2.4\n";

  EXPECT_EQ(answer_of(lines, "t.example", LDNS_RR_TYPE_TXT),
            Lines{R"(t.example. 3600 IN TXT "a;b ( c" "two" "quo\"te" ";")"});
}

TEST(ZoneFile, GeneratesARecordForEachNumber) {
  const std::string_view lines =
      "$GENERATE 1-3 host-$ A 192.0.2.$\n$GENERATE 8-12/2 n${-8,2} 60 IN CNAME host-${0,3,x}\n"
      "$GENERATE 30-31 ${0,5,n} TXT $$ \"${0,4,X}\"\nafter A 192.0.2.9\n";

  EXPECT_EQ(answer_of(lines, "host-3.example", LDNS_RR_TYPE_A),
            Lines{"host-3.example. 3600 IN A 192.0.2.3"});
  EXPECT_EQ(ask(*serve(lines), {"host-4.example", LDNS_RR_TYPE_A}).rcode, LDNS_RCODE_NXDOMAIN);
  EXPECT_EQ(answer_of(lines, "n04.example", LDNS_RR_TYPE_CNAME),
            Lines{"n04.example. 60 IN CNAME host-00c.example."});
  EXPECT_EQ(answer_of(lines, "f.1.0.example", LDNS_RR_TYPE_TXT),
            Lines{"f.1.0.example. 3600 IN TXT \"$\" \"001F\""});
  EXPECT_EQ(answer_of(lines, "after.example", LDNS_RR_TYPE_A).size(), 1u);
}

TEST(ZoneFile, AnyTypeHasItsForm) {
  const std::string_view lines =
      "x TYPE666 \\# 3 abcdef\nx CAA 0 issue \"ca.test\"\nbare CAA 0 issue ca.test\nx HTTPS 1 . "
      "alpn=\"h2,h3\"\n"
      "x TLSA 3 1 1 aabb\nx SSHFP 4 2 cc\nx TYPE1 192.0.2.5\nx LOC 52 N 0 E 0m\n"
      "x NAPTR 1 1 \"u\" \"sip\" \"!^.*$!sip:a@b!\" .\n";

  EXPECT_EQ(answer_of(lines, "x.example", 666), Lines{"x.example. 3600 IN TYPE666 \\# 3 abcdef"});
  EXPECT_EQ(answer_of(lines, "x.example", LDNS_RR_TYPE_CAA),
            Lines{"x.example. 3600 IN CAA 0 issue \"ca.test\""});
  EXPECT_EQ(answer_of(lines, "bare.example", LDNS_RR_TYPE_CAA),
            Lines{"bare.example. 3600 IN CAA 0 issue \"ca.test\""});
  EXPECT_EQ(answer_of(lines, "x.example", LDNS_RR_TYPE_A), Lines{"x.example. 3600 IN A 192.0.2.5"});
  for (const unsigned type : {29u, 35u, 44u, 52u, 65u}) {
    EXPECT_EQ(answer_of(lines, "x.example", type).size(), 1u) << type;
  }
}

TEST(ZoneFile, KeysOfGatewaysAreReadInTheFormOfUnknownTypesOnly) {
  EXPECT_EQ(answer_of("x IPSECKEY \\# 4 0a000200\n", "x.example", 45).size(), 1u);
  const auto file =
      parse_zone_file(std::string(top) + "x IPSECKEY 1 1 2 192.0.2.1 aa==\n", "z", name("example"));
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().text.find("IPSECKEY data is only read in the form of RFC 3597"),
            std::string::npos);
}

TEST(ZoneFile, NamesInDataAreInLowerCase) {
  EXPECT_EQ(answer_of("w CNAME NS.Example.", "w.example", LDNS_RR_TYPE_A),
            (Lines{"w.example. 3600 IN CNAME ns.example.", "ns.example. 3600 IN A 192.0.2.1"}));
}

TEST(ZoneFile, WildcardsAndDelegationsWork) {
  const auto authority = serve("*.w A 192.0.2.6\nsub NS ns.sub\nns.sub A 192.0.2.7\n");

  EXPECT_EQ(ask(*authority, {"any.w.example"}).answer, Lines{"any.w.example. 3600 IN A 192.0.2.6"});
  EXPECT_EQ(ask(*authority, {"any.w.example", LDNS_RR_TYPE_MX}).rcode, 0u);
  const auto referral = ask(*authority, {"x.sub.example"});
  EXPECT_FALSE(referral.aa());
  EXPECT_EQ(referral.additional, Lines{"ns.sub.example. 3600 IN A 192.0.2.7"});
}

TEST(ZoneFile, WithoutATtlTheLastOneCountsAndElseTheMinimum) {
  const auto file = parse_zone_file(
      "@ SOA ns host 1 2 3 4 55\n@ NS ns\nns 9 A 192.0.2.1\na A 192.0.2.2\n", "z", name("example"));
  ASSERT_TRUE(file);
  const auto authority = serve(*file);

  EXPECT_EQ(ask(*authority, {"example", LDNS_RR_TYPE_NS}).answer,
            Lines{"example. 55 IN NS ns.example."});
  EXPECT_EQ(ask(*authority, {"a.example"}).answer, Lines{"a.example. 9 IN A 192.0.2.2"});
}

TEST(ZoneFile, FilesIncludeOthersFromTheirFolder) {
  const test::TempFolder folder;
  const auto path = folder.path();
  std::filesystem::create_directory(path / "more");
  std::ofstream(path / "z") << top << "a A 192.0.2.2\n$INCLUDE more/hosts h\n  TXT still-a\n";
  std::ofstream(path / "more/hosts") << "$INCLUDE deep\nb A 192.0.2.3\n";
  std::ofstream(path / "more/deep") << "@ A 192.0.2.4\n";

  const auto file = read_zone_file((path / "z").string(), name("example"));

  ASSERT_TRUE(file) << file.error().text;
  EXPECT_EQ(file->files.size(), 3u);
  const auto authority = serve(*file);
  EXPECT_EQ(ask(*authority, {"b.h.example"}).answer.size(), 1u);
  EXPECT_EQ(ask(*authority, {"h.example"}).answer.size(), 1u);
  EXPECT_EQ(ask(*authority, {"a.example", LDNS_RR_TYPE_TXT}).answer.size(), 1u);
}

TEST(ZoneFile, ErrorsInIncludedFilesSayTheWayThere) {
  const test::TempFolder folder;
  const auto path = folder.path().string();
  std::ofstream(folder.path() / "z") << top << "$INCLUDE bad\n";
  std::ofstream(folder.path() / "bad") << "; fine\nx A 192.0.2\n";
  std::ofstream(folder.path() / "loop") << "$INCLUDE loop\n";
  std::ofstream(folder.path() / "dir") << "$INCLUDE .\n";

  EXPECT_EQ(read_zone_file(path + "/z", name("example")).error().text,
            path + "/z:5: " + path +
                "/bad:2: A data \"192.0.2\": Syntax error, could not parse the RR's rdata");
  EXPECT_TRUE(
      read_zone_file(path + "/loop", name("example")).error().text.ends_with("more than 8 deep"));
  EXPECT_EQ(read_zone_file(path + "/none", name("example")).error().text,
            path + "/none: cannot be read: No such file or directory");
  EXPECT_EQ(read_zone_file(path, name("example")).error().text,
            path + ": cannot be read: it is no file");
  EXPECT_EQ(read_zone_file(path + "/dir", name("example")).error().text,
            path + "/dir:1: " + path + "/.: cannot be read: it is no file");
}

TEST(ZoneFile, WhatIsWrongIsSaidWithItsLine) {
  EXPECT_EQ(error_of(""), "z: no SOA record at example.");
  EXPECT_EQ(error_of("@ 1 SOA a b 1 2 3 4 5"), "z: no NS record at example.");
  EXPECT_EQ(error_of(" A 192.0.2.1"), "z:1: a record without an owner, and none before it");
  EXPECT_EQ(error_behind_top("w"), "z:5: a record without a type");
  EXPECT_EQ(error_behind_top("w WHAT 1"), "z:5: WHAT is no TTL, class or type");
  EXPECT_EQ(error_behind_top("w CH A 192.0.2.1"), "z:5: class CH; only IN is served");
  EXPECT_EQ(error_behind_top("w.test. A 192.0.2.1"),
            "z:5: w.test. is outside of the zone example.");
  EXPECT_EQ(error_behind_top("w SOA a b 1 2 3 4 5"), "z:5: a SOA record that is not at example.");
  EXPECT_EQ(error_behind_top("@ SOA a b 1 2 3 4 5"), "z:5: a second SOA record");
  EXPECT_EQ(error_behind_top("w CNAME a\nw A 192.0.2.1"),
            "z:6: w.example. has a CNAME and other data");
  EXPECT_EQ(error_behind_top("w A 192.0.2.1\nw CNAME a"),
            "z:6: w.example. has a CNAME and other data");
  EXPECT_EQ(error_behind_top("w CNAME a\nw CNAME b"),
            "z:6: w.example. has two of a kind that is alone");
  EXPECT_EQ(error_behind_top("w ANY x"), "z:5: a type that only queries have");
  EXPECT_EQ(error_behind_top("w TYPE65534 \\# 0"), "z:5: a type that this server has for itself");
  EXPECT_EQ(error_behind_top("w TXT (\n a"), "z:6: a parenthesis is not closed");
  EXPECT_EQ(error_behind_top("w TXT )"), "z:5: a parenthesis closes nothing");
  EXPECT_EQ(error_behind_top("w TXT \"a\n"), "z:5: a quotation is not closed");
  EXPECT_EQ(error_behind_top("$TTL x"), "z:5: $TTL x is no time");
  EXPECT_EQ(error_behind_top("$INCLUDE x"), "z:5: $INCLUDE is not allowed here");
  EXPECT_NE(error_behind_top("$GENERATE 1-2 a$").find("$GENERATE is not understood"),
            std::string::npos);
  for (const char* wrong :
       {"2-1 a$ A 192.0.2.1", "1 a$ A 192.0.2.1", "1-2/0 a$ A 192.0.2.1", "0-65536 a$ TXT x",
        "1-2 a${-2} TXT x", "1-2 a${0 TXT x", "1-2 a${0,999} TXT x", "1-2 a${0,1,q} TXT x",
        "250-300 a$ A 192.0.2.$"}) {
    EXPECT_TRUE(error_behind_top(std::string("$GENERATE ") + wrong).starts_with("z:5: ")) << wrong;
  }
}

}  // namespace
}  // namespace paddock::dns
