// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/reload: answered when whoever reads the files has done so.
#pragma once

#include "service/writes.hpp"

#include <paddock/metadata/service.hpp>

#include <memory>
#include <string_view>

namespace paddock::metadata::service {

// 200 `OK`; what `refusal` makes of a status and a sentence when it failed. An empty `reload` has
// nothing to read and is OK.
[[nodiscard]] Response reload(const Reload& reload, const std::shared_ptr<Mailbox>& mailbox,
                              ConnectionId connection,
                              Response (*refusal)(int status, std::string_view text));

}  // namespace paddock::metadata::service
