// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/client.hpp>
#include <paddock/metadata/service.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

namespace paddock::metadata {
namespace {

class ReloadTest : public ::testing::Test {
 protected:
  void serve(Reload reload) {
    HttpOptions http;
    http.tcp = {{boost::asio::ip::make_address("127.0.0.1"), 0}};
    service_ = std::make_unique<ReloadService>(std::move(http), std::move(reload));
    service_->start();
  }
  [[nodiscard]] ClientResponse send(const std::string& method, const std::string& target) const {
    Client client("http://127.0.0.1:" + std::to_string(service_->tcp_endpoints().at(0).port));
    auto response = client.send({.method = method, .target = target});
    EXPECT_TRUE(response) << response.error().text;
    return response ? *response : ClientResponse{};
  }
  std::unique_ptr<ReloadService> service_;
};

TEST_F(ReloadTest, SaysOkOrWhyNot) {
  Result<void> outcome;
  serve([&outcome](const ReloadAnswer& answer) { answer(outcome); });

  const auto good = send("POST", "/v1/reload");
  outcome = Error{{}, "answers.yaml:3: broken"};
  const auto bad = send("POST", "/v1/reload");

  EXPECT_EQ(good.status, 200);
  EXPECT_EQ(good.body, "OK");
  EXPECT_EQ(bad.status, 500);
  EXPECT_EQ(bad.body, "answers.yaml:3: broken");
}

TEST_F(ReloadTest, AnswersWhenTheFilesHaveBeenRead) {
  std::jthread reading;
  serve([&reading](ReloadAnswer answer) {
    reading = std::jthread([answer = std::move(answer)] { answer({}); });
  });

  EXPECT_EQ(send("POST", "/v1/reload").body, "OK");
}

TEST_F(ReloadTest, AnAnswerMayComeAfterTheEnd) {
  std::mutex mutex;
  ReloadAnswer late;
  serve([&](ReloadAnswer answer) {
    const std::scoped_lock lock(mutex);
    late = std::move(answer);
  });
  std::jthread client([this] { EXPECT_EQ(send("POST", "/v1/reload").status, 503); });
  for (bool is_asked = false; !is_asked; std::this_thread::yield()) {
    const std::scoped_lock lock(mutex);
    is_asked = late != nullptr;
  }

  service_->stop(std::chrono::milliseconds(500));
  client.join();
  service_.reset();

  late({});
}

TEST_F(ReloadTest, TakesNothingElse) {
  serve([](const ReloadAnswer& answer) { answer({}); });

  EXPECT_EQ(send("GET", "/v1/reload").status, 405);
  EXPECT_EQ(send("GET", "/v1/reload").header("allow"), "POST");
  EXPECT_EQ(send("POST", "/latest").status, 404);
}

}  // namespace
}  // namespace paddock::metadata
