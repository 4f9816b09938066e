// SPDX-License-Identifier: Apache-2.0
//
// Where the data of a record has names in it, for whoever copies records from message to message.
#pragma once

#include <paddock/dns/record.hpp>

#include <cstdint>

namespace paddock::dns::wire {

// Octets, then names, then octets to the end. Only types whose names others may have compressed
// have names as far as copying goes (RFC 3597 section 4). NAPTR's name does not stand at one place;
// nobody is known to compress it.
struct DataForm {
  std::uint8_t before = 0;
  std::uint8_t names = 0;
};

constexpr DataForm form_of(Type type) {
  switch (static_cast<unsigned>(type)) {
    case 2:   // NS
    case 5:   // CNAME
    case 7:   // MB
    case 8:   // MG
    case 9:   // MR
    case 12:  // PTR
    case 39:  // DNAME
      return {0, 1};
    case 6:   // SOA
    case 14:  // MINFO
    case 17:  // RP
      return {0, 2};
    case 15:  // MX
    case 18:  // AFSDB
    case 21:  // RT
    case 36:  // KX
      return {2, 1};
    case 26:  // PX
      return {2, 2};
    case 33:  // SRV
      return {6, 1};
    default:
      return {};
  }
}

}  // namespace paddock::dns::wire
