// SPDX-License-Identifier: Apache-2.0
#include <paddock/net/error.hpp>

#include <boost/system/system_error.hpp>

namespace paddock::net {

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw boost::system::system_error(error.code, error.text);
}

}  // namespace paddock::net
