// SPDX-License-Identifier: Apache-2.0
#include "paddock/bundle.hpp"

#include "paddock/command.hpp"
#include "paddock/process.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>

#include <sstream>

namespace paddock::cli {
namespace {

struct Secret {
  std::string_view text;
  std::string_view clean;
};

class SecretsTest : public testing::TestWithParam<Secret> {};

TEST_P(SecretsTest, AreLeftOut) { EXPECT_EQ(without_secrets(GetParam().text), GetParam().clean); }

INSTANTIATE_TEST_SUITE_P(
    Forms, SecretsTest,
    testing::Values(Secret{"store: etcd:https://root:hunter2@etcd:2379",
                           "store: etcd:https://(left out)@etcd:2379"},
                    Secret{"password: hunter2", "password: (left out)"},
                    Secret{"  etcd_password: \"hunter 2\"\n", "  etcd_password: (left out)\n"},
                    Secret{R"({"token": "abc", "name": "web"})",
                           R"({"token": (left out), "name": "web"})"},
                    Secret{"--token=abc --user root", "--token=(left out) --user root"},
                    Secret{"--api-token abc", "--api-token (left out)"},
                    Secret{"PADDOCK_TOKEN=abc", "PADDOCK_TOKEN=(left out)"},
                    Secret{"Authorization: Bearer abc.def-ghi", "Authorization: Bearer (left out)"},
                    Secret{"a: 1\nsecret: x\nb: 2\n", "a: 1\nsecret: (left out)\nb: 2\n"}));

class PlainTest : public testing::TestWithParam<std::string_view> {};

TEST_P(PlainTest, Stays) { EXPECT_EQ(without_secrets(GetParam()), GetParam()); }

INSTANTIATE_TEST_SUITE_P(Texts, PlainTest,
                         testing::Values("password_file: /etc/paddock/password",
                                         "api_token_file: /etc/paddock/tokens",
                                         "# token: Shown to another metadatad.",
                                         "listen: [169.254.169.250:53]", "http://etcd:2379/a@b", "",
                                         "two\nlines\n",
                                         "paddock_dns_queries_total{family=\"1\"} 12"));

TEST(Secrets, NoLineIsTooLongForThem) {
  const std::string secret(1 << 20, 'a');

  EXPECT_EQ(without_secrets("a: 1\ntoken: " + secret + "\nb: 2\n"),
            "a: 1\n(a line of 1048583 characters is left out)\nb: 2\n");
}

TEST(Secrets, LinesOfManyTextsStay) {
  std::string line;
  while (line.size() < 100'000) line += R"({"ifname":"pdk0","mtu":1500},)";

  EXPECT_EQ(without_secrets(line), line);
}

TEST(UsersData, IsLeftOutOfObjects) {
  const auto objects = nlohmann::ordered_json::parse(
      R"([{"name": "web", "metadata": {"db": "hunter2"}, "annotations": {"a": "b"}, "labels": {"app": "web"}}])");

  const auto clean = without_users_data(objects);

  EXPECT_EQ(clean.dump().find("hunter2"), std::string::npos);
  EXPECT_EQ(clean[0]["annotations"], "(left out)");
  EXPECT_EQ(clean[0]["labels"]["app"], "web");
}

TEST(Bundle, PacksWhatWasAddedForItsOwnerOnly) {
  const test::TempFolder folder;
  Bundle bundle("paddock-here");
  bundle.add("dnsd/status.json", "{}\n");
  bundle.add_output("kernel/uname", {"echo", "a kernel"});
  EXPECT_TRUE(bundle.add_file("log", folder.write("log", "first\nsecond\n"), 8));
  EXPECT_FALSE(bundle.add_file("none", folder.file("none"), 8));
  const auto file = folder.file("bundle.tar.gz");

  bundle.pack(file);

  struct stat about {};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777U, 0600U);
  std::string listed;
  ASSERT_EQ(run_to_end("/usr/bin/env", {"tar", "tzf", file}, listed), 0);
  for (const auto* name : {"dnsd/status.json", "kernel/uname", "log"})
    EXPECT_NE(listed.find(std::string("paddock-here/") + name), std::string::npos) << listed;
  std::string log;
  ASSERT_EQ(run_to_end("/usr/bin/env", {"tar", "xzOf", file, "paddock-here/log"}, log), 0);
  EXPECT_EQ(log, "second\n");
}

TEST(Bundle, SaysWhichProgramFailed) {
  const test::TempFolder folder;
  Bundle bundle("paddock-here");
  bundle.add_output("kernel/nothing", {"paddock-no-such-program"});
  bundle.pack(folder.file("b.tgz"));

  std::string text;
  ASSERT_EQ(run_to_end("/usr/bin/env",
                       {"tar", "xzOf", folder.file("b.tgz"), "paddock-here/kernel/nothing"}, text),
            0);
  EXPECT_NE(text.find("(paddock-no-such-program ended with 127)"), std::string::npos) << text;
}

TEST(Bundle, NamesThePlaceItCannotBeWrittenTo) {
  const Bundle bundle("paddock-here");

  try {
    bundle.pack("/nonexistent/b.tar.gz");
    FAIL() << "there is no such folder";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("/nonexistent/b.tar.gz"), std::string::npos);
  }
}

}  // namespace
}  // namespace paddock::cli
