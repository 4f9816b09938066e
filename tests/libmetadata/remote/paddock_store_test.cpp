// SPDX-License-Identifier: Apache-2.0
//
// One metadatad's store behind another's API: over its socket, and over TCP with tokens.
#include "libmetadata/service/memory_store.hpp"
#include "libmetadata/tls_certificates.hpp"
#include "support/happening.hpp"
#include "support/temp_folder.hpp"

#include <paddock/metadata/client.hpp>
#include <paddock/metadata/remote_store.hpp>
#include <paddock/metadata/service.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <future>

namespace paddock::metadata {
namespace {

using std::chrono::milliseconds;
using Status = WriteResult::Status;
using test::becomes_true;

std::shared_ptr<Service> service(const std::string& name, std::int64_t scale = 0) {
  auto made = std::make_shared<Service>();
  made->ns = "shop";
  made->name = name;
  made->uid = "5f0c7b9e-0000-4000-8000-000000000001";
  made->scale = scale;
  return made;
}

Write writing(std::shared_ptr<Object> object) {
  Write write;
  write.key = object->key();
  write.object = std::move(object);
  write.who = "uid=0 gid=0 pid=7";
  return write;
}

class PaddockStoreTest : public ::testing::Test {
 protected:
  PaddockStoreTest() { parent_.begin(); }
  void serve(ApiOptions options = {}) {
    options.http.unix_sockets = {{.path = folder_.file("s"), .mode = 0600, .group = {}}};
    api_ = std::make_unique<ApiService>(parent_, std::move(options));
    api_->start();
  }
  [[nodiscard]] PaddockStoreOptions options(const std::string& folder = "") const {
    PaddockStoreOptions options;
    options.server = "unix:" + folder_.file("s");
    options.longest_retry = milliseconds(100);
    options.save_after = milliseconds(10);
    if (!folder.empty()) options.directory = folder_.path() / folder;
    return options;
  }
  static std::unique_ptr<Store> open(PaddockStoreOptions options) {
    auto store = open_paddock_store(std::move(options));
    EXPECT_TRUE(becomes_true([&] { return store->health().is_connected && store->cluster(); }));
    return store;
  }
  test::TempFolder folder_;
  testing::MemoryStore parent_;
  std::unique_ptr<ApiService> api_;
};

TEST_F(PaddockStoreTest, HasWhatTheParentHasWithItsRevisions) {
  serve();
  const auto revision = parent_.put(service("web"));
  const auto child = open(options());

  ASSERT_TRUE(child->cluster());
  EXPECT_EQ(child->cluster()->revision(), revision);
  EXPECT_EQ(child->cluster()->store(), parent_.cluster()->store());
  EXPECT_EQ(child->cluster()->find<Service>("shop", "web")->revision, revision);
}

TEST_F(PaddockStoreTest, ForwardsWritesAndWaitsUntilItSeesThem) {
  serve();
  const auto child = open(options("state"));
  auto owned = writing(service("web"));
  owned.owner = "one";

  const auto created = child->write(std::move(owned));
  const auto changed = child->write(writing(service("web", 2)));
  auto stale = writing(service("web", 3));
  stale.if_match = created.revision;
  const auto refused = child->write(std::move(stale));
  auto again = writing(service("web"));
  again.only_create = true;
  const auto exists = child->write(std::move(again));
  Write erasing;
  erasing.key = {Kind::service, "shop", "web"};
  const auto gone = child->write(erasing);
  EXPECT_FALSE(child->cluster()->find<Service>("shop", "web"));
  const auto not_there = child->write(erasing);

  EXPECT_EQ(created.status, Status::created) << created.text;
  EXPECT_EQ(changed.status, Status::changed);
  EXPECT_EQ(changed.revision, changed.object->revision);
  EXPECT_EQ(refused.status, Status::precondition_failed);
  EXPECT_EQ(refused.revision, changed.revision);
  EXPECT_EQ(exists.status, Status::precondition_failed);
  EXPECT_EQ(gone.status, Status::deleted);
  EXPECT_EQ(not_there.status, Status::not_found);
  EXPECT_EQ(parent_.owners.front(), "one");
  EXPECT_EQ(child->audit(10).size(), 3U);
}

TEST_F(PaddockStoreTest, ForwardsManyWritesAtOnceButThoseOfOneObjectInTurn) {
  serve();
  const auto child = open(options("state"));
  constexpr std::int64_t each = 3;
  std::int64_t scale = 0;
  const auto write_many = [&] {
    std::vector<std::pair<std::int64_t, std::future<WriteResult>>> answers;
    for (std::int64_t i = 0; i < each; ++i) {
      ++scale;
      for (int object = 0; object < 20; ++object) {
        auto answer = std::make_shared<std::promise<WriteResult>>();
        answers.emplace_back(scale, answer->get_future());
        child->submit(writing(service("s" + std::to_string(object), scale)),
                      [answer](WriteResult result) { answer->set_value(std::move(result)); });
      }
    }
    for (auto& [wanted, answer] : answers) {
      const WriteResult result = answer.get();
      ASSERT_TRUE(result.is_accepted()) << result.text;
      EXPECT_EQ(static_cast<const Service&>(*result.object).scale, wanted);
    }
  };

  // Which of them come together is chance. One connection is the stream's.
  const bool were_at_once = becomes_true([&] {
    write_many();
    return HasFatalFailure() || api_->counters().connections_accepted > 2;
  });

  EXPECT_TRUE(were_at_once);
  for (int object = 0; object < 20; ++object) {
    EXPECT_EQ(parent_.cluster()->find<Service>("shop", "s" + std::to_string(object))->scale, scale);
  }
}

TEST_F(PaddockStoreTest, GoesOnAtAnotherParentWhenOneIsGone) {
  serve();
  ApiOptions same;
  same.http.unix_sockets = {{.path = folder_.file("other"), .mode = 0600, .group = {}}};
  ApiService other(parent_, std::move(same));
  other.start();
  auto two = options();
  two.server = folder_.file("s") + "," + folder_.file("other");
  const auto child = open(std::move(two));
  ASSERT_EQ(child->write(writing(service("web"))).status, Status::created);

  api_.reset();
  const auto meanwhile = parent_.put(service("meanwhile"));

  ASSERT_TRUE(becomes_true([&] {
    const auto known = child->cluster();
    return known->revision() == meanwhile && known->stale_since() == 0;
  }));
  EXPECT_EQ(child->write(writing(service("db"))).status, Status::created);
}

TEST_F(PaddockStoreTest, TellsWhatTheParentFindsWrong) {
  serve();
  const auto child = open(options());
  parent_.refusal = Status::disk_full;

  EXPECT_EQ(child->write(writing(service("web"))).status, Status::disk_full);
  parent_.refusal = Status::invalid;
  EXPECT_EQ(child->write(writing(service("web"))).status, Status::invalid);
}

TEST_F(PaddockStoreTest, ThatOfAParentWhichIsOnlyReadSaysSo) {
  serve();
  const auto child = open(options());
  parent_.refusal = Status::read_only;

  const auto refused = child->write(writing(service("web")));

  EXPECT_EQ(refused.status, Status::read_only);
  EXPECT_NE(refused.text.find("read-only"), std::string::npos) << refused.text;
}

TEST_F(PaddockStoreTest, ServesOnWhileTheParentIsAwayAndAcrossARestart) {
  serve();
  parent_.put(service("web"));
  {
    const auto child = open(options("state"));
    api_.reset();
    ASSERT_TRUE(becomes_true([&] { return child->cluster()->stale_since() != 0; }));
    EXPECT_EQ(child->write(writing(service("db"))).status, Status::unavailable);
  }

  const auto child = open_paddock_store(options("state"));

  ASSERT_TRUE(child->cluster());
  EXPECT_TRUE(child->cluster()->find<Service>("shop", "web"));
  EXPECT_NE(child->cluster()->stale_since(), 0);
  serve();
  EXPECT_TRUE(becomes_true([&] { return child->cluster()->stale_since() == 0; }));
}

TEST_F(PaddockStoreTest, LetsReadersResumeOnlyWhereItHasBeen) {
  serve();
  const auto first = parent_.put(service("web"));
  const auto child = open(options());
  const auto second = parent_.put(service("db"));
  ASSERT_TRUE(becomes_true([&] { return child->cluster()->revision() == second; }));

  const auto changes = child->changes_since(first);
  ASSERT_TRUE(changes);
  ASSERT_EQ(changes->size(), 1U);
  EXPECT_EQ(changes->front().key.name, "db");
  EXPECT_FALSE(child->changes_since(first - 1));
  EXPECT_FALSE(child->changes_since(second + 1));
}

TEST_F(PaddockStoreTest, ShowsATokenOrACertificateToAParentElsewhere) {
  const testing::Certificates authority;
  authority.sign("parent");
  authority.sign("edge-7");
  ApiOptions api;
  api.http.tcp = {{boost::asio::ip::make_address("127.0.0.1"), 0}};
  api.http.tls = {.certificate_file = authority.certificate("parent"),
                  .key_file = authority.key("parent"),
                  .client_ca_file = authority.ca(),
                  .certificate_is_optional = true};
  api.token_file = folder_.write("tokens", "# who may come\nsecret edge\nlook reader read\n");
  serve(std::move(api));
  auto wanted = options();
  wanted.server = "https://127.0.0.1:" + std::to_string(api_->tcp_endpoints().front().port);
  wanted.access.ca_file = authority.ca();
  auto by_token = wanted;
  by_token.access.token_file = folder_.write("token", "secret\n");
  auto by_certificate = wanted;
  by_certificate.access.certificate_file = authority.certificate("edge-7");
  by_certificate.access.key_file = authority.key("edge-7");
  auto by_reading_token = wanted;
  by_reading_token.access.token_file = folder_.write("read-token", "look\n");

  const auto first = open(by_token)->write(writing(service("web")));
  const auto second = open(by_certificate)->write(writing(service("db")));
  const auto third = open(by_reading_token)->write(writing(service("cache")));
  const auto nobody =
      Client(ClientOptions{.server = wanted.server, .access = wanted.access}).get("/v1/cluster");

  EXPECT_EQ(first.status, Status::created) << first.text;
  EXPECT_EQ(second.status, Status::created) << second.text;
  EXPECT_EQ(third.status, Status::read_only);
  ASSERT_TRUE(nobody) << nobody.error().text;
  EXPECT_EQ(nobody->status, 401);
  EXPECT_EQ(nobody->header("www-authenticate"), "Bearer");
  ASSERT_EQ(parent_.writers.size(), 2U);
  EXPECT_NE(parent_.writers[0].find("as=token:edge for uid=0 gid=0 pid=7"), std::string::npos)
      << parent_.writers[0];
  EXPECT_NE(parent_.writers[1].find("as=edge-7 for "), std::string::npos);
}

}  // namespace
}  // namespace paddock::metadata
