// SPDX-License-Identifier: Apache-2.0
#include "attach/limits.hpp"

#include "marks.hpp"
#include "netlink/requests.hpp"
#include "netlink/shaping.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

namespace paddock::net::attach {
namespace {

// Indices of host ends are below: no two links have the same detour.
std::uint32_t detour_index(std::uint32_t host_ifindex) { return 0x40000000U | host_ifindex; }

}  // namespace

std::string detour_name(std::uint32_t host_ifindex) {
  std::array<char, 16> name{};
  std::snprintf(name.data(), name.size(), "pb%08x", host_ifindex);
  return name.data();
}

void add_limits(netlink::Batch& batch, const Attachment& attachment, const std::string& detour) {
  const auto& [ingress, egress] = attachment.bandwidth;
  if (ingress.rate > 0)
    netlink::limit_sending(batch, attachment.host_ifindex, ingress, attachment.host_link);
  if (egress.rate == 0) return;
  const auto index = detour_index(attachment.host_ifindex);
  netlink::add_detour(batch, {index, detour, detour_group, attachment.mtu});
  batch.tolerate(EEXIST);
  batch.tolerate(EBUSY);
  netlink::LinkChange change;
  change.index = index;
  change.name = detour;
  change.alias = attachment.id.alias();
  netlink::change_link(batch, change);
  netlink::limit_sending(batch, index, egress, detour);
  netlink::redirect_receiving(batch, attachment.host_ifindex, index, attachment.host_link);
}

Result<std::vector<std::string>> missing_limits(netlink::Socket& host,
                                                const Attachment& attachment) {
  struct Wanted {
    const char* direction;
    std::uint32_t link;
    std::uint64_t rate;
  };
  std::vector<std::string> missing;
  for (const auto& [direction, link, rate] :
       {Wanted{"into", attachment.host_ifindex, attachment.bandwidth.ingress.rate},
        Wanted{"out of", detour_index(attachment.host_ifindex),
               attachment.bandwidth.egress.rate}}) {
    if (rate == 0) continue;
    const auto present = netlink::sending_rate(host, link);
    if (!present) return present.error();
    if (*present / 8 != rate / 8)  // the kernel counts octets
      missing.push_back(std::string("what goes ") + direction + " the pod is not limited to " +
                        std::to_string(rate) + " bits per second");
  }
  return missing;
}

void release_limits(netlink::Batch& batch, std::uint32_t host_ifindex) {
  netlink::LinkChange change;
  change.index = detour_index(host_ifindex);
  change.name = "of the pod's limit";
  change.group = detached_group;
  netlink::change_link(batch, change);
  batch.tolerate(ENODEV);
}

void delete_limits(netlink::Batch& batch, std::uint32_t host_ifindex) {
  netlink::delete_link(batch, detour_index(host_ifindex), "of the pod's limit");
  batch.tolerate(ENODEV);
}

}  // namespace paddock::net::attach
