// SPDX-License-Identifier: Apache-2.0
//
// The probes of the DNS and EDNS compliance tests (RFC 8906), each sent to a zone apex, and what
// else a server meets in the wild. Queries are bytes, made by hand where an encoder would not do.
#include "libdns/ask.hpp"

#include <gtest/gtest.h>

namespace paddock::dns {
namespace {

constexpr unsigned SOA = LDNS_RR_TYPE_SOA;
constexpr unsigned rd = 0x0100;
constexpr unsigned dnssec_ok = 0x8000;

const test::Bytes client_cookie{1, 2, 3, 4, 5, 6, 7, 8};
const test::Bytes nsid = test::option(3);
const test::Bytes subnet = test::option(8, {0, 1, 0, 0});
const test::Bytes expire = test::option(9);
const test::Bytes cookie = test::option(10, client_cookie);
const test::Bytes unknown = test::option(100, {1, 2, 3});

const std::array<std::uint8_t, 16> secret{1, 2, 3};

class Probes : public ::testing::Test {
 protected:
  // What holds for every probe: the bits that must not come back, OPT where it was sent.
  DnsReply probe(const DnsQuery& query) {
    const auto reply = ask(*authority_, query, context_);
    EXPECT_EQ(reply.id, query.id);
    EXPECT_EQ(reply.rd(), (query.flags & rd) != 0);
    EXPECT_EQ(reply.flags & 0x0070u, 0u) << "Z, AD, CD";
    EXPECT_EQ(reply.has_opt, query.opt.has_value());
    EXPECT_EQ(reply.version, 0u);
    if (query.opt) {
      EXPECT_EQ(reply.opt_flags, query.opt->flags & dnssec_ok);
      EXPECT_EQ(reply.payload, 1232u);
    }
    EXPECT_FALSE(reply.options.contains(100));
    EXPECT_FALSE(reply.options.contains(8));
    EXPECT_FALSE(reply.options.contains(9));
    return reply;
  }

  void expect_soa(const DnsQuery& query) {
    const auto reply = probe(query);
    EXPECT_EQ(reply.rcode, 0u);
    EXPECT_TRUE(reply.aa());
    EXPECT_FALSE(reply.ra());
    EXPECT_FALSE(reply.tc());
    EXPECT_EQ(reply.answer.size(), 1u);
  }

  void expect_badvers(const DnsQuery& query) {
    const auto reply = probe(query);
    EXPECT_EQ(reply.rcode, 16u);
    EXPECT_TRUE(reply.answer.empty());
    EXPECT_TRUE(reply.authority.empty());
  }

  test::Bytes raw(const test::Bytes& query, Action expected = Action::reply) {
    Action action{};
    const auto reply = answer_bytes(*authority_, query, context_, &action);
    EXPECT_EQ(action, expected);
    return reply;
  }

  // A message of nothing but a header, as the reply to `query`, with these flags.
  void expect_header(const test::Bytes& query, unsigned flags) {
    test::Bytes expected{query[0], query[1], static_cast<std::uint8_t>(flags >> 8),
                         static_cast<std::uint8_t>(flags)};
    expected.resize(12);
    EXPECT_EQ(raw(query), expected);
  }

  unsigned rcode_of(const test::Bytes& query) { return raw(query).at(3) & 15u; }

