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
  explicit Names(const Options& options = {}, const std::vector<dns::Name>& authoritative = {})
      : names_(options, authoritative) {}

  Names& put(std::string_view yaml) {
    const auto documents = metadata::parse_documents(yaml, "test");
    EXPECT_TRUE(documents.problems.empty()) << format(documents.problems.front());
    for (const auto& entry : documents.objects) draft_.put(entry.object);
    return follow();
  }

  Names& start_at(const metadata::Cluster& cluster) {
    draft_ = metadata::Draft(cluster);
    return follow();
  }

  Names& erase(std::string_view key) {
    EXPECT_TRUE(draft_.erase(metadata::parse_key(key).value())) << key;
    return follow();
  }

  Names& take(std::string_view answers) {
    names_.take(parse_answers(answers, "answers", std::chrono::seconds{600}).value());
    return *this;
  }

  void set_reach(Reach reach) { names_.set_reach(std::move(reach)); }

  test::DnsReply ask_for(const char* client, const std::string& name,
                         unsigned type = LDNS_RR_TYPE_A) {
    std::array<std::uint8_t, 4096> reply;
    const auto authority = names_.authority();
    const auto views = names_.views();
    const dns::AnswerContext context{.client = boost::asio::ip::make_address(client),
                                     .views = views.get(),
                                     .is_forwarding = true};
    const auto outcome =
        dns::answer(*authority, test::encode({.name = name, .type = type}), context, reply);
    EXPECT_NE(outcome.action, dns::Action::drop);
    last_action_ = outcome.action;
    return outcome.size == 0 ? test::DnsReply{} : test::decode({reply.data(), outcome.size});
  }

  test::DnsReply ask(const std::string& name, unsigned type = LDNS_RR_TYPE_A) {
    return ask_for("192.0.2.200", name, type);
  }

  // The data of the answer's records, sorted.
  Data data_for(const char* client, const std::string& name, unsigned type = LDNS_RR_TYPE_A) {
    Data data;
    for (const auto& line : ask_for(client, name, type).answer) {
      data.push_back(line.substr(line.rfind(' ') + 1));
    }
    std::ranges::sort(data);
    return data;
  }

  Data data(const std::string& name, unsigned type = LDNS_RR_TYPE_A) {
    return data_for("192.0.2.200", name, type);
  }

  // Whether `name` is put to other resolvers.
  bool is_forwarded(const char* client, const std::string& name) {
    (void)ask_for(client, name);
    return last_action_ == dns::Action::forward;
  }

  std::shared_ptr<const dns::Authority> authority() { return names_.authority(); }
  std::shared_ptr<const dns::Views> views() { return names_.views(); }
  std::vector<dns::UpstreamSet> upstream_sets() const { return names_.upstream_sets(); }

  std::vector<dns::Problem> problems() const { return names_.problems(); }
  const metadata::Cluster& cluster() const { return draft_.cluster(); }

 private:
  Names& follow() {
    names_.follow(draft_.build({}));
    return *this;
  }

  metadata::Draft draft_;
  NamesFromCluster names_;
  dns::Action last_action_{};
};

}  // namespace paddock::dnsd
