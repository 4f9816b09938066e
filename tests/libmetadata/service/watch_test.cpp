// SPDX-License-Identifier: Apache-2.0
//
// The stream, /v1/cluster?watch=true.
#include "libmetadata/service/served_api.hpp"

#include <paddock/metadata/codec.hpp>

#include <vector>

namespace paddock::metadata {
namespace {

using testing::host;
using testing::SocketClient;

class StreamTest : public testing::ServedApi {
 protected:
  // Far more than socket buffers hold: the same few objects, over and over.
  void write_much(int rounds, int objects = 20) {
    for (int round = 0; round < rounds; ++round) {
      auto large = host("h" + std::to_string(round % objects));
      large->annotations = {{"text", std::to_string(round) + std::string(3000, 'z')}};
      store_.put(std::move(large));
    }
  }
};

TEST_F(StreamTest, StreamsTheStateThenChangesWithBookmarks) {
  store_.put(host("one"));
  store_.put(host("two"));

  auto reader = watch();
  const std::string initial = chunk(reader);
  store_.put(host("three"));
  const std::string added = chunk(reader);
  store_.erase({Kind::host, "", "one"});
  const std::string removed = chunk(reader);

  EXPECT_NE(head_.find("application/x-ndjson"), std::string::npos);
  const auto bookmark = [](int revision) {
    return "{\"type\":\"bookmark\",\"revision\":" + std::to_string(revision) +
           ",\"store\":\"store-1\",\"stale_since\":0}\n";
  };
  const auto cluster = store_.cluster();
  EXPECT_TRUE(initial.starts_with("{\"type\":\"put\",\"revision\":1,")) << initial;
  EXPECT_TRUE(initial.ends_with(bookmark(2))) << initial;
  EXPECT_EQ(added, encode_put(*cluster->find<Host>("three")) + bookmark(3));
  EXPECT_EQ(removed, encode_delete({Kind::host, "", "one"}, 4) + bookmark(4));
}

TEST_F(StreamTest, ResumesBehindARevision) {
  store_.put(host("one"));
  store_.put(host("two"));
  store_.put(host("three"));
  store_.erase({Kind::host, "", "one"});

  auto reader = watch("&since=2&store=store-1");
  const std::string missed = chunk(reader);
  auto current = watch("&since=4&store=store-1");
  const std::string nothing = chunk(current);

  EXPECT_TRUE(missed.starts_with("{\"type\":\"bookmark\",\"revision\":2,")) << missed;
  EXPECT_NE(missed.find("\"three\""), std::string::npos);
  EXPECT_EQ(missed.find("\"two\""), std::string::npos);
  EXPECT_NE(missed.find(encode_delete({Kind::host, "", "one"}, 4)), std::string::npos);
  EXPECT_TRUE(missed.ends_with("\"revision\":4,\"store\":\"store-1\",\"stale_since\":0}\n"));
  EXPECT_EQ(nothing,
            "{\"type\":\"bookmark\",\"revision\":4,\"store\":\"store-1\",\"stale_since\":0}\n");
}

TEST_F(StreamTest, SaysGoneWhenItCannotResume) {
  store_.history = 1;
  store_.put(host("one"));
  store_.put(host("two"));
  store_.put(host("three"));

  EXPECT_EQ(send("GET", "/v1/cluster?watch=true&since=1&store=store-1").status, 410);
  EXPECT_EQ(send("GET", "/v1/cluster?watch=true&since=3&store=other").status, 410);
  EXPECT_EQ(send("GET", "/v1/cluster?watch=true&since=99&store=store-1").status, 410);
  EXPECT_EQ(send("GET", "/v1/cluster?watch=true&since=3").status, 400);
  EXPECT_EQ(send("GET", "/v1/cluster?watch=true&since=x&store=store-1").status, 400);
  EXPECT_EQ(send("GET", "/v1/cluster?watch=true&heartbeat=0").status, 400);
  EXPECT_EQ(send("GET", "/v1/cluster?watch=maybe").status, 400);
}

TEST_F(StreamTest, TellsAReaderOfNamesOnlyWhatNamesAreMadeOf) {
  auto pod = testing::pod("shop", "web-1");
  pod->labels = {{"app", "web"}};
  store_.put(host("one"));
  store_.put(pod);

  auto reader = watch("&part=names");
  const std::string initial = chunk(reader);
  auto relabelled = clone(*pod);
  relabelled->labels = {{"app", "shop"}};
  store_.put(relabelled);
  const std::string nothing = chunk(reader);
  auto moved = clone(*relabelled);
  moved->addresses = {boost::asio::ip::make_address("10.42.0.7")};
  store_.put(moved);
  const std::string changed = chunk(reader);
  store_.erase({Kind::host, "", "one"});
  const std::string no_host = chunk(reader);
  store_.erase(pod->key());
  const std::string removed = chunk(reader);

  EXPECT_EQ(initial.find("\"Host\""), std::string::npos) << initial;
  EXPECT_NE(initial.find("\"web-1\""), std::string::npos) << initial;
  EXPECT_EQ(initial.find("labels"), std::string::npos) << initial;
  EXPECT_TRUE(nothing.starts_with("{\"type\":\"bookmark\",\"revision\":3,")) << nothing;
  EXPECT_NE(changed.find("10.42.0.7"), std::string::npos) << changed;
  EXPECT_EQ(changed.find("labels"), std::string::npos) << changed;
  EXPECT_TRUE(no_host.starts_with("{\"type\":\"bookmark\",\"revision\":5,")) << no_host;
  EXPECT_TRUE(removed.starts_with(encode_delete(pod->key(), 6))) << removed;
}

TEST_F(StreamTest, ResumesForAReaderOfNames) {
  auto pod = testing::pod("shop", "web-1");
  pod->labels = {{"app", "web"}};
  store_.put(host("one"));
  store_.put(pod);
  store_.put(host("two"));

  auto reader = watch("&part=names&since=1&store=store-1");
  const std::string missed = chunk(reader);

  EXPECT_NE(missed.find("\"web-1\""), std::string::npos) << missed;
  EXPECT_EQ(missed.find("labels"), std::string::npos) << missed;
  EXPECT_EQ(missed.find("\"Host\""), std::string::npos) << missed;
  EXPECT_EQ(send("GET", "/v1/cluster?watch=true&part=half").status, 400);
}

TEST_F(StreamTest, SendsHeartbeatsIntoSilence) {
  auto reader = watch("&heartbeat=1");
  (void)chunk(reader);

  EXPECT_EQ(chunk(reader), "{\"type\":\"heartbeat\",\"revision\":0,\"stale_since\":0}\n");
}

TEST_F(StreamTest, TellsHundredsOfReadersTheSame) {
  std::vector<SocketClient> readers;
  for (int i = 0; i < 200; ++i) {
    readers.push_back(watch());
    (void)chunk(readers.back());
  }

  store_.put(host("one"));

  const std::string expected = chunk(readers.front());
  EXPECT_NE(expected.find("\"one\""), std::string::npos);
  for (std::size_t i = 1; i < readers.size(); ++i) ASSERT_EQ(chunk(readers[i]), expected);
}

TEST_F(StreamTest, BringsASlowReaderToTheNewestStateWithoutWhatLiesBetween) {
  auto slow = watch();
  (void)chunk(slow);
  write_much(3000);
  auto other = watch();
  (void)chunk(other);

  Draft draft;
  std::size_t bytes = 0;
  std::uint64_t reached = 0;
  std::string pending;
  while (reached != 3000) {
    const std::string text = chunk(slow);
    ASSERT_FALSE(text.empty());
    bytes += text.size();
    pending += text;
    for (auto end = pending.find('\n'); end != std::string::npos; end = pending.find('\n')) {
      const auto event = decode_event(pending.substr(0, end));
      ASSERT_TRUE(event) << event.error().text;
      if (event->type == Event::Type::put) draft.put(event->object);
      if (event->type == Event::Type::bookmark) reached = event->revision;
      pending.erase(0, end + 1);
    }
  }

  EXPECT_LT(bytes, 3000U * 3000U);
  bool differs = false;
  diff(draft.cluster(), *store_.cluster(), [&](const Difference& difference) {
    differs = differs || !difference.before || !difference.after ||
              !equal(*difference.before, *difference.after);
    return true;
  });
  EXPECT_FALSE(differs);
}

TEST_F(StreamTest, ASlowReaderHoldsNoOldState) {
  auto slow = watch();
  (void)chunk(slow);
  std::vector<std::weak_ptr<const Cluster>> states;
  for (int i = 0; i < 30; ++i) {
    write_much(50);
    states.push_back(store_.cluster());
    (void)send("GET", "/v1/status");  // the service has seen it
  }
  store_.put(host("last"));
  auto other = watch();
  (void)chunk(other);

  for (const auto& state : states) EXPECT_TRUE(state.expired());
}

TEST_F(StreamTest, EndsForAReaderWhoseMissedChangesAreForgotten) {
  store_.history = 100;
  auto slow = watch();
  (void)chunk(slow);
  // No two of one object: however many changes a turn takes together, more than what is kept.
  write_much(3000, 3000);
  auto other = watch();
  (void)chunk(other);

  std::string text;
  for (std::string more = chunk(slow); !more.empty(); more = chunk(slow)) text = std::move(more);

  EXPECT_EQ(text.find("\"revision\":3000,\"store\""), std::string::npos);
  auto again = watch();
  EXPECT_NE(chunk(again).find("\"type\":\"put\""), std::string::npos);
}

TEST_F(StreamTest, ManyWhoComeBackAreToldWhatTheyMissedInPieces) {
  for (int i = 0; i < 900; ++i) {
    auto large = host("h" + std::to_string(i));
    large->annotations = {{"text", std::string(300, 'z')}};
    store_.put(std::move(large));
  }
  for (const int since : {1, 450, 899}) {
    auto reader = watch("&since=" + std::to_string(since) + "&store=store-1");
    std::string text;
    while (!text.ends_with("\"revision\":900,\"store\":\"store-1\",\"stale_since\":0}\n")) {
      const std::string more = chunk(reader);
      ASSERT_FALSE(more.empty());
      ASSERT_LT(more.size(), 80'000U);
      text += more;
    }
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 900 - since + 2) << since;
  }
}

}  // namespace
}  // namespace paddock::metadata
