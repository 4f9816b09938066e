// SPDX-License-Identifier: Apache-2.0
//
// A journal of the embedded store as a crash may leave it: what is found lies within it, goes on
// revision by revision, and is found again in the part that is said to hold it.
#include "store/journal.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::metadata;
  constexpr std::string_view store = "5ff6a3c1-7c3f-4a3f-8f51-b62f2f3f7e10";
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const JournalContent content = parse_journal(bytes, store);
  if (content.size > size || content.steps.empty() != (content.size == 0)) std::abort();
  for (std::size_t i = 1; i < content.steps.size(); ++i) {
    if (content.steps[i].revision != content.steps[i - 1].revision + 1) std::abort();
  }
  const JournalContent again = parse_journal(bytes.substr(0, content.size), store);
  if (again.steps != content.steps || again.size != content.size) std::abort();
  return 0;
}
