// SPDX-License-Identifier: Apache-2.0
//
// Netlink requests in a row, to be sent in one system call. Each is begun with its header, then
// gets its attributes; a sentence about it goes into the error should the kernel refuse it.
#pragma once

#include "netlink/reader.hpp"

#include <paddock/net/address.hpp>

#include <linux/netlink.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::net::netlink {

// Flags of a request that makes something.
inline constexpr std::uint16_t create = NLM_F_CREATE | NLM_F_EXCL;
inline constexpr std::uint16_t create_or_replace = NLM_F_CREATE | NLM_F_REPLACE;

class Batch {
 public:
  struct Operation {
    std::size_t offset = 0;  // of its message in bytes()
    std::string what;
    std::vector<int> tolerated;
  };

  // Begins a request; NLM_F_REQUEST is added to flags.
  template <class Header>
  void begin(std::uint16_t type, std::uint16_t flags, const Header& header, std::string what) {
    begin_message(type, flags, std::move(what));
    append(&header, sizeof header);
  }

  // The kernel may refuse the request just begun with this errno: that counts as done.
  void tolerate(int code) { operations_.back().tolerated.push_back(code); }

  void put(std::uint16_t attribute, Bytes value);
  void put_number(std::uint16_t attribute, std::uint32_t value);
  void put_octet(std::uint16_t attribute, std::uint8_t value);
  void put_text(std::uint16_t attribute, std::string_view value);  // with its final zero
  void put_address(std::uint16_t attribute, const IpAddress& value);
  void put_mac(std::uint16_t attribute, const MacAddress& value);

  // Opens a nested attribute; close it with what was returned.
  std::size_t open(std::uint16_t attribute);
  void close(std::size_t opened);
  // Fixed bytes inside the message or a nested attribute, padded to four.
  void append(const void* data, std::size_t size);

  const std::vector<std::uint8_t>& bytes() const { return bytes_; }
  const std::vector<Operation>& operations() const { return operations_; }
  bool empty() const { return operations_.empty(); }
  // Forgets all requests and keeps the memory for others.
  void clear() {
    bytes_.clear();
    operations_.clear();
  }

 private:
  void begin_message(std::uint16_t type, std::uint16_t flags, std::string what);
  void update_length();

  std::vector<std::uint8_t> bytes_;
  std::vector<Operation> operations_;
};

}  // namespace paddock::net::netlink
