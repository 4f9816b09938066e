// SPDX-License-Identifier: Apache-2.0
//
// Any bytes, taken for what the kernel sends: messages, their values, their acknowledgements.
#include "netlink/values.hpp"
#include "netlink/vxlan.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::net::netlink;
  Bytes bytes(data, size);
  while (const auto message = next_message(bytes)) {
    (void)parse_link(*message);
    (void)parse_address(*message);
    (void)parse_neighbor(*message);
    (void)parse_route(*message);
    (void)parse_vxlan(*message);
    (void)parse_forwarding(*message);
    (void)parse_acknowledgement(*message);
  }
  return 0;
}
