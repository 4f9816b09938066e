// SPDX-License-Identifier: Apache-2.0
#include "cni/capability.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <limits>

namespace paddock::net::cni {
namespace {

constexpr const char* correct_the_runtime = "correct what the runtime was told";
// The kernel keeps a burst in 32 bits of octets.
constexpr std::uint64_t largest_burst = std::numeric_limits<std::uint32_t>::max() * 8ULL;

std::uint16_t port_of(const Json& object, const char* name, const std::string& path) {
  const auto* found = find(object, name);
  const auto number = found ? number_of(*found, path + "." + name) : 0;
  if (number == 0 || number > std::numeric_limits<std::uint16_t>::max())
    throw Refusal{Code::bad_config, path + "." + name + " must be 1 to 65535", correct_the_runtime};
  return static_cast<std::uint16_t>(number);
}

Protocol protocol_of(const Json& object, const std::string& path) {
  const auto* found = find(object, "protocol");
  auto text = found ? text_of(*found, path + ".protocol") : std::string();
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  if (text.empty() || text == "tcp") return Protocol::tcp;
  if (text == "udp") return Protocol::udp;
  if (text == "sctp") return Protocol::sctp;
  throw Refusal{Code::bad_config, path + ".protocol must be tcp, udp or sctp, not \"" + text + "\"",
                correct_the_runtime};
}

std::uint64_t bits_of(const Json& object, const char* name, const std::string& path) {
  const auto* found = find(object, name);
  if (!found) return 0;
  if (!found->is_number_unsigned())
    throw Refusal{Code::bad_config, path + "." + name + " must be a number of bits, 0 or more",
                  correct_the_runtime};
  return found->get<std::uint64_t>();
}

RateLimit limit_of(const Json& object, const std::string& direction, const std::string& path) {
  const auto rate = direction + "Rate";
  const auto burst = direction + "Burst";
  const RateLimit limit{bits_of(object, rate.c_str(), path), bits_of(object, burst.c_str(), path)};
  if (limit.rate > 0 && limit.burst == 0)
    throw Refusal{Code::bad_config, path + "." + rate + " is set, but " + burst + " is not",
                  "with a rate say how many bits may pass at once"};
  if (limit.rate == 0 && limit.burst > 0)
    throw Refusal{Code::bad_config, path + "." + burst + " is set, but " + rate + " is not",
                  "a burst says nothing without a rate"};
  if (limit.rate > 0 && limit.rate < 8)
    throw Refusal{Code::bad_config, path + "." + rate + " is less than an octet a second",
                  correct_the_runtime};
  if (limit.burst >= largest_burst)
    throw Refusal{Code::bad_config, path + "." + burst + " is 4 GiB or more", correct_the_runtime};
  return limit;
}

}  // namespace

std::vector<PortMapping> ports_of(const Json& value, const std::string& path) {
  std::vector<PortMapping> ports;
  for (const auto& item : array_of(value, path)) {
    const auto where = path + "[]";
    object_of(item, where);
    const auto* host_port = find(item, "hostPort");
    if (!host_port || *host_port == 0) continue;  // so kubelet names ports that are not mapped
    PortMapping port{port_of(item, "hostPort", where),
                     port_of(item, "containerPort", where),
                     protocol_of(item, where),
                     {}};
    if (const auto* address = find(item, "hostIP"); address && *address != "")
      port.host_address = address_of(text_of(*address, where + ".hostIP"), where + ".hostIP");
    ports.push_back(port);
  }
  return ports;
}

Bandwidth bandwidth_of(const Json& value, const std::string& path) {
  object_of(value, path);
  return {limit_of(value, "ingress", path), limit_of(value, "egress", path)};
}

}  // namespace paddock::net::cni
