// SPDX-License-Identifier: Apache-2.0
//
// A lease as bytes of the store: the key that names its attachment, and a JSON value with a version
// number, so that a later Paddock can read what an earlier one wrote.
#pragma once

#include <paddock/net/lease_store.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace paddock::net {

// "<network>\0<container>\0<ifname>"; at most 511 bytes with names as cni::parse lets through.
std::string format_lease_key(const AttachmentId& id);
std::optional<AttachmentId> parse_lease_key(std::string_view key);

std::string format_lease(const Lease& lease);
// The id comes from the key. Absent when the value is damaged or of an unknown version.
std::optional<Lease> parse_lease(const AttachmentId& id, std::string_view value);

// Since 1970, as times are kept.
std::int64_t to_milliseconds(std::chrono::system_clock::time_point time);

}  // namespace paddock::net
