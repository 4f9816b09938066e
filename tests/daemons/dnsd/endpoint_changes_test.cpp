// SPDX-License-Identifier: Apache-2.0
//
// A service of many endpoints of which few change at a time, so that these are named by themselves.
#include "daemons/dnsd/names.hpp"

#include <random>
#include <set>

namespace paddock::dnsd {
namespace {

struct Question {
  std::string name;
  unsigned type = LDNS_RR_TYPE_A;
};

// The answer's records are sorted. Nothing where other resolvers are asked.
test::DnsReply ask(const dns::Authority& authority, const Question& question) {
  std::array<std::uint8_t, 65535> bytes;
  const auto query = test::encode({.name = question.name, .type = question.type});
  const auto outcome = dns::answer(
      authority, query, {.transport = dns::Transport::tcp, .is_forwarding = true}, bytes);
  if (outcome.action == dns::Action::forward) return {};
  auto reply = test::decode({bytes.data(), outcome.size});
  std::ranges::sort(reply.answer);
  return reply;
}

class EndpointChanges : public testing::Test {
 protected:
  static constexpr unsigned most = 80;

  EndpointChanges() {
    names_.put("{kind: Service, namespace: shop, name: alias, targets: [shop/db]}");
    for (unsigned number = 0; number < most * 3 / 4; ++number) there_.insert(number);
  }

  unsigned one_of(unsigned limit) { return static_cast<unsigned>(random_() % limit); }

  void put_service(const std::string& attributes) {
    names_.put("{kind: Service, namespace: shop, name: db" + attributes + "}");
  }

  void one_comes_or_goes() {
    const unsigned number = one_of(most);
    if (there_.erase(number) == 0) there_.insert(number);
  }

  // Endpoints with even numbers are in one slice, the others in another.
  void put_slices(const std::string& attributes, bool has_host_name) {
    for (const unsigned slice : {0U, 1U}) {
      std::string text = "kind: Endpoints\nnamespace: shop\nservice: db\nname: db-" +
                         std::to_string(slice) + "\n" + attributes + "\nendpoints:\n";
      for (const unsigned number : there_) {
        if (number % 2 != slice) continue;
        text += "  - {addresses: [10.42.0." + std::to_string(number) +
                (has_host_name && number < 2 ? "], hostname: first}\n" : "]}\n");
      }
      names_.put(text);
    }
  }

  void reach(const char* part) {
    reach_ = Reach({*metadata::parse_prefix("10.42.0.0/24")}, {*metadata::parse_prefix(part)});
    names_.set_reach(reach_);
  }

  // Names that start at the cluster as it is answer everything alike.
  void expect_as_a_fresh_start() {
    NamesFromCluster fresh{Options{}};
    fresh.set_reach(reach_);
    fresh.follow(metadata::Draft(names_.cluster()).build({}));
    for (const auto& question : questions()) {
      const auto expected = ask(*fresh.authority(), question);
      const auto got = ask(*names_.authority(), question);
      ASSERT_EQ(got.rcode, expected.rcode) << question.name;
      ASSERT_EQ(got.answer, expected.answer) << question.name;
    }
  }

  static std::vector<Question> questions() {
    std::vector<Question> all{{"db.shop.svc.cluster.local"},
                              {"db.shop.rancher.internal"},
                              {"alias.shop.rancher.internal"},
                              {"first.db.shop.svc.cluster.local"},
                              {"db.shop.svc.cluster.local", LDNS_RR_TYPE_SRV},
                              {"_sql._tcp.db.shop.svc.cluster.local", LDNS_RR_TYPE_SRV}};
    for (unsigned number = 0; number < most; ++number) {
      const auto text = std::to_string(number);
      all.push_back({"10-42-0-" + text + ".db.shop.svc.cluster.local"});
      all.push_back({text + ".0.42.10.in-addr.arpa", LDNS_RR_TYPE_PTR});
    }
    return all;
  }

  Names names_;

 private:
  std::mt19937 random_{3};
  std::set<unsigned> there_;
  Reach reach_;
};

TEST_F(EndpointChanges, EndWhereAFreshStartDoes) {
  const std::vector<std::string> kinds{"", ", ports: [{name: sql, port: 5432}]",
                                       ", cluster_ips: [10.43.0.9]", ", publish_not_ready: true"};
  const std::vector<std::string> attributes{"labels: {a: b}", "ports: [{name: sql, port: 5432}]",
                                            "ports: [{name: sql, port: 5433}]"};
  std::string slice_attributes = attributes.front();
  put_service("");

  for (int round = 0; round < 200; ++round) {
    for (unsigned changes = one_of(4); changes > 0; --changes) one_comes_or_goes();
    if (one_of(8) == 0) put_service(kinds[one_of(4)]);
    if (one_of(8) == 0) slice_attributes = attributes[one_of(3)];
    if (one_of(8) == 0) reach(one_of(2) == 0 ? "10.42.0.0/26" : "10.42.0.0/24");
    put_slices(slice_attributes, one_of(8) == 0);
    expect_as_a_fresh_start();
    ASSERT_FALSE(HasFatalFailure()) << "in round " << round;
  }
}

}  // namespace
}  // namespace paddock::dnsd
