// SPDX-License-Identifier: Apache-2.0
//
// Any text as a file of answers, and what is made of it compiled.
#include "dnsd/client_views.hpp"
#include "dnsd/options.hpp"

#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto answers = dnsd::parse_answers(text, "fuzz", std::chrono::seconds{600});
  if (!answers) return 0;
  dnsd::ClientViews views(dnsd::Options{});
  views.take(*answers, answers->common.records);
  (void)views.compiled();
  (void)views.problems();
  return 0;
}
