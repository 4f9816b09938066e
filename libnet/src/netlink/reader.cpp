// SPDX-License-Identifier: Apache-2.0
#include "netlink/reader.hpp"

#include <linux/netlink.h>

#include <algorithm>

namespace paddock::net::netlink {
namespace {

// Splits length bytes off the front of bytes and skips the padding to the next multiple of four.
Bytes split(Bytes& bytes, std::size_t length) {
  const Bytes front = bytes.first(length);
  bytes = bytes.subspan(std::min(bytes.size(), (length + 3U) & ~std::size_t{3}));
  return front;
}

}  // namespace

std::optional<Message> next_message(Bytes& bytes) {
  const auto header = read<nlmsghdr>(bytes);
  if (!header || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > bytes.size()) {
    return std::nullopt;
  }
  const Bytes whole = split(bytes, header->nlmsg_len);
  return Message{header->nlmsg_type, header->nlmsg_flags, header->nlmsg_seq,
                 whole.subspan(sizeof(nlmsghdr))};
}

std::optional<Attribute> next_attribute(Bytes& bytes) {
  const auto header = read<nlattr>(bytes);
  if (!header || header->nla_len < sizeof(nlattr) || header->nla_len > bytes.size()) {
    return std::nullopt;
  }
  const Bytes whole = split(bytes, header->nla_len);
  return Attribute{static_cast<std::uint16_t>(header->nla_type & NLA_TYPE_MASK),
                   whole.subspan(sizeof(nlattr))};
}

std::string text(Bytes bytes) {
  return {bytes.begin(), std::find(bytes.begin(), bytes.end(), std::uint8_t{0})};
}

}  // namespace paddock::net::netlink
