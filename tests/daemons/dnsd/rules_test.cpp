// SPDX-License-Identifier: Apache-2.0
#include "dnsd/rules.hpp"

#include "dnsd/coredns_metrics.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

namespace paddock::dnsd {
namespace {

TEST(ReadRules, JoinsTheOptionsAndTheirFiles) {
  const test::TempFolder folder;
  Options options;
  options.hosts = {"10.0.0.1 a.example"};
  options.hosts_files = {folder.write("hosts", "127.0.0.1 localhost\n10.0.0.2 b.example\n")};
  options.block = {"bad.example"};
  options.block_files = {folder.write("ads", "# ads\nads.example\n0.0.0.0 more.example\n")};
  options.block_types = {"AAAA", "type65"};
  options.rewrite = {"exact a b"};
  options.dns64 = "64:ff9b::/96";

  const auto rules = read_rules(options).value();

  EXPECT_EQ(rules.hosts.size(), 3U);
  EXPECT_EQ(rules.blocked.size(), 3U);
  EXPECT_EQ(rules.blocked_types, (std::vector{dns::Type::aaaa, dns::Type::https}));
  EXPECT_EQ(rules.rewrites.size(), 1U);
  EXPECT_TRUE(rules.dns64.has_value());
}

TEST(ReadRules, NamesTheFileAndTheLineThatIsWrong) {
  const test::TempFolder folder;
  Options options;
  options.hosts_files = {folder.write("hosts", "10.0.0.2 b.example\nb.example 10.0.0.2\n")};

  const auto rules = read_rules(options);

  ASSERT_FALSE(rules);
  EXPECT_NE(rules.error().text.find("hosts:2: "), std::string::npos) << rules.error().text;
}

TEST(ReadRules, AMissingFileIsAFailureThatNamesIt) {
  Options options;
  options.block_files = {"/nowhere/ads"};

  const auto rules = read_rules(options);

  ASSERT_FALSE(rules);
  EXPECT_NE(rules.error().text.find("/nowhere/ads"), std::string::npos);
}

TEST(CorednsMetrics, HaveTheNamesDashboardsReadAndTheirLabels) {
  dns::Counters counters;
  counters.queries[0][0][0] = 3;
  counters.responses[3] = 2;
  counters.cache_hits = 5;
  counters.dnssec_ok = 6;
  counters.query_sizes[0].counts[1] = 8;
  counters.query_sizes[0].sum = 960;
  counters.response_sizes[1].counts[4] = 9;
  counters.upstreams.push_back(
      {.upstream = dns::parse_upstream("192.0.2.1").value(), .failures = 4});
  counters.upstreams[0].latency.counts[3] = 7;
  runtime::MetricsText out;

  write_coredns_metrics(counters, ChangeDelays(), out);

  const auto& text = out.text();
  for (const char* line :
       {"coredns_dns_requests_total{server=\"dns://:53\",zone=\".\",view=\"\",proto=\"udp\","
        "family=\"1\",type=\"A\"} 3\n",
        "rcode=\"NXDOMAIN\",plugin=\"\"} 2\n", "coredns_cache_hits_total{",
        "coredns_dns_request_duration_seconds_bucket{server=\"dns://:53\",zone=\".\",view=\"\",le=",
        "coredns_panics_total 0\n",
        "coredns_dns_do_requests_total{server=\"dns://:53\",zone=\".\",view=\"\"} 6\n",
        "coredns_dns_request_size_bytes_bucket{server=\"dns://:53\",zone=\".\",view=\"\","
        "proto=\"udp\",le=\"200\"} 8\n",
        "coredns_dns_request_size_bytes_sum{server=\"dns://:53\",zone=\".\",view=\"\","
        "proto=\"udp\"} 960\n",
        "coredns_dns_response_size_bytes_bucket{server=\"dns://:53\",zone=\".\",view=\"\","
        "proto=\"tcp\",le=\"511\"} 9\n",
        "coredns_proxy_request_duration_seconds_count{proxy_name=\"forward\",to=\"192.0.2.1:53\"} "
        "7\n",
        "coredns_proxy_request_duration_seconds_bucket{proxy_name=\"forward\",to=\"192.0.2.1:53\","
        "le="
        "\"+Inf\"} 7\n",
        "coredns_proxy_healthcheck_failures_total{proxy_name=\"forward\",to=\"192.0.2.1:53\"} "
        "4\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

TEST(ReadRules, FolderIsNoFile) {
  Options options;
  options.block_files = {"/etc"};

  const auto rules = read_rules(options);

  ASSERT_FALSE(rules);
  EXPECT_EQ(rules.error().text, "cannot read /etc: Is a directory");
}

}  // namespace
}  // namespace paddock::dnsd
