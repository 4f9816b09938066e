// SPDX-License-Identifier: Apache-2.0
#include "dnsd/probes.hpp"

#include <paddock/metadata/client.hpp>

#include <gtest/gtest.h>

#include <atomic>

namespace paddock::dnsd {
namespace {

class ProbesTest : public ::testing::Test {
 protected:
  static Options options() {
    Options options;
    options.probe_listen = {"127.0.0.1:0"};
    return options;
  }

  runtime::Status status() const {
    runtime::Status status;
    status.ready = ready_;
    if (!ready_) status.problems = {{runtime::Problem::Severity::error, "nothing is known", ""}};
    return status;
  }

  metadata::ClientResponse get(const std::string& path) {
    return metadata::Client("http://127.0.0.1:" + std::to_string(probes_.endpoints().at(0).port))
        .get(path)
        .value();
  }

  std::atomic<bool> ready_{true};
  runtime::Lifecycle lifecycle_;
  Probes probes_{options(), lifecycle_, [this] { return status(); }};
};

TEST_F(ProbesTest, HealthIsOkWhileTheLoopTurns) {
  ready_ = false;

  EXPECT_EQ(get("/health").status, 200);
  EXPECT_EQ(get("/health").body, "OK");
}

TEST_F(ProbesTest, ReadySaysWhatKeepsItFromIt) {
  EXPECT_EQ(get("/ready").body, "OK");

  ready_ = false;

  EXPECT_EQ(get("/ready").status, 503);
  EXPECT_EQ(get("/ready").body, "nothing is known\n");
}

TEST_F(ProbesTest, NothingElseIsShown) {
  for (const char* path : {"/", "/metrics", "/status", "/readyz"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
}

TEST(Probes, AreNowhereUnlessTold) {
  const runtime::Lifecycle lifecycle;

  EXPECT_TRUE(Probes(Options(), lifecycle, {}).endpoints().empty());
}

}  // namespace
}  // namespace paddock::dnsd
