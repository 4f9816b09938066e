// SPDX-License-Identifier: Apache-2.0
//
// An Error out of an errno: "<what was tried>: <what the system says>".
#pragma once

#include <paddock/net/error.hpp>

#include <boost/system/error_code.hpp>

#include <string>
#include <system_error>
#include <utility>

namespace paddock::net {

inline Error failure(int code, std::string text) {
  text += ": " + std::generic_category().message(code);
  return {boost::system::error_code(code, boost::system::generic_category()), std::move(text)};
}

// One whose text says it all.
inline Error objection(int code, std::string text) {
  return {boost::system::error_code(code, boost::system::generic_category()), std::move(text)};
}

}  // namespace paddock::net
