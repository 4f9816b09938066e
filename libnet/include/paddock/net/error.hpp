// SPDX-License-Identifier: Apache-2.0
//
// How paddock::net reports what can go wrong while running: Result<T>, either a
// value or an Error. What prevents a start is thrown as std::system_error or
// std::runtime_error with a sentence instead, and caught once, in main.
#pragma once

#include <paddock/net/export.hpp>

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

#include <string>

namespace paddock::net {

// A code to branch on and a sentence for people. The sentence names the
// operation, the object and, where one exists, the remedy.
struct Error {
  boost::system::error_code code;
  std::string text;
};

// boost::system::result calls this when value() is asked of an error.
[[noreturn]] PADDOCK_NET_EXPORT void throw_exception_from_error(
    const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace paddock::net
