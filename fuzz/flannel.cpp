// SPDX-License-Identifier: Apache-2.0
//
// What anybody may have put below flannel's prefix in etcd: what is understood is written and read
// the same.
#include <paddock/net/flannel.hpp>

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::net;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto subnets = flannel::parse_key(bytes);
      subnets && flannel::parse_key(flannel::format_key(*subnets)) != *subnets)
    std::abort();
  if (const auto had = flannel::parse_subnet_file(bytes)) {
    flannel::SubnetFile again;
    again.subnets = *had;
    if (flannel::parse_subnet_file(flannel::format_subnet_file(again)) != *had) std::abort();
  }
  if (const auto record = flannel::parse_record(bytes);
      record && flannel::parse_record(flannel::format_record(*record)).value() != *record)
    std::abort();
  if (const auto config = flannel::parse_network_config(bytes); config && config->v4) {
    for (const auto& subnet : config->v4->free({}, 3)) {
      if (!config->v4->contains(subnet)) std::abort();
    }
  }
  return 0;
}
