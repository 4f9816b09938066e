// SPDX-License-Identifier: Apache-2.0
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

TEST(Record, ReverseNamesOfAddresses) {
  EXPECT_EQ(reverse_name(ip("10.42.0.7")).format(), "7.0.42.10.in-addr.arpa.");
  EXPECT_EQ(reverse_name(ip("::ffff:10.42.0.7")).format(), "7.0.42.10.in-addr.arpa.");
  EXPECT_EQ(reverse_name(ip("fd00::1f")).format(),
            "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa.");
}

TEST(Record, LongTextBecomesSeveralStrings) {
  const Record record = txt_record(name("t.zone"), std::string(300, 'x'), std::chrono::seconds{1});
  EXPECT_EQ(record.data.size(), 302u);
  EXPECT_EQ(record.data[0], '\xFF');
  EXPECT_EQ(record.data[256], '\x2D');
  EXPECT_EQ(txt_record(name("t.zone"), "", std::chrono::seconds{1}).data, std::string(1, '\0'));
}

TEST(Record, EveryKindIsReadByOthers) {
  const std::chrono::seconds ttl{7};
  const auto authority = authority_of(
      {zone("zone")},
      {a("a.zone", "10.0.0.1"), a("aaaa.zone", "fd00::1"),
       ptr_record(name("ptr.zone"), name("x.other"), ttl),
       txt_record(name("txt.zone"), "1.1.0", ttl), ns_record(name("zone"), name("x.other"), ttl),
       srv_record(name("srv.zone"), {1, 2, 80, name("web.other")}, ttl)});
  const auto line = [&](const char* owner, unsigned type) {
    return ask(*authority, {owner, type}).answer;
  };
  EXPECT_EQ(line("a.zone", LDNS_RR_TYPE_A), Lines{"a.zone. 5 IN A 10.0.0.1"});
  EXPECT_EQ(line("aaaa.zone", LDNS_RR_TYPE_AAAA), Lines{"aaaa.zone. 5 IN AAAA fd00::1"});
  EXPECT_EQ(line("ptr.zone", LDNS_RR_TYPE_PTR), Lines{"ptr.zone. 7 IN PTR x.other."});
  EXPECT_EQ(line("txt.zone", LDNS_RR_TYPE_TXT), Lines{"txt.zone. 7 IN TXT \"1.1.0\""});
  EXPECT_EQ(sorted(line("zone", LDNS_RR_TYPE_NS)),
            (Lines{"zone. 5 IN NS ns.dns.zone.", "zone. 5 IN NS x.other."}));
  EXPECT_EQ(line("srv.zone", LDNS_RR_TYPE_SRV), Lines{"srv.zone. 7 IN SRV 1 2 80 web.other."});
}

}  // namespace
}  // namespace paddock::dns
