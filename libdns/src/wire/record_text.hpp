// SPDX-License-Identifier: Apache-2.0
//
// Record data from its presentation form, of whatever type, with the help of ldns.
#pragma once

#include <paddock/dns/record.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace paddock::dns::wire {

// The data written as `text`, such as "10 mail" or "\# 3 abcdef" (RFC 3597), in wire form with
// names in lower case; names in it that do not end in a dot are below `origin`. Fails with what is
// wrong.
Result<std::string> parse_data(Type type, std::string_view text, const Name& origin);

// The octets that base64 stands for; nothing if it is none, or of nothing.
std::optional<std::string> parse_base64(const std::string& text);

}  // namespace paddock::dns::wire
