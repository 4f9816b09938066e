// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/codec.hpp>

#include <gtest/gtest.h>

namespace paddock::metadata {
namespace {

TEST(Events, AreWrittenAsDocumented) {
  Pod pod;
  pod.ns = "shop";
  pod.name = "p";
  pod.revision = 7;

  EXPECT_EQ(encode_put(pod),
            "{\"type\":\"put\",\"revision\":7,\"object\":{\"kind\":\"Pod\",\"namespace\":\"shop\","
            "\"name\":\"p\",\"revision\":7}}\n");
  EXPECT_EQ(encode_delete({Kind::service, "shop", "web"}, 8),
            "{\"type\":\"delete\",\"revision\":8,\"kind\":\"Service\",\"namespace\":\"shop\","
            "\"name\":\"web\"}\n");
  EXPECT_EQ(encode_bookmark({"5f0c", 8, 0}),
            "{\"type\":\"bookmark\",\"revision\":8,\"store\":\"5f0c\",\"stale_since\":0}\n");
  EXPECT_EQ(encode_heartbeat({"5f0c", 8, 9}),
            "{\"type\":\"heartbeat\",\"revision\":8,\"stale_since\":9}\n");
}

TEST(Events, AreReadBack) {
  Pod pod;
  pod.ns = "shop";
  pod.name = "p";
  pod.revision = 7;
  const auto put = decode_event(encode_put(pod));
  ASSERT_TRUE(put);
  EXPECT_EQ(put->type, Event::Type::put);
  EXPECT_TRUE(equal(*put->object, pod));

  const Key host{Kind::host, "", "one"};
  const auto gone = decode_event(encode_delete(host, 8));
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->type, Event::Type::erase);
  EXPECT_EQ(gone->key, host);
  EXPECT_EQ(gone->revision, 8U);

  const auto mark = decode_event(encode_bookmark({"5f0c", 9, 3}));
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->store, "5f0c");
  EXPECT_EQ(mark->stale_since, 3);
  EXPECT_EQ(decode_event(encode_heartbeat({"5f0c", 9, 3}))->type, Event::Type::heartbeat);
}

// Two ports of a Service may lead to one of its pods', each by its own name.
TEST(Events, CarryEndpointsWithOneNumberUnderTwoNames) {
  Endpoints endpoints;
  endpoints.ns = "shop";
  endpoints.name = endpoints.service = "web";
  endpoints.ports = {Port{.name = "http", .port = 8080}, Port{.name = "metrics", .port = 8080}};

  const auto put = decode_event(encode_put(endpoints));

  ASSERT_TRUE(put) << put.error().text;
  EXPECT_TRUE(equal(*put->object, endpoints));
}

// The largest object that is taken is longer on its way: with what the store says of it.
TEST(Events, CarryAnObjectOfTheLargestSize) {
  Endpoints endpoints;
  endpoints.ns = "shop";
  endpoints.name = endpoints.service = "web";
  std::vector<Endpoint> list(1);
  list[0].addresses = {boost::asio::ip::make_address("2001:db8:1111:2222:3333:4444:5555:6666")};
  list.resize(Limits::object_bytes / 55, list[0]);
  endpoints.endpoints = std::move(list);
  const std::string line = encode_put(endpoints);
  ASSERT_GT(line.size(), Limits::object_bytes);

  const auto put = decode_event(line);

  ASSERT_TRUE(put) << put.error().text;
  EXPECT_TRUE(equal(*put->object, endpoints));
}

TEST(Events, IgnoreWhatANewerServerMayAdd) {
  const auto put = decode_event(
      R"({"type":"put","revision":1,"later":1,"object":{"kind":"Host","name":"h","later":[]}})");

  ASSERT_TRUE(put);
  EXPECT_EQ(put->object->name, "h");
}

TEST(Events, RefuseWhatTheyCannotMean) {
  for (const char* line :
       {"", "[]", "{}", R"({"type":"put","revision":1})", R"({"type":"put","object":{}})",
        R"({"type":"put","revision":1,"object":{"kind":"Pod","name":"P"}})",
        R"({"type":"delete","revision":1,"kind":"Pod","name":"p"})",
        R"({"type":"delete","revision":1,"kind":"Host","namespace":"x","name":"p"})",
        R"({"type":"bookmark","revision":1,"stale_since":0})",
        R"({"type":"bookmark","revision":-1,"store":"u","stale_since":0})",
        R"({"type":"other","revision":1})"}) {
    EXPECT_FALSE(decode_event(line)) << line;
  }
}

}  // namespace
}  // namespace paddock::metadata
