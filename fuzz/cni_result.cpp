// SPDX-License-Identifier: Apache-2.0
//
// Results as other plugins and our own records have them: what is read in one version can be said
// in the newest one, and is the same when read again.
#include <paddock/net/cni.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::net;
  const auto read = cni::parse_result({reinterpret_cast<const char*>(data), size}, "0.4.0");
  if (!read) return 0;
  const auto text = cni::format(*read, cni::newest_version);
  if (!text || cni::parse_result(*text, cni::newest_version).value() != *read) std::abort();
  return 0;
}
