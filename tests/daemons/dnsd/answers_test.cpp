// SPDX-License-Identifier: Apache-2.0
//
// A file of answers in Rancher's form, asked as its clients ask. The questions are those that
// rancher-dns' own integration tests put, and those it got wrong.
#include "daemons/dnsd/names.hpp"

namespace paddock::dnsd {
namespace {

constexpr unsigned A = LDNS_RR_TYPE_A;
constexpr unsigned AAAA = LDNS_RR_TYPE_AAAA;
constexpr unsigned TXT = LDNS_RR_TYPE_TXT;
constexpr unsigned PTR = LDNS_RR_TYPE_PTR;

constexpr auto client = "127.0.0.1";
constexpr auto stranger = "192.0.2.200";

constexpr auto fixture = R"(
default:
  search: [rancher.internal]
  authoritative: [rancher.internal]
  a:
    rancher-metadata.rancher.internal.: {answer: [169.254.169.250]}
    service-foo.stack-a.rancher.internal.: {answer: [10.42.1.1]}
    service-baz.stack-a.rancher.internal.: {answer: [10.42.141.123, 10.42.195.8]}
    stack-a_service-baz_1.rancher.internal.: {answer: [10.42.141.123]}
    sidekick-bar.service-foo.stack-a.rancher.internal.: {answer: [10.42.209.131]}
    service-bar.stack-b.rancher.internal.: {answer: [10.42.112.11]}
    sidekick-baz.service-bar.stack-b.rancher.internal.: {answer: [10.42.209.120]}
    broken.stack-b.rancher.internal.: {answer: ["", 10.42.300.1]}
    registry.example.org.: {answer: [192.0.2.7], ttl: 3000}
  cname:
    external-alias-foo.stack-a.rancher.internal.: {answer: www.example.com.}
    external-alias-bar.stack-b.rancher.internal.: {answer: www.example.com}
    alias.stack-b.rancher.internal.: {answer: service-bar.stack-b.rancher.internal.}
    loop-a.stack-b.rancher.internal.: {answer: loop-b.stack-b.rancher.internal.}
    loop-b.stack-b.rancher.internal.: {answer: loop-a.stack-b.rancher.internal.}
  ptr:
    10.42.112.11: {answer: service-bar.stack-b.rancher.internal.}
  txt:
    note.rancher.internal.: {answer: [hello]}
"127.0.0.1":
  search: [stack-a.rancher.internal, service-foo.stack-a.rancher.internal, rancher.internal]
  recurse: [192.0.2.53]
  a:
    db.: {answer: [10.42.7.7]}
    service-bar.stack-b.rancher.internal.: {answer: [10.42.112.12]}
)";

const std::vector<dns::Name> zones{dns::Name::parse("rancher.internal").value()};

class Answers : public Names {
 public:
  Answers() : Names(without_cluster_zones(), zones) { take(fixture); }

