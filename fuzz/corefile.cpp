// SPDX-License-Identifier: Apache-2.0
//
// Any text as a Corefile: what is made of it is YAML, whatever was in it.
#include "coredns/import.hpp"

#include <yaml-cpp/yaml.h>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace paddock;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto variable = [](const std::string&) -> std::optional<std::string> { return "value"; };
  for (const auto origin : {coredns::Origin::coredns, coredns::Origin::nodelocal}) {
    const auto import =
        coredns::import_corefile({"Corefile", text}, origin, {.files = {}, .variable = variable});
    if (import) (void)YAML::Load(import->yaml);
  }
  (void)coredns::import_kube_dns(
      "kube-dns", {.stub_domains = text, .upstream_name_servers = {}, .federations = {}});
  return 0;
}
