// SPDX-License-Identifier: Apache-2.0
#include "runtime/help.hpp"

#include "runtime/config_file.hpp"
#include "support/temp_folder.hpp"

#include <gtest/gtest.h>

namespace paddock::runtime {
namespace {

struct Kennel {
  std::string listen = "[::1]:53";
  std::vector<std::string> upstreams{"9.9.9.9", "fd00::1"};
  std::vector<std::string> none;
};

OptionTable table_of(Kennel& kennel) {
  OptionTable table("kennel", "Keeps dogs.");
  table.text({.name = "listen-on", .value = "ADDRESS:PORT", .help = "Where dogs knock."},
             kennel.listen);
  table.list({.name = "upstreams", .value = "ADDRESS", .help = "Whom.", .reload = Reload::live},
             kennel.upstreams);
  table.list({.name = "strays", .value = "NAME", .help = "Who else."}, kennel.none);
  return table;
}

TEST(Help, NamesOptionDefaultAndReload) {
  Kennel kennel;

  const auto text = help_text(table_of(kennel));

  EXPECT_NE(text.find("Keeps dogs."), std::string::npos);
  EXPECT_NE(text.find("--print-config\n"), std::string::npos);
  EXPECT_NE(text.find("--listen-on ADDRESS:PORT\n        Where dogs knock. Default: [::1]:53."),
            std::string::npos);
  EXPECT_NE(text.find("Default: 9.9.9.9, fd00::1. SIGHUP"), std::string::npos);
  EXPECT_NE(text.find("PADDOCK_KENNEL_ADMIN_LISTEN"), std::string::npos);
}

TEST(SampleConfig, ReadsBackAsTheDefaultsOnceUncommented) {
  Kennel kennel;
  auto text = sample_config(table_of(kennel));
  for (std::size_t at = 0; (at = text.find("\n#", at)) != std::string::npos; ++at) {
    if (text[at + 2] != ' ' || text[at + 4] == '-') text.erase(at + 1, 1);
  }
  const test::TempFolder folder;
  std::vector<OptionProblem> problems;

  const auto entries = read_config_file(folder.write("kennel.yaml", text), problems);

  EXPECT_TRUE(problems.empty()) << problems.front().text << "\n" << text;
  ASSERT_TRUE(entries);
  ASSERT_GE(entries->size(), 2U);
  EXPECT_EQ(entries->at(0).key, "listen_on");
  EXPECT_EQ(entries->at(0).values, std::vector<std::string>{"[::1]:53"});
  EXPECT_EQ(entries->at(1).values, kennel.upstreams);
}

TEST(ManualPage, EscapesDashesSoThatFlagsCanBeCopied) {
  Kennel kennel;

  const auto page = manual_page(table_of(kennel));

  EXPECT_TRUE(page.starts_with(".TH PADDOCK-KENNEL 8"));
  EXPECT_NE(page.find(".B \\-\\-listen\\-on ADDRESS:PORT"), std::string::npos);
}

}  // namespace
}  // namespace paddock::runtime
