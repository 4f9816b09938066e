// SPDX-License-Identifier: Apache-2.0
//
// Any text as an answer of etcd's JSON gateway, or as a line of its watch.
#include "etcd/messages.hpp"

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::metadata::etcd;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)decode_found(text);
  (void)decode_committed(text);
  (void)decode_lease(text);
  (void)decode_token(text);
  (void)decode_notice(text);
  (void)decode_refusal(text);
  return 0;
}
