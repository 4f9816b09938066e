// SPDX-License-Identifier: Apache-2.0
//
// A dump as a vector of values.
#pragma once

#include "netlink/batch.hpp"
#include "netlink/socket.hpp"

#include <paddock/net/error.hpp>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

namespace paddock::net::netlink {

// Runs a dump whose messages parse turns into values; those keep does not want are left out.
template <class Value, class Keep>
Result<std::vector<Value>> list(Socket& socket, const Batch& request,
                                std::optional<Value> (*parse)(const Message&), const Keep& keep) {
  std::vector<Value> values;
  const auto dumped = socket.dump(
      request, [&] { values.clear(); },
      [&](const Message& message) {
        if (auto value = parse(message); value && keep(*value)) {
          values.push_back(std::move(*value));
        }
      });
  return dumped ? Result<std::vector<Value>>(std::move(values)) : dumped.error();
}

// Asks for one thing; absent when the kernel says that it is not there.
template <class Value>
Result<std::optional<Value>> find_one(Socket& socket, const Batch& request,
                                      std::optional<Value> (*parse)(const Message&)) {
  std::optional<Value> value;
  const auto asked = socket.get(request, [&](const Message& message) { value = parse(message); });
  if (!asked && asked.error().code.value() != ENOENT) {
    return asked.error();
  }
  return value;
}

}  // namespace paddock::net::netlink
