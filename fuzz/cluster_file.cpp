// SPDX-License-Identifier: Apache-2.0
//
// Any text as a cluster file, JSON or YAML.
#include <paddock/metadata/codec.hpp>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::metadata;
  const Documents read = parse_documents({reinterpret_cast<const char*>(data), size}, "fuzz");
  for (const auto& entry : read.objects) (void)format_json(*entry.object);
  for (const Problem& problem : read.problems) (void)format(problem);
  return 0;
}
