// SPDX-License-Identifier: Apache-2.0
//
// Any text as a data file of Rancher's: read, and read again when it was good.
#include <paddock/metadata/answers.hpp>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::metadata;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = parse_answers(text, "fuzz");
  if (!read && read.error().text.empty()) std::abort();
  if (!read) return 0;
  for (const Problem& problem : read->problems) {
    if (format(problem).empty()) std::abort();
  }
  return 0;
}
