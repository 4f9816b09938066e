// SPDX-License-Identifier: Apache-2.0
#include "upstream/channel.hpp"

#include "upstream/question.hpp"

#include <ares.h>
#include <boost/asio/ip/address.hpp>

#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace paddock::dns::upstream {
namespace {

ares_addr_port_node server_node(const Endpoint& resolver) {
  ares_addr_port_node node{};
  node.udp_port = node.tcp_port = resolver.port;
  if (resolver.address.is_v4()) {
    node.family = AF_INET;
    const auto bytes = resolver.address.to_v4().to_bytes();
    std::memcpy(&node.addr.addr4, bytes.data(), bytes.size());
  } else {
    node.family = AF_INET6;
    const auto bytes = resolver.address.to_v6().to_bytes();
    std::memcpy(&node.addr.addr6, bytes.data(), bytes.size());
  }
  return node;
}

void check(int status) {
  if (status != ARES_SUCCESS) {
    throw std::runtime_error(std::string("c-ares: ") + ares_strerror(status));
  }
}

}  // namespace

struct Channel::Exchange {
  Channel& channel;
  std::uint64_t id;

  static void on_end(void* self, int status, int /*timeouts*/, unsigned char* response, int size) {
    const std::unique_ptr<Exchange> exchange(static_cast<Exchange*>(self));
    --exchange->channel.pending_;
    if (status == ARES_EDESTRUCTION || status == ARES_ECANCELLED) {
      return;
    }
    const auto failure = response != nullptr && size > 0 ? Failure::none
                         : status == ARES_ETIMEOUT       ? Failure::timed_out
                                                         : Failure::network;
    exchange->channel.owner_.on_end(
        exchange->id, failure,
        {response, failure == Failure::none ? static_cast<std::size_t>(size) : 0});
  }
};

void Channel::on_socket(void* self, int descriptor, int readable, int writable) {
  auto& channel = *static_cast<Channel*>(self);
  channel.owner_.on_socket(channel, descriptor, readable != 0, writable != 0);
}

// Everything c-ares would otherwise look up in files or the environment is given, and resolv.conf
// is nowhere: a channel is opened every few queries.
ares_channeldata* Channel::open(const Endpoint& resolver, std::chrono::milliseconds timeout) {
  static char lookups[] = "b";
  static char no_file[] = "/dev/null";
  static char root[] = ".";
  static char* domains[] = {root};
  ares_options options{};
  options.flags = ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS;
  options.ednspsz = payload_limit;
  options.timeout = static_cast<int>(timeout.count());
  options.tries = 1;
  options.ndots = 1;
  options.lookups = lookups;
  options.resolvconf_path = no_file;
  options.domains = domains;
  options.ndomains = 1;
  options.sock_state_cb = &Channel::on_socket;
  options.sock_state_cb_data = this;
  ares_channeldata* channel = nullptr;
  check(ares_init_options(&channel, &options,
                          ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                              ARES_OPT_NDOTS | ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF |
                              ARES_OPT_DOMAINS | ARES_OPT_SOCK_STATE_CB));
  auto node = server_node(resolver);
  if (const int status = ares_set_servers_ports(channel, &node); status != ARES_SUCCESS) {
    ares_destroy(channel);
    check(status);
  }
  return channel;
}

Channel::Channel(const Endpoint& resolver, std::chrono::milliseconds timeout, TransportOwner& owner)
    : owner_(owner), channel_(open(resolver, timeout)) {}

Channel::~Channel() { ares_destroy(channel_); }

void Channel::send(std::span<const std::uint8_t> query, std::uint64_t exchange) {
  ++sent_;
  ++pending_;
  ares_send(channel_, query.data(), static_cast<int>(query.size()), &Exchange::on_end,
            new Exchange{*this, exchange});
}

void Channel::ready(int descriptor, bool readable, bool writable) {
  ares_process_fd(channel_, readable ? descriptor : ARES_SOCKET_BAD,
                  writable ? descriptor : ARES_SOCKET_BAD);
}

void Channel::expire() { ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD); }

}  // namespace paddock::dns::upstream
