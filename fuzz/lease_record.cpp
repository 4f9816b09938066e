// SPDX-License-Identifier: Apache-2.0
//
// A lease's record as a damaged disk may give it: what is understood is written and read the same.
#include "ipam/lease_record.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::net;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto id = parse_lease_key(bytes); id && parse_lease_key(format_lease_key(*id)) != *id)
    std::abort();
  const AttachmentId id{"net", "c1", "eth0"};
  const auto lease = parse_lease(id, bytes);
  if (lease && parse_lease(id, format_lease(*lease)) != *lease) std::abort();
  return 0;
}
