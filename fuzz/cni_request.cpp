// SPDX-License-Identifier: Apache-2.0
//
// What a runtime gives the plugin: environment, a zero byte after each variable, an empty one, then
// stdin. What is accepted must be possible to answer in its version.
#include <paddock/net/pod_network.hpp>

#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock::net;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  cni::Environment environment;
  while (!rest.empty() && rest.front() != '\0') {
    const auto pair = rest.substr(0, rest.find('\0'));
    const auto equal = pair.find('=');
    if (equal != std::string_view::npos)
      environment.insert_or_assign(std::string(pair.substr(0, equal)),
                                   std::string(pair.substr(equal + 1)));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
  }
  if (!rest.empty()) rest.remove_prefix(1);
  const auto request = cni::parse(environment, rest);
  if (!request) {
    (void)cni::format(request.error());
    return 0;
  }
  if (identify(*request).name_space.empty()) std::abort();
  if (!request->previous) return 0;
  const auto text = cni::format(*request->previous, request->version);
  if (text && !cni::parse_result(*text, request->version)) std::abort();
  return 0;
}
