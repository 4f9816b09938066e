// SPDX-License-Identifier: Apache-2.0
#include "marks.hpp"
#include "netlink/socket.hpp"
#include "netlink/values.hpp"

#include <paddock/net/host_network.hpp>

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace paddock::net {
namespace {

// What the event says about what ensure() or reconcile() look at. Messages of deletion are laid out
// as those of creation. What cannot be read may be about anything.
void note_event(KernelChange& change, netlink::Message message) {
  switch (message.type) {
    case RTM_NEWLINK:
    case RTM_DELLINK: {
      message.type = RTM_NEWLINK;
      const auto link = netlink::parse_link(message);
      if (!link || link->name == gateway_link) {
        change.is_wide = true;
      } else if (link->group == pod_group) {
        change.links.insert(link->index);
      }
      return;
    }
    case RTM_DELROUTE: {
      message.type = RTM_NEWROUTE;
      const auto route = netlink::parse_route(message);
      if (!route) {
        change.is_wide = true;
      } else if (route->protocol == route_protocol && route->type == RTN_UNREACHABLE) {
        change.tables = true;
      } else if (route->protocol == route_protocol) {
        change.links.insert(route->link);
      }
      return;
    }
    case RTM_DELADDR: {
      message.type = RTM_NEWADDR;
      const auto address = netlink::parse_address(message);
      change.is_wide = change.is_wide || !address || address->link < first_pod_index;
      return;
    }
    default:
      return;
  }
}

// Every nftables message about a table, or something in it, has the table's name as attribute 1.
bool concerns_our_table(const netlink::Message& message) {
  netlink::Bytes rest = message.payload;
  (void)netlink::take_header<nfgenmsg>(rest);
  while (const auto attribute = netlink::next_attribute(rest)) {
    if (attribute->type == NFTA_TABLE_NAME) {
      return netlink::text(attribute->payload) == table_name;
    }
  }
  return false;
}

}  // namespace

class KernelWatch::State {
 public:
  explicit State(const NetworkNamespace& host)
      : routes_(netlink::Socket::open(host, NETLINK_ROUTE,
                                      {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                       RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE})
                    .value()),
        tables_(netlink::Socket::open(host, NETLINK_NETFILTER, {NFNLGRP_NFTABLES}).value()),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    for (const netlink::Socket* socket : {&routes_, &tables_}) {
      epoll_event event{};
      event.events = EPOLLIN;
      if (epoll_ < 0 || ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket->descriptor(), &event) != 0) {
        throw std::system_error(errno, std::generic_category(), "watch netlink sockets");
      }
    }
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { ::close(epoll_); }

  int descriptor() const { return epoll_; }

  KernelChange drain() {
    KernelChange change;
    const auto routes =
        routes_.drain([&](const netlink::Message& message) { note_event(change, message); });
    const auto tables = tables_.drain([&](const netlink::Message& message) {
      change.tables = change.tables || concerns_our_table(message);
    });
    const bool complete = routes && *routes && tables && *tables;
    change.is_wide = change.is_wide || !complete;
    return change;
  }

 private:
  netlink::Socket routes_;
  netlink::Socket tables_;
  int epoll_;
};

KernelWatch::KernelWatch(const NetworkNamespace& host) : state_(std::make_unique<State>(host)) {}
KernelWatch::~KernelWatch() = default;
int KernelWatch::descriptor() const { return state_->descriptor(); }
KernelChange KernelWatch::drain() { return state_->drain(); }

}  // namespace paddock::net
