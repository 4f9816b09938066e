// SPDX-License-Identifier: Apache-2.0
//
// Requests to etcd's JSON gateway and its answers: protocol buffers as JSON, where bytes are
// base64, 64-bit numbers are text and what is zero is left out. Pure; reading never throws.
#pragma once

#include <paddock/metadata/etcd.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace paddock::metadata::etcd {

[[nodiscard]] std::string encode(const Get& get);
[[nodiscard]] std::string encode(const Transaction& transaction);
[[nodiscard]] std::string encode_watch(const Get& range, std::int64_t revision);
[[nodiscard]] std::string encode_grant(std::chrono::seconds time, std::int64_t id);
[[nodiscard]] std::string encode_lease(std::int64_t id);
[[nodiscard]] std::string encode_login(const std::string& user, const std::string& password);

[[nodiscard]] Result<Found> decode_found(std::string_view json);
[[nodiscard]] Result<Committed> decode_committed(std::string_view json);
// Of grant and time-to-live; of keep-alive, which is a stream of one.
[[nodiscard]] Result<Lease> decode_lease(std::string_view json);
[[nodiscard]] Result<std::string> decode_token(std::string_view json);
// A line of a watch.
[[nodiscard]] Result<Notice> decode_notice(std::string_view json);

// Why etcd refuses, when the text says so: its Code and its own words.
[[nodiscard]] std::optional<Error> decode_refusal(std::string_view json);

}  // namespace paddock::metadata::etcd
