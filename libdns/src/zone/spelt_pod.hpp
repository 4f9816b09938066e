// SPDX-License-Identifier: Apache-2.0
//
// Names that spell an address, `10-0-0-1.shop.pod.cluster.local`, where their parent says that they
// are answered with it.
#pragma once

#include "wire/message.hpp"
#include "zone/dashed_address.hpp"
#include "zone/table.hpp"

#include <cstdint>
#include <optional>

namespace paddock::dns {

struct SpeltPod {
  SpeltAddress address;
  std::uint32_t ttl = 0;
};

// Nothing when the name, which has no entry, spells no address, or one that is none of its
// parent's.
std::optional<SpeltPod> find_spelt_pod(const AuthorityTable& table, wire::Bytes name) noexcept;

}  // namespace paddock::dns
