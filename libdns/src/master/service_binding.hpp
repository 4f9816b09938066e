// SPDX-License-Identifier: Apache-2.0
//
// The data of SVCB and HTTPS records as RFC 9460 section 2.1 writes it. Read here because ldns
// loses memory on parameters that are broken.
#pragma once

#include <paddock/dns/name.hpp>

#include <span>
#include <string>
#include <string_view>

namespace paddock::dns::master {

// `words` are the priority, the target, of which a name without a final dot is below `origin`, and
// the parameters, in any order. What comes back is in wire form: parameters in ascending order, the
// target in lower case. Fails with what is wrong.
Result<std::string> parse_service_binding(std::span<const std::string_view> words,
                                          const Name& origin);

}  // namespace paddock::dns::master
