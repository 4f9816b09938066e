// SPDX-License-Identifier: Apache-2.0
//
// Any text as an object: what is accepted must be written and read back as the same.
#include <paddock/metadata/codec.hpp>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::metadata;
  const Parsed parsed = parse_object({reinterpret_cast<const char*>(data), size});
  if ((parsed.outcome == Parsed::Outcome::ok) != parsed.problems.empty()) std::abort();
  if (!parsed.object) return 0;
  const std::string json = format_json(*parsed.object);
  const Parsed again = parse_object(json);
  if (!again.object || format_json(*again.object) != json) std::abort();
  if (!equal(*again.object, *parsed.object)) std::abort();
  return 0;
}
