// SPDX-License-Identifier: Apache-2.0
//
// Writing to the own node, through the store, against a server that merges patches as far as is
// needed here and can be told to refuse them.
#include "kubernetes/node_writer.hpp"

#include "libmetadata/kubernetes/recording.hpp"
#include "support/happening.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/kubernetes.hpp>

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace paddock::metadata {
namespace {

using kubernetes::Json;
using namespace std::chrono_literals;
using Status = WriteResult::Status;
using test::becomes_true;

std::string answer(int status, const Json& body, const std::string& header = {}) {
  const auto text = body.is_string() ? body.get<std::string>() : body.dump();
  return "HTTP/1.1 " + std::to_string(status) + " Said\r\n" + header +
         "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + text;
}

std::string refusal(int status, const std::string& message) {
  return answer(status, {{"kind", "Status"}, {"code", status}, {"message", message}});
}

// A cluster of one node that is told to whoever watches.
class NodeApi {
 public:
  NodeApi() : server_([this](const test::ApiRequest& request) { return serve(request); }) {}
  ~NodeApi() {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
    changed_.notify_all();
  }

  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] Json node() const {
    const std::scoped_lock lock(mutex_);
    return node_;
  }
  [[nodiscard]] std::vector<test::ApiRequest> patches() const {
    const std::scoped_lock lock(mutex_);
    return patches_;
  }
  // The next patches are answered so, each once.
  void refuse(std::vector<std::string> answers) {
    const std::scoped_lock lock(mutex_);
    refusals_ = std::move(answers);
  }
  // Somebody else writes.
  void merge(const Json& patch) {
    const std::scoped_lock lock(mutex_);
    apply(patch);
  }

 private:
  void apply(const Json& patch) {
    auto merged = patch;
    if (patch.contains("status")) {  // merged by type; there is only one
      node_["status"]["conditions"] = patch["status"]["conditions"];
      merged.erase("status");
    }
    if (merged.contains("metadata")) merged["metadata"].erase("resourceVersion");
    node_.merge_patch(merged);
    node_["metadata"]["resourceVersion"] = std::to_string(++version_);
    changed_.notify_all();
  }

  test::ApiAnswer serve(const test::ApiRequest& request) {
    std::unique_lock lock(mutex_);
    if (request.method == "PATCH")
      return {.pieces = {patch(request)}, .then = test::ApiAnswer::Then::keep};
    const bool is_of_nodes = request.target.starts_with("/api/v1/nodes?");
    std::string lines;
    if (request.target.find("sendInitialEvents") != std::string::npos) {
      if (is_of_nodes) lines = event("ADDED", node_);
      lines += event("BOOKMARK", {{"metadata",
                                   {{"resourceVersion", std::to_string(version_)},
                                    {"annotations", {{"k8s.io/initial-events-end", "true"}}}}}});
    } else if (is_of_nodes) {
      changed_.wait(lock, [&] { return is_ending_ || version_ > told_; });
      lines = event("MODIFIED", node_);
    } else {
      return testing::silent_watch();
    }
    if (is_of_nodes) told_ = version_;
    return testing::answer_with(answer(200, lines));
  }

  std::string patch(const test::ApiRequest& request) {
    patches_.push_back(request);
    if (!refusals_.empty()) {
      const auto said = refusals_.front();
      refusals_.erase(refusals_.begin());
      return said;
    }
    const auto patch = Json::parse(request.body);
    const auto version =
        patch.value(Json::json_pointer("/metadata/resourceVersion"), std::string());
    if (!version.empty() && version != std::to_string(version_)) {
      return refusal(409, "the object has been modified");
    }
    apply(patch);
    return answer(200, node_);
  }

  static std::string event(const char* type, const Json& object) {
    return Json{{"type", type}, {"object", object}}.dump() + "\n";
  }

  mutable std::mutex mutex_;  // connections have threads
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::uint64_t version_ = 7;
  std::uint64_t told_ = 0;
  Json node_ = {{"metadata",
                 {{"name", "node-1"},
                  {"uid", "uid-1"},
                  {"resourceVersion", "7"},
                  {"labels", {{"kubernetes.io/os", "linux"}}}}},
                {"spec", {{"podCIDRs", {"10.42.1.0/24"}}}}};
  std::vector<test::ApiRequest> patches_;
  std::vector<std::string> refusals_;
  test::ApiServer server_;
};

class NodeWriterTest : public ::testing::Test {
 protected:
  NodeWriterTest() : NodeWriterTest(false) {}
  explicit NodeWriterTest(bool cordon) {
    KubernetesStoreOptions options;
    options.server.url = api_.url();
    options.node = "node-1";
    options.directory = folder_.path();
    options.longest_retry = 20ms;
    options.cordon = cordon;
    store_ = open_kubernetes_store(std::move(options));
    EXPECT_TRUE(becomes_true([this] { return host() != nullptr; }));
  }

  std::shared_ptr<const Host> host() const {
    const auto cluster = store_->cluster();
    return cluster ? cluster->find<Host>("node-1") : nullptr;
  }
  // The host as it is known, and this is said of it, too.
  std::shared_ptr<Host> with(std::vector<TextPair> annotations,
                             std::vector<TextPair> labels = {}) const {
    auto wanted = clone(*host());
    annotations.insert(annotations.begin(), wanted->annotations.begin(), wanted->annotations.end());
    labels.insert(labels.begin(), wanted->labels.begin(), wanted->labels.end());
    wanted->annotations = TextMap(std::move(annotations));
    wanted->labels = TextMap(std::move(labels));
    return wanted;
  }
  std::shared_ptr<Host> reached() const {
    return with({{"flannel.alpha.coreos.com/backend-type", "host-gw"},
                 {"flannel.alpha.coreos.com/public-ip", "192.0.2.1"}});
  }
  WriteResult put(std::shared_ptr<Host> wanted) {
    return store_->write({.object = std::move(wanted)});
  }
  // For as long as the server says "not now".
  WriteResult put_patiently(const std::shared_ptr<Host>& wanted) {
    WriteResult result;
    EXPECT_TRUE(becomes_true([&] { return (result = put(wanted)).status != Status::unavailable; }));
    return result;
  }

  test::TempFolder folder_;
  NodeApi api_;
  std::unique_ptr<Store> store_;
};

TEST_F(NodeWriterTest, SaysHowTheNodeIsReachedAndThatItsNetworkIsUp) {
  const auto result = put(reached());

  EXPECT_EQ(result.status, Status::changed) << result.text;
  EXPECT_EQ(*host()->annotations.find("flannel.alpha.coreos.com/public-ip"), "192.0.2.1");
  ASSERT_EQ(api_.patches().size(), 1U);
  const auto patch = api_.patches().front();
  EXPECT_TRUE(patch.target.starts_with("/api/v1/nodes/node-1/status?")) << patch.target;
  EXPECT_NE(patch.head.find("application/strategic-merge-patch+json"), std::string::npos);
  EXPECT_EQ(api_.node()["status"]["conditions"][0]["type"], "NetworkUnavailable");
  EXPECT_EQ(api_.node()["status"]["conditions"][0]["status"], "False");
  EXPECT_EQ(store_->audit(10).size(), 1U);
}

TEST_F(NodeWriterTest, AsksForNothingTwice) {
  EXPECT_EQ(put(reached()).status, Status::changed);

  EXPECT_EQ(put(reached()).status, Status::unchanged);

  EXPECT_EQ(api_.patches().size(), 1U);
}

TEST_F(NodeWriterTest, SaysAgainThatTheNetworkIsUp) {
  EXPECT_EQ(put(reached()).status, Status::changed);

  api_.merge(
      {{"status", {{"conditions", {{{"type", "NetworkUnavailable"}, {"status", "True"}}}}}}});

  EXPECT_TRUE(
      becomes_true([this] { return api_.node()["status"]["conditions"][0]["status"] == "False"; }));
}

TEST_F(NodeWriterTest, LabelsComeAndGoWithTheirMarks) {
  EXPECT_EQ(put(with({}, {{"rack", "7"}})).status, Status::changed);
  EXPECT_EQ(*host()->labels.find("rack"), "7");
  EXPECT_EQ(api_.node()["metadata"]["annotations"]["io.rancher.labels.rack"], "7");

  auto without = clone(*host());
  without->labels = {};
  EXPECT_EQ(put(without).status, Status::changed);

  EXPECT_EQ(api_.node()["metadata"]["labels"], (Json{{"kubernetes.io/os", "linux"}}));
  EXPECT_EQ(api_.node()["metadata"]["annotations"], Json::object());
}

TEST_F(NodeWriterTest, LabelsAreSetOverTheNewestStateOfTheNode) {
  const auto wanted = with({}, {{"rack", "7"}});
  api_.refuse({refusal(409, "the object has been modified")});
  api_.merge({{"metadata", {{"labels", {{"zone", "a"}}}}}});

  const auto result = put(wanted);

  EXPECT_EQ(result.status, Status::changed) << result.text;
  EXPECT_EQ(api_.node()["metadata"]["labels"],
            (Json{{"kubernetes.io/os", "linux"}, {"rack", "7"}, {"zone", "a"}}));
}

TEST_F(NodeWriterTest, WaitsAsLongAsItIsTold) {
  api_.refuse({answer(429, "Too many requests, please try again later.", "Retry-After: 1\r\n")});
  const auto wanted = reached();
  const auto begin = std::chrono::steady_clock::now();

  const auto first = put(wanted);
  EXPECT_EQ(first.status, Status::unavailable);
  EXPECT_NE(first.text.find("429 Too many requests"), std::string::npos) << first.text;
  EXPECT_EQ(put_patiently(wanted).status, Status::changed);

  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_EQ(api_.patches().size(), 2U);
}

TEST_F(NodeWriterTest, TriesAgainWhatIsForbiddenJustAfterAStart) {
  api_.refuse({refusal(403, "clusterrole paddock not found")});
  const auto wanted = reached();

  const auto first = put(wanted);
  EXPECT_EQ(first.status, Status::unavailable);
  EXPECT_NE(first.text.find("rbac.yaml"), std::string::npos) << first.text;

  EXPECT_EQ(put_patiently(wanted).status, Status::changed);
}

TEST_F(NodeWriterTest, PassesOnWhyTheServerWillNeverTakeIt) {
  api_.refuse({refusal(422, "metadata.annotations: Too long")});

  const auto result = put(reached());

  EXPECT_EQ(result.status, Status::invalid);
  EXPECT_NE(result.text.find("Too long"), std::string::npos);
}

TEST_F(NodeWriterTest, HoldsForTheRevisionItIsMeantFor) {
  Write write{.object = reached()};
  write.if_match = host()->revision + 1;

  EXPECT_EQ(store_->write(std::move(write)).status, Status::precondition_failed);
  EXPECT_TRUE(api_.patches().empty());
}

class CordonTest : public NodeWriterTest {
 protected:
  CordonTest() : NodeWriterTest(true) {}

  std::shared_ptr<Host> in_state(const char* state) const {
    auto wanted = clone(*host());
    wanted->state = Text(state);
    return wanted;
  }
  bool is_marked() const {
    return api_.node()["metadata"].value("annotations", Json()).contains("paddock.io/cordoned");
  }
};

TEST_F(CordonTest, ComesAndGoesWithTheStateOfTheHost) {
  EXPECT_EQ(put(in_state("inactive")).status, Status::changed);
  EXPECT_EQ(host()->state, "inactive");
  EXPECT_EQ(api_.node()["spec"]["unschedulable"], true);
  EXPECT_TRUE(is_marked());
  EXPECT_EQ(put(in_state("inactive")).status, Status::unchanged);

  EXPECT_EQ(put(in_state("active")).status, Status::changed);

  EXPECT_NE(host()->state, "inactive");
  EXPECT_FALSE(api_.node()["spec"].contains("unschedulable"));
  EXPECT_FALSE(is_marked());
  for (const auto& patch : api_.patches()) {
    EXPECT_TRUE(patch.target.starts_with("/api/v1/nodes/node-1?")) << patch.target;
    EXPECT_TRUE(Json::parse(patch.body)["metadata"].contains("resourceVersion"));
  }
}

TEST_F(CordonTest, OfSomebodyElseStays) {
  api_.merge({{"spec", {{"unschedulable", true}}}});
  ASSERT_TRUE(becomes_true([this] { return host()->state == "inactive"; }));

  EXPECT_EQ(put(in_state("active")).status, Status::unchanged);

  EXPECT_EQ(api_.node()["spec"]["unschedulable"], true);
  EXPECT_TRUE(api_.patches().empty());
}

TEST_F(CordonTest, IsForgottenOnceSomebodyElseHasLiftedIt) {
  EXPECT_EQ(put(in_state("inactive")).status, Status::changed);

  api_.merge({{"spec", {{"unschedulable", nullptr}}}});

  EXPECT_TRUE(becomes_true([this] { return !is_marked(); }));
}

TEST_F(CordonTest, GoesWithWhatElseIsSaidOfTheNode) {
  auto wanted = reached();
  wanted->state = Text("inactive");

  EXPECT_EQ(put(wanted).status, Status::changed);

  EXPECT_EQ(api_.node()["spec"]["unschedulable"], true);
  EXPECT_TRUE(becomes_true([this] { return api_.node().contains("status"); }))
      << "its network is up";
}

TEST_F(NodeWriterTest, RefusesAllElse) {
  auto moved = clone(*host());
  moved->addresses = {boost::asio::ip::make_address("192.0.2.9")};
  auto other = clone(*host());
  other->name = "node-2";

  EXPECT_EQ(put(moved).status, Status::read_only);
  EXPECT_EQ(put(other).status, Status::read_only);
  EXPECT_EQ(store_->write({.key = {Kind::host, "", "node-1"}}).status, Status::read_only);
  EXPECT_TRUE(api_.patches().empty());
}

}  // namespace
}  // namespace paddock::metadata
