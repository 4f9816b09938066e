// SPDX-License-Identifier: Apache-2.0
//
// Reading fields of the Kubernetes API's objects. What is absent, null or of another type than
// expected reads as nothing: servers older and newer than this program leave fields out and add
// some, and one odd field must not hide an object.
#pragma once

#include <paddock/metadata/values.hpp>

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace paddock::metadata::kubernetes {

using Json = nlohmann::json;

// The member, or a null value.
[[nodiscard]] const Json& at(const Json& object, std::string_view key);
// Borrowed from the object.
[[nodiscard]] std::string_view text_at(const Json& object, std::string_view key);
[[nodiscard]] bool flag_at(const Json& object, std::string_view key, bool absent = false);
// Within 0 and `most`; else 0.
[[nodiscard]] std::int64_t number_at(const Json& object, std::string_view key,
                                     std::int64_t most = INT64_MAX);
// The elements of a list, or none.
[[nodiscard]] const Json& list_at(const Json& object, std::string_view key);
[[nodiscard]] TextMap map_at(const Json& object, std::string_view key);

[[nodiscard]] std::optional<boost::asio::ip::address> address_of(const Json& text);
// Those of a list of texts that are addresses, each once.
[[nodiscard]] std::vector<boost::asio::ip::address> addresses_of(const Json& list);

// "2026-11-28T10:00:00Z" as Unix time in milliseconds; 0 when it is no such time.
[[nodiscard]] std::int64_t time_of(std::string_view text);
// A quantity such as 2, 1500m, 16Gi or 1e3, times `scale`, rounded up; 0 when it is none.
[[nodiscard]] std::int64_t quantity_of(std::string_view text, std::int64_t scale);

}  // namespace paddock::metadata::kubernetes
