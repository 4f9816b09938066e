// SPDX-License-Identifier: Apache-2.0
//
// An Error out of an errno: "<what was tried>: <what the system says>"; and out of what is thrown
// where nobody may throw.
#pragma once

#include <paddock/net/error.hpp>

#include <boost/system/error_code.hpp>

#include <cerrno>
#include <exception>
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

// What the work returns. What it throws, for want of descriptors, is an error as any other.
template <class Work>
auto contained(const Work& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& failed) {
    return objection(EMFILE, failed.what());
  }
}

}  // namespace paddock::net
