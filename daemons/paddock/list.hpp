// SPDX-License-Identifier: Apache-2.0
//
// Objects as rows: what `get`, `pods` and `services` show. Pure.
#pragma once

#include "paddock/output.hpp"

#include <paddock/metadata/objects.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace paddock::cli {

struct Sheet {
  Row head;
  std::vector<Row> rows;
};

// `objects` is the list metadatad answers; `now` is Unix time in milliseconds.
[[nodiscard]] Sheet sheet_of(metadata::Kind kind, const nlohmann::ordered_json& objects,
                             long long now);

// The same for services, with how many of their endpoints are ready.
[[nodiscard]] Sheet sheet_of_services(const nlohmann::ordered_json& services,
                                      const nlohmann::ordered_json& endpoints, long long now);

// Unix time in milliseconds.
[[nodiscard]] long long now_in_milliseconds();

}  // namespace paddock::cli
