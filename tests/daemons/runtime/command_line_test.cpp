// SPDX-License-Identifier: Apache-2.0
#include "runtime/command_line.hpp"

#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <map>

namespace paddock::runtime {
namespace {

using std::chrono::milliseconds;

struct Kennel {
  std::string listen = "127.0.0.1:53";
  std::vector<std::string> upstreams{"9.9.9.9"};
  int workers = 2;
  bool autopath = false;
  milliseconds lame_for{5000};
};

// A table with one option of each kind, and what to read it from.
class CommandLine : public ::testing::Test {
 protected:
  CommandLine() {
    table.text({.name = "listen", .value = "ADDRESS:PORT", .help = "Where."}, options.listen,
               checks::endpoint());
    table.list({.name = "upstreams", .value = "ADDRESS", .help = "Whom.", .reload = Reload::live},
               options.upstreams, checks::address());
    table.integer({.name = "workers", .value = "N", .help = "How many."}, options.workers, 1, 64);
    table.boolean({.name = "autopath", .value = "", .help = "Complete."}, options.autopath);
    table.duration({.name = "lame-for", .value = "TIME", .help = "How long."}, options.lame_for,
                   milliseconds{10}, std::chrono::minutes{10});
  }

  Invocation parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "paddock-kennel");
    return parse_command_line(table, static_cast<int>(arguments.size()), arguments.data(),
                              [this](const char* name) -> const char* {
                                const auto found = environment.find(name);
                                return found == environment.end() ? nullptr : found->second.c_str();
                              });
  }

  Kennel options;
  OptionTable table{"kennel", "Keeps dogs."};
  std::map<std::string, std::string> environment;
  test::TempFolder folder;
};

TEST_F(CommandLine, DefaultsStayWhenNothingIsSaid) {
  const auto invocation = parse({});

  EXPECT_EQ(invocation.ask, Invocation::Ask::run);
  EXPECT_TRUE(invocation.problems.empty());
  EXPECT_EQ(options.listen, "127.0.0.1:53");
  EXPECT_EQ(options.upstreams, std::vector<std::string>{"9.9.9.9"});
}

TEST_F(CommandLine, FileReplacesDefaults) {
  const auto file = folder.write("k.yaml",
                                 "listen: '[::1]:5353'\nupstreams: [1.1.1.1, 8.8.8.8]\nworkers: "
                                 "4\nautopath: true\nlame_for: 250ms\n");

  const auto invocation = parse({"--config", file.c_str()});

  EXPECT_TRUE(invocation.problems.empty());
  EXPECT_EQ(invocation.config_file, file);
  EXPECT_EQ(options.listen, "[::1]:5353");
  EXPECT_EQ(options.upstreams, (std::vector<std::string>{"1.1.1.1", "8.8.8.8"}));
  EXPECT_EQ(options.workers, 4);
  EXPECT_TRUE(options.autopath);
  EXPECT_EQ(options.lame_for, milliseconds{250});
}

TEST_F(CommandLine, EnvironmentWinsOverFileAndFlagOverEnvironment) {
  const auto file =
      folder.write("k.yaml", "workers: 4\nlisten: 127.0.0.1:1\nupstreams: [1.1.1.1]\n");
  environment = {{"PADDOCK_KENNEL_WORKERS", "8"}, {"PADDOCK_KENNEL_LISTEN", "127.0.0.1:2"}};

  const auto invocation = parse({"--listen", "127.0.0.1:3", "--config", file.c_str()});

  EXPECT_TRUE(invocation.problems.empty());
  EXPECT_EQ(options.workers, 8);
  EXPECT_EQ(options.listen, "127.0.0.1:3");
  EXPECT_EQ(options.upstreams, std::vector<std::string>{"1.1.1.1"});
}

TEST_F(CommandLine, ListsTakeSeveralFlagsAndCommas) {
  const auto invocation = parse({"--upstreams", "1.1.1.1,8.8.8.8", "--upstreams=9.9.9.9"});

  EXPECT_TRUE(invocation.problems.empty());
  EXPECT_EQ(options.upstreams, (std::vector<std::string>{"1.1.1.1", "8.8.8.8", "9.9.9.9"}));
}

TEST_F(CommandLine, FlagsOfProgramsWrittenInGoAreUnderstood) {
  const auto invocation =
      parse({"-listen", "127.0.0.1:5300", "-workers=3", "-autopath", "-lame-for", "7"});

  EXPECT_TRUE(invocation.problems.empty());
  EXPECT_EQ(options.listen, "127.0.0.1:5300");
  EXPECT_EQ(options.workers, 3);
  EXPECT_TRUE(options.autopath);
  EXPECT_EQ(options.lame_for, milliseconds{7000});
}

TEST_F(CommandLine, BooleanFlagNeedsNoValue) {
  EXPECT_TRUE(parse({"--autopath"}).problems.empty());
  EXPECT_TRUE(options.autopath);
}

TEST_F(CommandLine, BooleanFlagCanSayFalse) {
  environment = {{"PADDOCK_KENNEL_AUTOPATH", "true"}};

  EXPECT_TRUE(parse({"--autopath=false"}).problems.empty());

  EXPECT_FALSE(options.autopath);
}

