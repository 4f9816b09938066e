// SPDX-License-Identifier: Apache-2.0
#include <paddock/metadata/codec.hpp>

#include <gtest/gtest.h>

namespace paddock::metadata {
namespace {

std::string problems(const Documents& documents) {
  std::string all;
  for (const Problem& problem : documents.problems) all += format(problem) + "\n";
  return all;
}

TEST(Documents, SeveralYamlDocumentsAndLists) {
  const Documents read = parse_documents(R"(# a shop
kind: Service
namespace: shop
name: web
ports:
- port: 80
  target_port: 8080
---
- {kind: Host, name: one}
- kind: Pod
  name: p
  labels: {on: "yes", n: y, 1: "2"}
---
)",
                                         "shop.yaml");

  EXPECT_EQ(problems(read), "");
  ASSERT_EQ(read.objects.size(), 3U);
  EXPECT_EQ(format(read.objects[0].object->key()), "services/shop/web");
  EXPECT_EQ(read.objects[1].line, 9U);
  EXPECT_EQ(*read.objects[2].object->labels.find("n"), "y");
  EXPECT_EQ(*read.objects[2].object->labels.find("1"), "2");
}

TEST(Documents, JsonAsTheApiAnswersIt) {
  const Documents read = parse_documents(
      R"({"store":"u","revision":3,"objects":[{"kind":"Host","name":"one"},
          {"kind":"Host","name":"two"}]})",
      "backup.json");

  EXPECT_EQ(problems(read), "");
  EXPECT_EQ(read.objects.size(), 2U);
}

TEST(Documents, OneBrokenObjectDoesNotHideTheOthers) {
  const Documents read = parse_documents(R"(kind: Host
name: one
---
kind: Pod
name: p
adresses: [10.0.0.1]
ready: "yes"
---
kind: Host
name: two
---
kind: Host
name: one
)",
                                         "c.yaml");

  EXPECT_EQ(read.objects.size(), 2U);
  EXPECT_EQ(problems(read),
            "c.yaml:7: pods/default/p: ready: must be true or false\n"
            "c.yaml:6: pods/default/p: adresses: is no field here; did you mean addresses?\n"
            "c.yaml:12: hosts/one: is there already, at line 1\n");
}

TEST(Documents, SyntaxErrorsSayTheLine) {
  EXPECT_EQ(
      problems(parse_documents("kind: Host\nname: [one\n", "c.yaml")).find("c.yaml:3: not YAML"),
      0U);
  const std::string json =
      problems(parse_documents("{\"kind\": \"Host\",\n\"name\" 1 }", "c.json"));
  EXPECT_EQ(json.find("c.json:2: not JSON at byte"), 0U) << json;
  EXPECT_EQ(problems(parse_documents("kind: Host\nname: \"\xff\"\n", "c")), "c:2: not UTF-8\n");
}

TEST(Documents, PlainScalarsFollowTheCoreSchema) {
  const Documents read = parse_documents(
      "kind: Service\nname: s\nmetadata: {a: 0x10, b: +5, c: 1.50, d: ~, e: TRUE, f: .inf, g: "
      "on, h: !!str 7, i: '8', j: 0o17, k: +-5, l: +-5.0}\n",
      "m");

  ASSERT_EQ(problems(read), "");
  EXPECT_EQ(as<Service>(read.objects.at(0).object.get())->metadata,
            R"({"a":16,"b":5,"c":1.5,"d":null,"e":true,"f":".inf","g":"on","h":"7","i":"8","j":15,)"
            R"("k":"+-5","l":"+-5.0"})");
}

TEST(Documents, AnchorsAndMergeKeysWork) {
  const Documents read = parse_documents(R"(- &base
  kind: Pod
  name: a
  labels: &l {app: web}
- <<: *base
  name: b
- {kind: Host, name: h, labels: *l}
)",
                                         "a");

  ASSERT_EQ(problems(read), "");
  ASSERT_EQ(read.objects.size(), 3U);
  EXPECT_EQ(format(read.objects[1].object->key()), "pods/default/b");
  EXPECT_EQ(*read.objects[2].object->labels.find("app"), "web");
}

TEST(Documents, AliasesCannotBlowATextUp) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string inner = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) bomb += inner + ", ";
    bomb += inner + "]\n";
  }
  const std::string said = problems(parse_documents(bomb, "bomb"));
  EXPECT_NE(said.find("aliases repeat too much"), std::string::npos) << said;

  std::string wide = "a: &a " + std::string(1U << 20U, 'x') + "\nb: [";
  for (int i = 0; i < 100; ++i) wide += "*a, ";
  EXPECT_NE(problems(parse_documents(wide + "*a]\n", "w")).find("too much"), std::string::npos);
}

TEST(Documents, RefuseCyclesDepthAndKeysThatAreNotText) {
  const std::pair<std::string, const char*> wrong[] = {
      {"&a [*a]", "an alias stands inside what it names"},
      {"? [a, b]\n: 1\n", "a key must be text"},
      {"? {a: b}\n: 1\n", "a key must be text"},
      {"~: 1\n", "a key must be text"},
      {std::string(70, '[') + std::string(70, ']'), "deep"},
      {std::string(5000, '['), ""},
      {"kind: !widget x", "the tag !widget means nothing here"},
      {"<<: 5\nkind: Pod", "must be a map"},
      {"objects: 5", "must be a list"},
      {"just text", "must be a map"},
      {",", "a value must stand here"},
      {"a,*,\n]", ""},
      {"[[a]]", "must be a map"},
  };
  for (const auto& [text, message] : wrong) {
    const Documents read = parse_documents(text, "f");
    EXPECT_TRUE(read.objects.empty()) << text;
    ASSERT_FALSE(read.problems.empty()) << text;
    EXPECT_NE(problems(read).find(message), std::string::npos) << problems(read);
  }
}

TEST(Documents, AnEmptyFileIsEmpty) {
  for (const char* text : {"", "# nothing\n", "---\n---\n", "[]", "{\"objects\":[]}"}) {
    const Documents read = parse_documents(text, "f");
    EXPECT_TRUE(read.objects.empty() && read.problems.empty()) << text << problems(read);
  }
}

}  // namespace
}  // namespace paddock::metadata
