// SPDX-License-Identifier: Apache-2.0
//
// Where the data of a record has names in it, for whoever copies records from message to message.
#pragma once

#include <paddock/dns/record.hpp>

#include <cstdint>

namespace paddock::dns::wire {

// Octets, then names, then octets to the end. Only types that RFC 1035 lets others compress have
// names as far as copying goes (RFC 3597 section 4).
struct DataForm {
  std::uint8_t before = 0;
  std::uint8_t names = 0;
};

constexpr DataForm form_of(Type type) {
  switch (type) {
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      return {0, 1};
    case Type::soa:
      return {0, 2};
    case Type::mx:
      return {2, 1};
    case Type::srv:
      return {6, 1};
    default:
      return {};
  }
}

}  // namespace paddock::dns::wire
