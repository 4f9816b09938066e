// SPDX-License-Identifier: Apache-2.0
#include "metadatad/measured_store.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

namespace paddock::metadatad {
namespace {

using Status = metadata::WriteResult::Status;

// A store that answers every write with what it was told to.
class AnsweringStore final : public metadata::Store {
 public:
  explicit AnsweringStore(metadata::WriteResult& answer) : answer_(answer) {}
  std::string source() const override { return "answering:"; }
  bool is_writable() const noexcept override { return true; }
  std::shared_ptr<const metadata::Cluster> cluster() const override { return nullptr; }
  std::shared_ptr<const metadata::Cluster> wait(std::uint64_t,
                                                std::chrono::steady_clock::time_point,
                                                std::stop_token) const override {
    return nullptr;
  }
  metadata::Subscription subscribe(std::function<void()>) override { return nullptr; }
  std::optional<std::vector<metadata::Change>> changes_since(std::uint64_t) const override {
    return std::nullopt;
  }
  void submit(metadata::Write, std::function<void(metadata::WriteResult)> done) override {
    done(answer_);
  }
  std::vector<std::string> audit(std::size_t) const override { return {}; }

 private:
  metadata::WriteResult& answer_;
};

class MeasuredStoreTest : public ::testing::Test {
 protected:
  void write(Status status, const std::string& text = "") {
    answer.status = status;
    answer.text = text;
    store.submit({}, [](const metadata::WriteResult&) {});
  }

  metadata::WriteResult answer;
  MeasuredStore store{std::make_unique<AnsweringStore>(answer)};
};

TEST_F(MeasuredStoreTest, CountsWritesByOutcome) {
  write(Status::created);
  write(Status::invalid);
  write(Status::invalid);

  EXPECT_EQ(store.writes(static_cast<std::size_t>(Status::created)), 1U);
  EXPECT_EQ(store.writes(static_cast<std::size_t>(Status::invalid)), 2U);
  EXPECT_EQ(MeasuredStore::name_of(static_cast<std::size_t>(Status::stopping)), "stopping");
}

TEST_F(MeasuredStoreTest, MeasuresAcceptedWritesOnly) {
  write(Status::created);
  write(Status::not_found);
  runtime::MetricsText out;

  out.histogram("t", "Time.", store.latency());

  EXPECT_NE(out.text().find("t_count 1\n"), std::string::npos);
}

TEST_F(MeasuredStoreTest, RemembersTroubleUntilAWriteSucceeds) {
  EXPECT_EQ(store.trouble(), "");

  write(Status::disk_full, "no space below /state");
  write(Status::invalid);
  EXPECT_EQ(store.trouble(), "no space below /state");

  write(Status::changed);
  EXPECT_EQ(store.trouble(), "");
}

}  // namespace
}  // namespace paddock::metadatad
