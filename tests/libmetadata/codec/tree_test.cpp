// SPDX-License-Identifier: Apache-2.0
//
// How long values live, and in how much memory.
#include "codec/tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace paddock::metadata {
namespace {

std::string json_of(const Value& value) {
  std::string json;
  append_value(json, value);
  return json;
}

// What builders take beyond their own size while this stands.
class CountedMemory final : public std::pmr::memory_resource {
 public:
  CountedMemory() : before_(std::pmr::set_default_resource(this)) {}
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;
  ~CountedMemory() override { std::pmr::set_default_resource(before_); }
  [[nodiscard]] std::size_t most() const noexcept { return most_; }

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    most_ = std::max(most_, now_ += bytes);
    return std::pmr::new_delete_resource()->allocate(bytes, alignment);
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    now_ -= bytes;
    std::pmr::new_delete_resource()->deallocate(memory, bytes, alignment);
  }
  [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
    return this == &other;
  }
  std::pmr::memory_resource* before_;
  std::size_t now_ = 0;
  std::size_t most_ = 0;
};

TEST(Tree, ARootOutlivesTheReading) {
  const std::string text = R"({"a":["\u0041","b",{"c\n":[1,2]}],"d":{}})";
  Value root;
  TreeBuilder builder(TreeBuilder::Lists::whole, [&root](const Value& value) { root = value; });

  ASSERT_FALSE(read_json(text, builder));

  EXPECT_EQ(json_of(root), R"({"a":["A","b",{"c\n":[1,2]}],"d":{}})");
}

TEST(Tree, TheNextRootTakesThePlaceOfTheLast) {
  CountedMemory memory;
  TreeBuilder builder(TreeBuilder::Lists::whole, [](const Value&) {});
  std::string text;
  for (int i = 0; i < 2000; ++i) text += R"({"a":["\u0041)" + std::string(2000, 'x') + "\"]}";

  ASSERT_FALSE(read_json_sequence(text, builder));

  EXPECT_LT(memory.most(), 64U << 10U);
}

// What stands around the members was read before them, and must be as it was after them.
TEST(Tree, MembersDoNotDisturbWhatIsAroundThem) {
  std::string objects;
  for (int i = 0; i < 500; ++i) {
    objects += (i == 0 ? "" : ",") + std::string(R"({"n":")") + "\\u0041" + std::to_string(i) +
               R"(","l":[1,[2],{"\t":"\u00e9"}]})";
  }
  std::vector<std::string> delivered;
  TreeBuilder builder(TreeBuilder::Lists::split,
                      [&](const Value& value) { delivered.push_back(json_of(value)); });

  ASSERT_FALSE(read_json(R"({"\u0061":["x\ny",[1]],"objects":[)" + objects +
                             R"(],"b":[["\u0042"],{"objects":[3]}],"objects":[)" + objects +
                             R"(,"\u0043",4],"c":"\u0044"})",
                         builder));

  ASSERT_EQ(delivered.size(), 1003U);
  EXPECT_EQ(delivered[0], "{\"n\":\"A0\",\"l\":[1,[2],{\"\\t\":\"\xc3\xa9\"}]}");
  EXPECT_EQ(delivered[999], "{\"n\":\"A499\",\"l\":[1,[2],{\"\\t\":\"\xc3\xa9\"}]}");
  EXPECT_EQ(delivered[1000], "\"C\"");
  EXPECT_EQ(delivered[1001], "4");
  EXPECT_EQ(delivered[1002],
            R"({"a":["x\ny",[1]],"objects":[],"b":[["B"],{"objects":[3]}],"objects":[],"c":"D"})");
}

TEST(Tree, MembersCostTheMemoryOfOne) {
  std::string members;
  for (int i = 0; i < 20'000; ++i) {
    members +=
        (i == 0 ? "" : ",") + std::string(R"({"n":"\u0041","l":[1,2,3,{"a":"\n"}]},"\u0042")");
  }
  for (const std::string& text : {"[" + members + "]", R"({"objects":[)" + members + "]}"}) {
    CountedMemory memory;
    std::size_t delivered = 0;
    TreeBuilder builder(TreeBuilder::Lists::split, [&](const Value&) { ++delivered; });

    ASSERT_FALSE(read_json(text, builder));

    EXPECT_GE(delivered, 40'000U);
    EXPECT_LT(memory.most(), 64U << 10U);
  }
}

TEST(Tree, AnchorsOfYamlOutliveTheMembersTheyStandIn) {
  std::string text = "- &first {name: one, list: &list [1, {deep: x}]}\n";
  for (int i = 0; i < 300; ++i) text += "- {name: other, list: [a, b, c, d, e]}\n";
  text += "- {<<: *first, more: *list}\n---\n&root {a: b}\n";
  std::vector<std::string> delivered;
  TreeBuilder builder(TreeBuilder::Lists::split,
                      [&](const Value& value) { delivered.push_back(json_of(value)); });

  const auto error = read_yaml(text, builder);

  ASSERT_FALSE(error) << error->message;
  ASSERT_EQ(delivered.size(), 303U);
  EXPECT_EQ(delivered[301], R"({"more":[1,{"deep":"x"}],"name":"one","list":[1,{"deep":"x"}]})");
  EXPECT_EQ(delivered[302], R"({"a":"b"})");
}

TEST(Tree, KeysGivenTwiceAreFoundAmongFewAndMany) {
  for (const int count : {2, 16, 17, 400}) {
    std::string text = "{";
    for (int i = 0; i < count; ++i)
      text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
    Value root;
    TreeBuilder builder(TreeBuilder::Lists::whole, [&root](const Value& value) { root = value; });

    const std::string single = text + "\"last\":0}";
    ASSERT_FALSE(read_json(single, builder));
    EXPECT_FALSE(root.duplicate_key());
    ASSERT_NE(root.find("k1"), nullptr);
    EXPECT_EQ(root.find("k1")->text(), "1");

    const std::string twice = text + "\"k\\u0031\":0}";
    ASSERT_FALSE(read_json(twice, builder));
    EXPECT_EQ(root.duplicate_key(), "k1");
    EXPECT_EQ(root.find("k1")->text(), "1");
  }
}

}  // namespace
}  // namespace paddock::metadata
