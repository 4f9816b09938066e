// SPDX-License-Identifier: Apache-2.0
//
// Tests of dnsd's names: clusters in YAML in, answers out.
#pragma once

#include "dnsd/names_from_cluster.hpp"
#include "dnsd/options.hpp"
#include "support/dns_query.hpp"

#include <paddock/dns/answer.hpp>
#include <paddock/metadata/codec.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace paddock::dnsd {

using Data = std::vector<std::string>;

// A cluster written as YAML, its names, and what a query for one of them brings.
class Names {
 public:
  explicit Names(const Options& options = {}) : names_(options) {}

  Names& put(std::string_view yaml) {
    const auto documents = metadata::parse_documents(yaml, "test");
    EXPECT_TRUE(documents.problems.empty()) << format(documents.problems.front());
    for (const auto& entry : documents.objects) draft_.put(entry.object);
    return follow();
  }

  Names& erase(std::string_view key) {
    EXPECT_TRUE(draft_.erase(metadata::parse_key(key).value())) << key;
    return follow();
  }

  test::DnsReply ask(const std::string& name, unsigned type = LDNS_RR_TYPE_A) {
    std::array<std::uint8_t, 4096> reply;
    const auto authority = names_.authority();
    const auto outcome = dns::answer(*authority, test::encode({.name = name, .type = type}),
                                     {.is_forwarding = true}, reply);
    EXPECT_NE(outcome.action, dns::Action::drop);
    return test::decode({reply.data(), outcome.size});
  }

  // The data of the answer's records, sorted.
  std::vector<std::string> data(const std::string& name, unsigned type = LDNS_RR_TYPE_A) {
    std::vector<std::string> data;
    for (const auto& line : ask(name, type).answer) {
      data.push_back(line.substr(line.rfind(' ') + 1));
    }
    std::ranges::sort(data);
    return data;
  }

  std::vector<dns::Problem> problems() const { return names_.problems(); }
  const metadata::Cluster& cluster() const { return draft_.cluster(); }

 private:
  Names& follow() {
    names_.follow(draft_.build({}));
    return *this;
  }

  metadata::Draft draft_;
  NamesFromCluster names_;
};

}  // namespace paddock::dnsd
