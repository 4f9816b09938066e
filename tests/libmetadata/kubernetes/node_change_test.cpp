// SPDX-License-Identifier: Apache-2.0
#include "kubernetes/node_change.hpp"

#include "kubernetes/objects.hpp"

#include <gtest/gtest.h>

namespace paddock::metadata::kubernetes {
namespace {

constexpr auto mac = R"({"VNI":1,"VtepMAC":"02:00:00:00:00:01"})";

Host known() {
  Host host;
  host.name = "node-1";
  host.uid = "uid-of-node-1";
  host.addresses = {boost::asio::ip::make_address("192.0.2.1")};
  host.labels = {{"kubernetes.io/os", "linux"}, {"rack", "7"}};
  host.annotations = {{"io.rancher.labels.rack", "7"}, {"volumes", "attached"}};
  host.revision = 5;
  return host;
}

Host reached(Host host, std::initializer_list<TextPair> more) {
  std::vector<TextPair> pairs(host.annotations.begin(), host.annotations.end());
  pairs.insert(pairs.end(), more.begin(), more.end());
  host.annotations = TextMap(std::move(pairs));
  return host;
}

Host labelled(Host host, std::initializer_list<TextPair> labels) {
  host.labels = TextMap(labels);
  return host;
}

TEST(NodeChange, IsNoneWhenNothingIsAskedFor) {
  EXPECT_TRUE(node_change(known(), known()).value().empty());
  Host named;
  named.name = "node-1";
  named.labels = {{"rack", "7"}};
  EXPECT_TRUE(node_change(known(), named).value().empty()) << "what is absent stays";
}

TEST(NodeChange, SaysHowTheNodeIsReached) {
  const auto wanted = reached(known(), {{"flannel.alpha.coreos.com/backend-type", "vxlan"},
                                        {"flannel.alpha.coreos.com/backend-data", mac}});

  const auto change = node_change(known(), wanted).value();

  EXPECT_TRUE(announces_network(wanted));
  EXPECT_FALSE(announces_network(known()));
  EXPECT_EQ(change.annotations.at("flannel.alpha.coreos.com/backend-type"), "vxlan");
  EXPECT_EQ(change.annotations.at("flannel.alpha.coreos.com/backend-data"), mac);
  EXPECT_EQ(change.annotations.size(), 2U);
}

TEST(NodeChange, TakesBackWhatWasSaidOfAnotherFamily) {
  const auto before = reached(known(), {{"paddock.io/backend-type", "vxlan"},
                                        {"paddock.io/backend-v6-data", mac},
                                        {"paddock.io/public-ip-overwrite", "203.0.113.9"},
                                        {"flannel.alpha.coreos.com/public-ipv6", "2001:db8::1"}});
  const auto wanted = reached(known(), {{"paddock.io/backend-type", "host-gw"}});

  const auto change = node_change(before, wanted).value();

  EXPECT_EQ(change.annotations.at("paddock.io/backend-type"), "host-gw");
  EXPECT_EQ(change.annotations.at("paddock.io/backend-v6-data"), std::nullopt);
  EXPECT_EQ(change.annotations.size(), 2U) << "another prefix, and the administrator's, stay";
}

TEST(NodeChange, MarksTheLabelsThatItSets) {
  const auto change = node_change(known(), labelled(known(), {{"rack", "7"},
                                                              {"example.com/tier", "front"},
                                                              {"kubernetes.io/os", "linux"}}))
                          .value();

  EXPECT_EQ(change.labels, (NodeChange::Pairs{{"example.com/tier", "front"}}));
  EXPECT_EQ(change.annotations,
            (NodeChange::Pairs{{"io.rancher.labels.example.com/tier", "front"}}));
}

TEST(NodeChange, RemovesLabelsWithTheirMarks) {
  const auto change = node_change(known(), labelled(known(), {})).value();

  EXPECT_EQ(change.labels, (NodeChange::Pairs{{"rack", std::nullopt}})) << "the others' stay";
  EXPECT_EQ(change.annotations, (NodeChange::Pairs{{"io.rancher.labels.rack", std::nullopt}}));
}

TEST(NodeChange, IsRefusedForWhatOthersSay) {
  auto moved = known();
  moved.addresses = {boost::asio::ip::make_address("192.0.2.9")};
  EXPECT_NE(node_change(known(), moved).error().text.find("addresses"), std::string::npos);
  EXPECT_NE(
      node_change(known(), reached(known(), {{"volumes", "none"}})).error().text.find("volumes"),
      std::string::npos);
  const auto other = node_change(known(), labelled(known(), {{"kubernetes.io/os", "plan9"}}));
  EXPECT_NE(other.error().text.find("kubernetes.io/os"), std::string::npos);
}

TEST(NodeChange, IsRefusedForLabelsThatKubernetesDoesNotTake) {
  for (const TextPair& label :
       {TextPair{"a b", "c"}, TextPair{"tier", "two words"}, TextPair{"tier", std::string(64, 'x')},
        TextPair{"/tier", "x"}, TextPair{std::string(50, 'k'), "too long for its mark"}}) {
    const auto change = node_change(known(), labelled(known(), {label}));
    ASSERT_FALSE(change) << label.key.view();
    EXPECT_EQ(change.error().code, boost::system::errc::invalid_argument);
  }
}

Host in_state(Host host, const char* state) {
  host.state = Text(state);
  return host;
}

TEST(NodeCordon, FollowsTheStateOfTheHostWhereItIsAskedTo) {
  const auto change = node_change(known(), in_state(known(), "inactive"), Cordon::follows).value();

  EXPECT_EQ(change.is_cordoned, true);
  EXPECT_EQ(change.annotations, (NodeChange::Pairs{{"paddock.io/cordoned", "true"}}));
  EXPECT_FALSE(node_change(known(), in_state(known(), "inactive"))) << "it is not asked to";
  EXPECT_TRUE(node_change(known(), in_state(known(), "active"), Cordon::follows).value().empty());
  EXPECT_FALSE(node_change(known(), in_state(known(), "resting"), Cordon::follows));
}

TEST(NodeCordon, IsLiftedByWhomItIsOf) {
  const auto cordoned = in_state(known(), "inactive");
  const auto ours = reached(cordoned, {{"paddock.io/cordoned", "true"}});

  const auto change = node_change(ours, in_state(ours, "active"), Cordon::follows).value();

  EXPECT_EQ(change.is_cordoned, false);
  EXPECT_EQ(change.annotations, (NodeChange::Pairs{{"paddock.io/cordoned", std::nullopt}}));
  EXPECT_TRUE(node_change(cordoned, in_state(cordoned, ""), Cordon::follows).value().empty())
      << "somebody else's stays";
  EXPECT_TRUE(node_change(ours, ours, Cordon::follows).value().empty());
}

TEST(NodeCordon, IsNoLongerOursOnceSomebodyHasLiftedIt) {
  const auto marked = reached(known(), {{"paddock.io/cordoned", "true"}});

  EXPECT_TRUE(has_stale_cordon_mark(marked));
  EXPECT_FALSE(has_stale_cordon_mark(in_state(marked, "inactive")));
  EXPECT_FALSE(has_stale_cordon_mark(known()));
}

TEST(NodePatch, MergesIntoWhatOthersWrote) {
  NodeChange change;
  change.annotations = {{"paddock.io/backend-type", "vxlan"},
                        {"paddock.io/public-ipv6", std::nullopt}};
  change.network_is_up = true;

  const auto patch = Json::parse(format_patch(change, "", 1'795'000'000'123));

  EXPECT_EQ(patch["metadata"]["annotations"],
            (Json{{"paddock.io/backend-type", "vxlan"}, {"paddock.io/public-ipv6", nullptr}}));
  EXPECT_FALSE(patch["metadata"].contains("resourceVersion"));
  EXPECT_FALSE(patch.contains("spec"));
  const auto& condition = patch["status"]["conditions"][0];
  EXPECT_EQ(condition["type"], "NetworkUnavailable");
  EXPECT_EQ(condition["status"], "False");
  EXPECT_EQ(condition["reason"], "FlannelIsUp");
  EXPECT_EQ(condition["lastTransitionTime"], "2026-11-18T11:06:40Z");
}

TEST(NodePatch, HoldsForOneVersionWhereThatMatters) {
  NodeChange change;
  change.labels = {{"rack", "7"}};

  const auto patch = Json::parse(format_patch(change, "4711", 0));

  EXPECT_EQ(patch["metadata"]["resourceVersion"], "4711");
  EXPECT_FALSE(patch.contains("status"));
}

TEST(NodePatch, OfACordonIsOneOfTheSpecAlone) {
  NodeChange change;
  change.network_is_up = true;
  change.is_cordoned = true;
  EXPECT_EQ(Json::parse(format_patch(change, "", 0)), (Json{{"spec", {{"unschedulable", true}}}}));

  change.is_cordoned = false;
  EXPECT_EQ(Json::parse(format_patch(change, "", 0)),
            (Json{{"spec", {{"unschedulable", nullptr}}}}));
}

TEST(NodeFacts, SayWhetherTheNetworkIsUp) {
  const auto facts = [](const char* status) {
    return read_node_facts(Json{{"metadata", {{"resourceVersion", "12"}}},
                                {"status",
                                 {{"conditions",
                                   {{{"type", "Ready"}, {"status", "False"}},
                                    {{"type", "NetworkUnavailable"}, {"status", status}}}}}}});
  };
  EXPECT_TRUE(facts("False").has_network);
  EXPECT_FALSE(facts("True").has_network);
  EXPECT_FALSE(facts("Unknown").has_network);
  EXPECT_FALSE(read_node_facts(Json::object()).has_network);
  EXPECT_EQ(facts("True").version, "12");
  EXPECT_EQ(version_of(Json{{"metadata", {{"resourceVersion", "12"}}}}), 12U);
}

}  // namespace
}  // namespace paddock::metadata::kubernetes
