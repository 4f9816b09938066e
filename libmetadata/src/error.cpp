// SPDX-License-Identifier: Apache-2.0
#include <boost/system/system_error.hpp>
#include <paddock/metadata/error.hpp>

namespace paddock::metadata {

void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw boost::system::system_error(error.code, error.text);
}

}  // namespace paddock::metadata
