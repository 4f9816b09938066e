// SPDX-License-Identifier: Apache-2.0
//
// Any bytes, taken for what a process says of its WireGuard device, and for what the kernel says of
// one. What is told of that is read back as the same.
#include "wireguard/messages.hpp"
#include "wireguard/text.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::net;
  wireguard::Configuration of_kernel;
  netlink::Bytes bytes(data, size);
  while (const auto message = netlink::next_message(bytes)) {
    wireguard::add_message(*message, of_kernel);
    (void)wireguard::parse_family(*message);
  }
  const auto said = wireguard::parse_answer({reinterpret_cast<const char*>(data), size});
  if (!said) {
    return 0;
  }
  const wireguard::Change all = wireguard::difference(*said, {}, false);
  const auto again = wireguard::parse_answer(wireguard::format_change(all) + "errno=0\n\n");
  if (!again || again->remotes.size() != all.remotes.size()) {
    std::abort();
  }
  return 0;
}
