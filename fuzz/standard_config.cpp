// SPDX-License-Identifier: Apache-2.0
//
// The configurations of the standard plugins: whatever is in them, it is read or refused.
#include "standard/chain_settings.hpp"
#include "standard/flannel.hpp"
#include "standard/host_local.hpp"
#include "standard/link_settings.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto request = cni::parse({{"CNI_COMMAND", "ADD"},
                                   {"CNI_CONTAINERID", "c1"},
                                   {"CNI_NETNS", "/x"},
                                   {"CNI_IFNAME", "eth0"},
                                   {"CNI_PATH", "/x"}},
                                  text);
  if (!request || request->plugin == cni::Plugin::paddock) return 0;
  const auto config = cni::parse_object(request->config);
  const auto& version = request->version;
  (void)cni::attempt(version, [&] { return standard::link_settings(config, *request); });
  (void)cni::attempt(version, [&] { return standard::bandwidth_settings(config, *request); });
  (void)cni::attempt(version, [&] { return standard::firewall_settings(config); });
  (void)cni::attempt(version, [&] { return standard::tuning_settings(config, *request); });
  (void)cni::attempt(version, [&] { return standard::portmap_settings(config); });
  (void)standard::flannel_delegate(*request);
  const auto addresses =
      cni::attempt(version, [&] { return standard::host_local_settings(config, *request); });
  if (!addresses) return 0;
  for (const auto& set : addresses->sets) {
    const auto choice = standard::choose(set, {}, [](const IpAddress&) { return false; });
    if (choice && !standard::contains(set, choice->address)) std::abort();
  }
  return 0;
}