  std::shared_ptr<const Authority> authority_ =
      authority_of({zone("zone")}, {a("web.zone", "10.0.0.1")});
  AnswerContext context_{.client = ip("10.42.0.7"),
                         .server_id = "node-7",
                         .cookie_secret = &secret,
                         .unix_time = 1700000000};
};

TEST_F(Probes, HeaderBitsAreNotReflected) {
  for (const unsigned bit : {0x0000u, 0x0400u, 0x0020u, 0x0010u, 0x0080u, rd, 0x0200u, 0x0040u}) {
    SCOPED_TRACE(bit);
    expect_soa({.name = "zone", .type = SOA, .flags = bit});
  }
}

TEST_F(Probes, UnknownOpcodesAreNotImplemented) {
  for (unsigned opcode = 1; opcode < 16; ++opcode) {
    if (opcode == 4 || opcode == 5) continue;
    const auto query = encode(DnsQuery{.name = "zone", .type = SOA, .flags = opcode << 11});
    expect_header(query, 0x8004 | opcode << 11);
  }
  // opcodeflg: none of the flags comes back
  expect_header(encode(DnsQuery{.name = "zone", .type = SOA, .flags = 0x7FF0}), 0x8004 | 15 << 11);
}

TEST_F(Probes, ChangesByOthersAreRefused) {
  for (const unsigned opcode : {4u << 11, 5u << 11}) {  // NOTIFY, UPDATE
    const auto ask_for = [&](const char* owner, unsigned type) {
      return ask(*authority_, {.name = owner, .type = type, .opt = Opt{}, .flags = opcode | rd},
                 context_);
    };
    EXPECT_EQ(ask_for("zone", SOA).rcode, 5u);
    EXPECT_EQ(ask_for("zone", SOA).flags, 0x8005 | opcode);
    EXPECT_EQ(ask_for("zone", SOA).question, Lines{"zone."});
    EXPECT_EQ(ask_for("zone", SOA).extended_error(), 21);
    EXPECT_EQ(ask_for("web.zone", SOA).rcode, 9u);
    EXPECT_EQ(ask_for("example", SOA).rcode, 9u);
    EXPECT_EQ(ask_for("zone", LDNS_RR_TYPE_A).rcode, 1u);
    auto forwarding = context_;
    forwarding.is_forwarding = true;
    const DnsQuery change{.name = "zone", .type = SOA, .opt = Opt{}, .flags = opcode | rd};
    EXPECT_EQ(ask(*authority_, change, forwarding).flags, 0x8005 | opcode) << "no RA";
  }
}

TEST_F(Probes, EveryTypeIsNoerror) {
  for (unsigned type = 1; type < 270; ++type) {
    if (type >= 251 && type <= 252) continue;  // transfers
    const auto reply = probe({"zone", type});
    EXPECT_EQ(reply.rcode, 0u) << type;
    EXPECT_TRUE(reply.aa());
    EXPECT_EQ(reply.answer.size() + reply.authority.size(), 1u) << type;
  }
  EXPECT_EQ(probe({"zone", 666}).authority.size(), 1u);
}

TEST_F(Probes, Edns) {
  expect_soa({"zone", SOA, Opt{.payload = 4096}});
  expect_soa({"zone", SOA, Opt{.payload = 4096, .options = unknown}});
  expect_soa({"zone", SOA, Opt{.payload = 4096, .flags = dnssec_ok}});
  expect_soa({"zone", SOA, Opt{.payload = 4096, .flags = dnssec_ok}, 0x0010});
  expect_soa({"zone", SOA, Opt{.payload = 4096, .flags = 0x0080}});
  expect_soa({"zone", SOA, Opt{.payload = 0}});
  EXPECT_LE(probe({"zone", LDNS_RR_TYPE_DNSKEY, Opt{.payload = 512, .flags = dnssec_ok}}).size,
            512u);
}

TEST_F(Probes, EdnsOptions) {
  for (const auto& options : {nsid, subnet, expire, cookie, nsid + subnet + expire + cookie}) {
    expect_soa({"zone", SOA, Opt{.options = options}});
    expect_badvers({"zone", SOA, Opt{.version = 1, .options = options}});
  }
  expect_badvers({"zone", SOA, Opt{.version = 1}});
  expect_badvers({"zone", SOA, Opt{.version = 1, .options = unknown}});
  expect_badvers({"zone", SOA, Opt{.version = 1, .flags = dnssec_ok}});
  const auto reply = probe({"zone", SOA, Opt{.options = nsid}});
  EXPECT_EQ(reply.options.at(3), (test::Bytes{'n', 'o', 'd', 'e', '-', '7'}));
}

TEST_F(Probes, CookiesComeBackWithOurs) {
  expect_soa({"zone", SOA, Opt{.flags = dnssec_ok, .options = cookie}});          // named 9.11
  expect_soa({"zone", SOA, Opt{.payload = 4096, .options = cookie}, rd | 0x20});  // dig 9.11
  const auto reply = probe({"zone", SOA, Opt{.options = cookie}});
  const test::Bytes full = reply.options.at(10);
  ASSERT_EQ(full.size(), 24u);
  EXPECT_EQ(test::Bytes(full.begin(), full.begin() + 8), client_cookie);
  EXPECT_EQ(probe({"zone", SOA, Opt{.options = test::option(10, full)}}).options.at(10), full);
  for (const std::size_t size : {0, 7, 9, 15, 41}) {
    const auto broken = test::option(10, test::Bytes(size, 1));
    EXPECT_EQ(rcode_of(encode(DnsQuery{"zone", SOA, Opt{.options = broken}})), 1u) << size;
  }
  context_.cookie_secret = nullptr;
  EXPECT_TRUE(probe({"zone", SOA, Opt{.options = cookie}}).options.empty());
}

// RFC 7873 section 5.4.
TEST_F(Probes, ACookieAloneIsGivenForNoQuestion) {
  auto query = encode(DnsQuery{".", SOA, Opt{.options = cookie}});
  query.erase(query.begin() + 12, query.begin() + 17);
  query[5] = 0;

  const auto reply = raw(query);

  ASSERT_EQ(reply.size(), 12u + 11u + 4u + 24u);
  EXPECT_EQ(test::Bytes(reply.begin() + 2, reply.begin() + 12),
            (test::Bytes{0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1}));
  EXPECT_EQ(test::Bytes(reply.begin() + 27, reply.begin() + 35), client_cookie);
}

TEST_F(Probes, Tcp) {
  context_.transport = Transport::tcp;
  expect_soa({"zone", SOA});
  EXPECT_FALSE(probe({"zone", LDNS_RR_TYPE_DNSKEY, Opt{.flags = dnssec_ok}}).tc());
  context_.keepalive = 200;
  EXPECT_EQ(probe({"zone", SOA, Opt{.options = test::option(11)}}).options.at(11),
            (test::Bytes{0, 200}));
  EXPECT_TRUE(probe({"zone", SOA, Opt{}}).options.empty());
  context_.transport = Transport::udp;
  EXPECT_TRUE(probe({"zone", SOA, Opt{.options = test::option(11)}}).options.empty());
}

TEST_F(Probes, AWellKnownTsigKeyGetsAnAnswer) {
  auto query = encode(DnsQuery{"zone", SOA});
  query[11] = 1;
  query = query + test::encode_name("key") + test::Bytes{0, 250, 0, 255, 0, 0, 0, 0, 0, 3, 1, 2, 3};
  EXPECT_EQ(rcode_of(query), 0u);
}

TEST_F(Probes, BrokenMessagesAreFormerr) {
  const auto good = encode(DnsQuery{"zone", SOA, Opt{}});
  const auto plain = encode(DnsQuery{"zone", SOA});
  const auto with = [](test::Bytes bytes, std::size_t at, std::uint8_t value) {
    bytes[at] = value;
    return bytes;
  };
  const auto opt = test::encode_opt({});
  auto two_opts = good + opt;
  two_opts[11] = 2;
  auto opt_in_answer = with(with(good, 11, 0), 7, 1);
  auto named_opt = with(plain, 11, 1) + test::Bytes{1, 'x'} + opt;
  auto overrun = encode(DnsQuery{"zone", SOA, Opt{.options = {0, 100, 0, 9, 1}}});
  const std::vector<std::pair<const char*, test::Bytes>> cases{
      {"no question", with(plain, 5, 0)},
      {"two questions", with(plain, 5, 2)},
      {"records that are not there", with(plain, 7, 1)},
      {"two OPTs", two_opts},
      {"OPT in the answer section", opt_in_answer},
      {"OPT below the root", named_opt},
      {"option longer than OPT", overrun},
      {"trailing octets", plain + test::Bytes{0}},
      {"label of 64", with(plain, 12, 64)},
      {"pointer to itself", with(with(plain, 12, 0xC0), 13, 12)},
      {"forward pointer", with(with(plain, 12, 0xC0), 13, 14)},
      {"cut in the type", test::Bytes(plain.begin(), plain.end() - 3)},
      {"cut in the name", test::Bytes(plain.begin(), plain.begin() + 15)},
      {"no more than a header", test::Bytes(plain.begin(), plain.begin() + 12)},
      {"eleven octets", test::Bytes(plain.begin(), plain.begin() + 11)},
  };
  for (const auto& [what, query] : cases) {
    SCOPED_TRACE(what);
    const auto reply = raw(query);
    ASSERT_GE(reply.size(), 12u);
    EXPECT_EQ(reply[0], 0x12);
    EXPECT_EQ(reply[2] & 0x84, 0x80);
    EXPECT_EQ(reply[3], 1);
  }
}

TEST_F(Probes, WhatIsNoQueryIsDropped) {
  auto response = encode(DnsQuery{.name = "zone", .type = SOA, .flags = 0x8000});
  raw(response, Action::drop);
  raw({}, Action::drop);
  raw({0x12, 0x34, 0x00}, Action::drop);
}

TEST_F(Probes, NamesUpTo255Octets) {
  const std::string label63(63, 'x');
  const std::string longest =
      label63 + "." + label63 + "." + label63 + "." + std::string(56, 'x') + ".zone";
  EXPECT_EQ(probe({longest, SOA, Opt{.options = nsid + cookie}}).rcode, 3u);
  EXPECT_EQ(rcode_of(encode(DnsQuery{"x" + longest, SOA})), 1u);
}

}  // namespace
}  // namespace paddock::dns