TEST_F(CommandLine, EveryProblemOfTheFileIsReportedAtOnceWithItsLine) {
  const auto file = folder.write(
      "k.yaml",
      "lisen: 127.0.0.1:1\nworkers: many\nupstreams: [1.1.1.1, nobody]\nlame_for: {a: 1}\n"
      "autopath: [true]\nzebra: 1\nworkers: 3\n");

  const auto invocation = parse({"--check-config", "--config", file.c_str()});

  std::map<std::string, std::string> by_place;
  for (const auto& problem : invocation.problems) by_place[problem.place] = problem.text;
  EXPECT_EQ(by_place[file + ":1"], "lisen: no such key; did you mean listen?");
  EXPECT_EQ(by_place[file + ":2"], "workers: `many`: allowed: a whole number from 1 to 64");
  EXPECT_EQ(by_place[file + ":3"], "upstreams: `nobody`: allowed: an IPv4 or IPv6 address");
  EXPECT_EQ(by_place[file + ":4"], "lame_for: allowed: one value or a list of values");
  EXPECT_EQ(by_place[file + ":5"], "autopath: a list; allowed: one value");
  EXPECT_EQ(by_place[file + ":6"], "zebra: no such key; --help lists them");
  EXPECT_EQ(by_place[file + ":7"], "workers: given twice");
  EXPECT_EQ(invocation.problems.size(), 7U);
}

TEST_F(CommandLine, UnknownFlagNamesTheNearestOne) {
  const auto invocation = parse({"--lisen", "127.0.0.1:1"});

  ASSERT_FALSE(invocation.problems.empty());
  EXPECT_EQ(invocation.problems.front().place, "--lisen");
  EXPECT_EQ(invocation.problems.front().text, "no such option; did you mean --listen?");
}

TEST_F(CommandLine, BadEnvironmentNamesTheVariable) {
  environment = {{"PADDOCK_KENNEL_LAME_FOR", "5 minutes"}};

  const auto invocation = parse({});

  ASSERT_EQ(invocation.problems.size(), 1U);
  EXPECT_EQ(invocation.problems.front().place, "PADDOCK_KENNEL_LAME_FOR");
  EXPECT_NE(invocation.problems.front().text.find("10ms to 10m"), std::string::npos);
}

TEST_F(CommandLine, NamedFileMustExist) {
  const auto invocation = parse({"--config", (folder.path() / "none.yaml").c_str()});

  ASSERT_EQ(invocation.problems.size(), 1U);
  EXPECT_NE(invocation.problems.front().text.find("No such file"), std::string::npos);
}

TEST_F(CommandLine, BrokenYamlIsReportedWithItsLine) {
  const auto file = folder.write("k.yaml", "workers: 4\nlisten: [unclosed\n");

  const auto invocation = parse({"--config", file.c_str()});

  ASSERT_EQ(invocation.problems.size(), 1U);
  EXPECT_TRUE(invocation.problems.front().place.starts_with(file + ":"));
  EXPECT_NE(invocation.problems.front().text.find("not YAML"), std::string::npos);
}

TEST_F(CommandLine, FileOfCommentsOnlyIsGood) {
  const auto file = folder.write("k.yaml", "# nothing\n");

  EXPECT_TRUE(parse({"--config", file.c_str()}).problems.empty());
}

TEST_F(CommandLine, HelpWinsOverABrokenFile) {
  const auto file = folder.write("k.yaml", "workers: many\n");

  const auto invocation = parse({"--help", "--config", file.c_str()});

  EXPECT_EQ(invocation.ask, Invocation::Ask::help);
  EXPECT_TRUE(invocation.problems.empty());
}

TEST_F(CommandLine, OnlyLiveOptionsChangeOnReload) {
  EXPECT_TRUE(parse({}).problems.empty());
  const auto before = table;
  environment = {{"PADDOCK_KENNEL_WORKERS", "8"}, {"PADDOCK_KENNEL_UPSTREAMS", "1.1.1.1"}};
  EXPECT_TRUE(parse({}).problems.empty());

  const auto kept = keep_until_restart(before, table);

  EXPECT_EQ(kept, std::vector<std::string>{"workers"});
  EXPECT_EQ(options.workers, 2);
  EXPECT_EQ(options.upstreams, std::vector<std::string>{"1.1.1.1"});
}

TEST_F(CommandLine, AnActionIsAFlagAndNothingElse) {
  bool empties = false;
  table.action({.name = "empty", .value = "", .help = "Let all dogs go."}, empties);
  environment["PADDOCK_KENNEL_EMPTY"] = "true";
  const auto file = folder.write("kennel.yaml", "empty: true\n");

  const auto invocation = parse({"--config", file.c_str()});

  ASSERT_EQ(invocation.problems.size(), 1U);
  EXPECT_EQ(invocation.problems[0].place, file + ":1");
  EXPECT_FALSE(empties);
  EXPECT_TRUE(parse({"--empty"}).problems.empty());
  EXPECT_TRUE(empties);
}

TEST_F(CommandLine, FolderIsNoFile) {
  const auto invocation = parse({"--config", folder.path().c_str()});

  ASSERT_EQ(invocation.problems.size(), 1U);
  EXPECT_EQ(invocation.problems[0].place, folder.path().string());
  EXPECT_NE(invocation.problems[0].text.find("Is a directory"), std::string::npos)
      << invocation.problems[0].text;
}

TEST_F(CommandLine, KeyWithoutANameIsNoAction) {
  bool is_purge = false;
  table.action({.name = "purge", .value = "", .help = "Remove all."}, is_purge);
  const auto file = folder.write("k.yaml", "\"\": true\n");

  const auto invocation = parse({"--config", file.c_str()});

  EXPECT_EQ(invocation.problems.size(), 1U);
  EXPECT_FALSE(is_purge);
}

}  // namespace
}  // namespace paddock::runtime
