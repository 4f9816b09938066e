// SPDX-License-Identifier: Apache-2.0
//
// Any text as a file of answers, and what is made of it compiled.
#include "dnsd/answers_file.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto answers = dnsd::parse_answers(text, "fuzz", std::chrono::seconds{600});
  if (!answers) return 0;
  std::vector<dns::View> sections;
  for (const auto& section : answers->clients) sections.push_back(dnsd::view_of(section));
  const dns::View common{
      .name = "every client", .records = answers->common.records, .search = answers->common.search};
  std::vector<dns::Problem> problems;
  const dns::Views views(sections, common, problems);
  return 0;
}
