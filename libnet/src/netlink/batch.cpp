// SPDX-License-Identifier: Apache-2.0
#include "netlink/batch.hpp"

#include <linux/netlink.h>

#include <algorithm>
#include <cstring>

namespace paddock::net::netlink {

void Batch::begin_message(std::uint16_t type, std::uint16_t flags, std::string what) {
  operations_.push_back({bytes_.size(), std::move(what), {}});
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  append(&header, sizeof header);
}

void Batch::append(const void* data, std::size_t size) {
  const auto* const first = static_cast<const std::uint8_t*>(data);
  bytes_.insert(bytes_.end(), first, first + size);
  bytes_.resize((bytes_.size() + 3U) & ~std::size_t{3});
  update_length();
}

void Batch::update_length() {
  const std::size_t offset = operations_.back().offset;
  const auto length = static_cast<std::uint32_t>(bytes_.size() - offset);
  std::memcpy(bytes_.data() + offset, &length, sizeof length);
}

void Batch::put(std::uint16_t attribute, Bytes value) {
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), attribute};
  const std::size_t begin = bytes_.size();
  bytes_.resize(begin + ((sizeof header + value.size() + 3U) & ~std::size_t{3}));
  std::memcpy(bytes_.data() + begin, &header, sizeof header);
  std::copy(value.begin(), value.end(), bytes_.data() + begin + sizeof header);
  update_length();
}

void Batch::put_number(std::uint16_t attribute, std::uint32_t value) {
  std::array<std::uint8_t, sizeof value> octets{};
  std::memcpy(octets.data(), &value, sizeof value);
  put(attribute, octets);
}

void Batch::put_octet(std::uint16_t attribute, std::uint8_t value) {
  put(attribute, Bytes(&value, 1));
}

void Batch::put_text(std::uint16_t attribute, std::string_view value) {
  std::vector<std::uint8_t> octets(value.begin(), value.end());
  octets.push_back(0);
  put(attribute, octets);
}

void Batch::put_address(std::uint16_t attribute, const IpAddress& value) {
  if (value.is_v4()) {
    put(attribute, value.to_v4().to_bytes());
  } else {
    put(attribute, value.to_v6().to_bytes());
  }
}

void Batch::put_mac(std::uint16_t attribute, const MacAddress& value) {
  put(attribute, value.octets);
}

std::size_t Batch::open(std::uint16_t attribute) {
  const std::size_t opened = bytes_.size();
  const nlattr header{0, static_cast<std::uint16_t>(attribute | NLA_F_NESTED)};
  append(&header, sizeof header);
  return opened;
}

void Batch::close(std::size_t opened) {
  const auto length = static_cast<std::uint16_t>(bytes_.size() - opened);
  std::memcpy(bytes_.data() + opened, &length, sizeof length);
}

}  // namespace paddock::net::netlink
