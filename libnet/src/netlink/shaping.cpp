// SPDX-License-Identifier: Apache-2.0
#include "netlink/shaping.hpp"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

namespace paddock::net::netlink {
namespace {

constexpr std::uint32_t ingress_handle = 0xffff0000U;
constexpr std::uint32_t bucket_handle = 0x00010000U;   // 1:
constexpr std::uint32_t filter_handle = 0x80000800U;   // 800::800, as the kernel would choose
constexpr std::uint64_t latency_in_milliseconds = 25;  // how long what exceeds the rate may wait

std::uint32_t clamp(std::uint64_t number) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

tcmsg traffic_header(std::uint32_t link, std::uint32_t parent, std::uint32_t handle) {
  tcmsg header{};
  header.tcm_family = AF_UNSPEC;
  header.tcm_ifindex = static_cast<int>(link);
  header.tcm_parent = parent;
  header.tcm_handle = handle;
  return header;
}

template <class Value>
void put_struct(Batch& batch, std::uint16_t attribute, const Value& value) {
  std::array<std::uint8_t, sizeof value> octets{};
  std::memcpy(octets.data(), &value, sizeof value);
  batch.put(attribute, octets);
}

void put_redirection(Batch& batch, std::uint32_t to) {
  const auto actions = batch.open(TCA_U32_ACT);
  const auto first = batch.open(1);
  batch.put_text(TCA_ACT_KIND, "mirred");
  const auto options = batch.open(TCA_ACT_OPTIONS);
  tc_mirred redirect{};
  redirect.action = TC_ACT_STOLEN;
  redirect.eaction = TCA_EGRESS_REDIR;
  redirect.ifindex = to;
  put_struct(batch, TCA_MIRRED_PARMS, redirect);
  batch.close(options);
  batch.close(first);
  batch.close(actions);
}

// In octets. One that 32 bits cannot say is said a second time.
std::uint64_t rate_of_bucket(Bytes options) {
  std::uint64_t rate = 0;
  while (const auto attribute = next_attribute(options)) {
    if (attribute->type == TCA_TBF_PARMS && rate == 0)
      rate = read<tc_tbf_qopt>(attribute->payload).value_or(tc_tbf_qopt{}).rate.rate;
    if (attribute->type == TCA_TBF_RATE64)
      rate = read<std::uint64_t>(attribute->payload).value_or(0);
  }
  return rate;
}

}  // namespace

void limit_sending(Batch& batch, std::uint32_t link, const RateLimit& limit,
                   const std::string& name) {
  const std::uint64_t octets = limit.rate / 8;
  const std::uint64_t burst = std::max<std::uint64_t>(limit.burst / 8, 1);
  tc_tbf_qopt bucket{};
  bucket.rate.rate = clamp(octets);
  bucket.limit = clamp(octets * latency_in_milliseconds / 1000 + burst);
  batch.begin(RTM_NEWQDISC, create_or_replace, traffic_header(link, TC_H_ROOT, bucket_handle),
              "limit what " + name + " sends");
  batch.put_text(TCA_KIND, "tbf");
  const auto options = batch.open(TCA_OPTIONS);
  put_struct(batch, TCA_TBF_PARMS, bucket);
  batch.put_number(TCA_TBF_BURST, clamp(burst));
  if (octets >= std::numeric_limits<std::uint32_t>::max())
    put_struct(batch, TCA_TBF_RATE64, octets);
  batch.close(options);
}

void add_detour(Batch& batch, const DetourLink& link) {
  ifinfomsg header{};
  header.ifi_index = static_cast<int>(link.index);
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  batch.begin(RTM_NEWLINK, create, header, "create ifb link " + link.name);
  batch.put_text(IFLA_IFNAME, link.name);
  if (link.group != 0) batch.put_number(IFLA_GROUP, link.group);
  if (link.mtu != 0) batch.put_number(IFLA_MTU, link.mtu);
  const auto information = batch.open(IFLA_LINKINFO);
  batch.put_text(IFLA_INFO_KIND, "ifb");
  batch.close(information);
}

void redirect_receiving(Batch& batch, std::uint32_t link, std::uint32_t detour,
                        const std::string& name) {
  batch.begin(RTM_NEWQDISC, create, traffic_header(link, TC_H_INGRESS, ingress_handle),
              "watch what " + name + " receives");
  batch.put_text(TCA_KIND, "ingress");
  batch.tolerate(EEXIST);
  // By its handle, or each time would make one more; and in its place, since a detour that went
  // took the way of the filter that is there with it.
  tcmsg header = traffic_header(link, ingress_handle, filter_handle);
  header.tcm_info = TC_H_MAKE(1U << 16U, htons(ETH_P_ALL));
  batch.begin(RTM_NEWTFILTER, create_or_replace, header, "redirect what " + name + " receives");
  batch.put_text(TCA_KIND, "u32");
  const auto options = batch.open(TCA_OPTIONS);
  tc_u32_sel everything{};  // no key that could fail to match
  everything.flags = TC_U32_TERMINAL;
  put_struct(batch, TCA_U32_SEL, everything);
  put_redirection(batch, detour);
  batch.close(options);
}

Result<std::uint64_t> sending_rate(Socket& socket, std::uint32_t link) {
  Batch request;
  request.begin(RTM_GETQDISC, 0, traffic_header(link, 0, 0), "list queueing disciplines");
  std::uint64_t octets = 0;
  const auto dumped = socket.dump(
      request, [&] { octets = 0; },
      [&](const Message& message) {
        Bytes rest = message.payload;
        const auto header = take_header<tcmsg>(rest);
        if (!header || header->tcm_ifindex != static_cast<int>(link) ||
            header->tcm_parent != TC_H_ROOT)
          return;
        bool is_bucket = false;
        while (const auto attribute = next_attribute(rest)) {
          if (attribute->type == TCA_KIND) is_bucket = text(attribute->payload) == "tbf";
          if (attribute->type == TCA_OPTIONS && is_bucket)
            octets = rate_of_bucket(attribute->payload);
        }
      });
  return dumped ? Result<std::uint64_t>(octets * 8) : dumped.error();
}

}  // namespace paddock::net::netlink
