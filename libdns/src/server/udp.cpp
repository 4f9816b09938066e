// SPDX-License-Identifier: Apache-2.0
#include "server/udp.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>

namespace paddock::dns::server {
namespace {

using std::chrono::steady_clock;

// Longer than any sensible query; what is cut off at the end is answered FORMERR.
constexpr std::size_t query_size = 2048;

// Turns the control message of a query, which says where it arrived, into one that makes the
// reply leave from there. The interface is left to routing, except for link-local addresses.
void turn_around(msghdr& header) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&header); at != nullptr; at = CMSG_NXTHDR(&header, at)) {
    if (at->cmsg_level == IPPROTO_IP && at->cmsg_type == IP_PKTINFO) {
      in_pktinfo info;
      std::memcpy(&info, CMSG_DATA(at), sizeof info);
      info.ipi_ifindex = 0;
      info.ipi_spec_dst = info.ipi_addr;
      std::memcpy(CMSG_DATA(at), &info, sizeof info);
    } else if (at->cmsg_level == IPPROTO_IPV6 && at->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info;
      std::memcpy(&info, CMSG_DATA(at), sizeof info);
      if (!IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) {
        info.ipi6_ifindex = 0;
      }
      std::memcpy(CMSG_DATA(at), &info, sizeof info);
    }
  }
}

}  // namespace

Udp::Udp(std::vector<int> sockets, std::uint16_t max_payload, Responder& responder,
         Tallies& tallies)
    : sockets_(std::move(sockets)),
      responder_(responder),
      tallies_(tallies),
      queries_(batch * query_size),
      replies_(batch * max_payload) {
  for (std::size_t i = 0; i < batch; ++i) {
    Slot& slot = slots_[i];
    slot.in = {.iov_base = &queries_[i * query_size], .iov_len = query_size};
    slot.out = {.iov_base = &replies_[i * max_payload], .iov_len = max_payload};
    in_[i].msg_hdr.msg_iov = &slot.in;
    in_[i].msg_hdr.msg_iovlen = 1;
    in_[i].msg_hdr.msg_name = &slot.client;
    in_[i].msg_hdr.msg_control = slot.control.data();
    in_[i].msg_hdr.msg_namelen = sizeof slot.client;
    in_[i].msg_hdr.msg_controllen = slot.control.size();
  }
}

bool Udp::drain(std::size_t socket) {
  for (int round = 0; round < max_batches; ++round) {
    const std::size_t received = receive(sockets_[socket]);
    if (received == 0) {
      return true;
    }
    answer(socket, received);
  }
  return false;
}

std::size_t Udp::receive(int socket) {
  const int received = ::recvmmsg(socket, in_.data(), batch, MSG_DONTWAIT, nullptr);
  return received > 0 ? static_cast<std::size_t>(received) : 0;
}

void Udp::answer(std::size_t socket, std::size_t received) {
  const auto begun = steady_clock::now();
  responder_.set_time(begun, static_cast<std::uint32_t>(::time(nullptr)));
  std::size_t replies = 0;
  Route route{.transport = Transport::udp, .number = socket};
  for (std::size_t i = 0; i < received; ++i) {
    Slot& slot = slots_[i];
    msghdr& header = in_[i].msg_hdr;
    if (header.msg_controllen != 0) {
      turn_around(header);
    }
    route.client = slot.client;
    route.control = slot.control;
    route.control_size = static_cast<std::uint8_t>(header.msg_controllen);
    const std::span reply(static_cast<std::uint8_t*>(slot.out.iov_base), replies_.size() / batch);
    const auto response = responder_.respond(
        {static_cast<std::uint8_t*>(slot.in.iov_base), in_[i].msg_len}, route, reply);
    if (response.result == Responder::Result::replied) {
      slot.out.iov_len = response.size;
      msghdr& out = out_[replies++].msg_hdr;
      out = header;
      out.msg_iov = &slot.out;
      out.msg_flags = 0;
    }
    header.msg_namelen = sizeof slot.client;
    header.msg_controllen = slot.control.size();
  }
  transmit(sockets_[socket], replies);
  if (replies > 0) {
    tallies_.latency.add(steady_clock::now() - begun, replies);
  }
}

// A datagram that cannot be sent is lost, as datagrams are; the ones behind it are not.
void Udp::transmit(int socket, std::size_t count) {
  for (std::size_t sent = 0; sent < count;) {
    const int done =
        ::sendmmsg(socket, &out_[sent], static_cast<unsigned>(count - sent), MSG_DONTWAIT);
    if (done > 0) {
      sent += static_cast<std::size_t>(done);
    } else if (errno != EINTR) {
      tallies_.dropped += 1;
      ++sent;
    }
  }
}

void Udp::send(const Route& route, std::span<const std::uint8_t> reply) {
  if (reply.empty()) {
    return;
  }
  Route peer = route;
  iovec data{.iov_base = const_cast<std::uint8_t*>(reply.data()), .iov_len = reply.size()};
  msghdr header{};
  header.msg_name = &peer.client;
  header.msg_namelen = size(peer.client);
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = peer.control_size != 0 ? peer.control.data() : nullptr;
  header.msg_controllen = peer.control_size;
  if (::sendmsg(sockets_[route.number], &header, MSG_DONTWAIT) < 0) {
    tallies_.dropped += 1;
  }
}

}  // namespace paddock::dns::server