 private:
  static Options without_cluster_zones() {
    Options options;
    options.rancher_zone = "none";
    return options;
  }
};

TEST(Answers, ShortNamesAreFoundByTheClientsSearchList) {
  Answers answers;
  struct Case {
    const char* asked;
    Data data;
  };
  for (const Case& c :
       {Case{"service-baz", {"10.42.141.123", "10.42.195.8"}},
        Case{"stack-a_service-baz_1.rancher.internal", {"10.42.141.123"}},
        Case{"stack-a_service-baz_1", {"10.42.141.123"}},
        Case{"sidekick-bar.service-foo.stack-a.rancher.internal", {"10.42.209.131"}},
        Case{"sidekick-bar", {"10.42.209.131"}},
        Case{"sidekick-bar.service-foo", {"10.42.209.131"}},
        Case{"sidekick-baz.service-bar.stack-b", {"10.42.209.120"}},
        Case{"rancher-metadata", {"169.254.169.250"}}, Case{"db", {"10.42.7.7"}},
        Case{"service-bar.stack-b.rancher.internal", {"10.42.112.12"}},
        Case{"service-bar.stack-b", {"10.42.112.12"}}}) {
    EXPECT_EQ(answers.data_for(client, c.asked), c.data) << c.asked;
  }
}

TEST(Answers, OthersHaveTheDefaultSearchListOnly) {
  Answers answers;

  EXPECT_EQ(answers.data_for(stranger, "service-bar.stack-b"), Data{"10.42.112.11"});
  EXPECT_EQ(answers.data_for(stranger, "rancher-metadata"), Data{"169.254.169.250"});
  EXPECT_TRUE(answers.is_forwarded(stranger, "service-baz"));
  EXPECT_TRUE(answers.is_forwarded(stranger, "db"));
  EXPECT_TRUE(answers.is_forwarded(client, "www.example.com"));
}

TEST(Answers, TheNameIsGivenBackAsItWasAsked) {
  Answers answers;

  EXPECT_EQ(answers.ask_for(client, "Service-Bar.stack-B").answer,
            Data{"Service-Bar.stack-B. 600 IN A 10.42.112.12"});
}

TEST(Answers, AnotherTypeIsNodataWithTheSoa) {
  Answers answers;

  for (const char* asked : {"service-foo.stack-a.rancher.internal", "service-foo.stack-a"}) {
    for (const unsigned type : {AAAA, TXT, unsigned{LDNS_RR_TYPE_MX}}) {
      const auto reply = answers.ask_for(client, asked, type);
      EXPECT_EQ(reply.rcode, 0U) << asked;
      EXPECT_TRUE(reply.answer.empty()) << asked;
      ASSERT_EQ(reply.authority.size(), 1U) << asked;
      EXPECT_TRUE(reply.authority[0].starts_with("rancher.internal. ")) << reply.authority[0];
    }
  }
  EXPECT_EQ(answers.ask_for(client, "note.rancher.internal", A).rcode, 0U);
}

TEST(Answers, BelowAnAuthoritativeSuffixNobodyElseIsAsked) {
  Answers answers;

  for (const char* asked : {"nonexisting.rancher.internal", "no-service.no-stack.rancher.internal",
                            "broken.stack-b.rancher.internal"}) {
    const auto reply = answers.ask_for(client, asked);
    EXPECT_EQ(reply.rcode, 3U) << asked;
    EXPECT_TRUE(reply.aa()) << asked;
    EXPECT_EQ(reply.authority.size(), 1U) << asked;
  }
  EXPECT_EQ(answers.ask_for(client, "rancher.internal").rcode, 0U);  // the apex is ours, too
  EXPECT_EQ(answers.ask_for(client, "stack-b.rancher.internal").rcode, 0U);
}

TEST(Answers, CnamesAreFollowedInsideAndLeftToOthersOutside) {
  Answers answers;

  EXPECT_EQ(answers.ask_for(stranger, "alias.stack-b.rancher.internal").answer,
            (Data{"alias.stack-b.rancher.internal. 600 IN CNAME "
                  "service-bar.stack-b.rancher.internal.",
                  "service-bar.stack-b.rancher.internal. 600 IN A 10.42.112.11"}));
  for (const char* asked : {"external-alias-foo.stack-a.rancher.internal", "external-alias-foo",
                            "external-alias-bar.stack-b"}) {
    EXPECT_EQ(answers.data_for(client, asked), Data{"www.example.com."}) << asked;
  }
  EXPECT_NE(answers.ask_for(client, "loop-a.stack-b").rcode, 3U);  // cut short, or SERVFAIL
}

TEST(Answers, ReverseNamesAndNamesOutsideOfEveryZone) {
  Answers answers;

  EXPECT_EQ(answers.data_for(client, "11.112.42.10.in-addr.arpa", PTR),
            Data{"service-bar.stack-b.rancher.internal."});
  EXPECT_EQ(answers.ask_for(stranger, "registry.example.org").answer,
            Data{"registry.example.org. 3000 IN A 192.0.2.7"});
  EXPECT_TRUE(answers.is_forwarded(stranger, "example.org"));
  EXPECT_TRUE(answers.is_forwarded(client, "missing.in-addr.arpa"));
}

TEST(Answers, TheNextFileReplacesAllOfTheLast) {
  Answers answers;

  answers.take("default: {a: {new.rancher.internal.: {answer: [10.42.0.1]}}}");

  EXPECT_EQ(answers.data_for(client, "new.rancher.internal"), Data{"10.42.0.1"});
  EXPECT_EQ(answers.ask_for(client, "service-baz.stack-a.rancher.internal").rcode, 3U);
  EXPECT_TRUE(answers.is_forwarded(client, "db"));
  EXPECT_TRUE(answers.is_forwarded(client, "registry.example.org"));
}

TEST(Answers, WhatCannotBeARecordIsReported) {
  Answers answers;

  const auto problems = answers.problems();

  ASSERT_EQ(problems.size(), 2U);
  EXPECT_EQ(problems[0].subject, "answers:13");
}

}  // namespace
}  // namespace paddock::dnsd
