// SPDX-License-Identifier: Apache-2.0
//
// Any text as a line of the stream.
#include <paddock/metadata/codec.hpp>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::metadata;
  const auto event = decode_event({reinterpret_cast<const char*>(data), size});
  if (event && event->object) (void)encode_put(*event->object);
  return 0;
}
