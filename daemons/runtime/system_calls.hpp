// SPDX-License-Identifier: Apache-2.0
//
// What the kernel is to do for this process from now on (seccomp): what a daemon may need and
// nothing else; all other calls fail with EPERM. For where no service manager sets such a filter.
#pragma once

#include <string>

namespace paddock::runtime {

// For all threads of this process, and the programs they execute. Nothing is changed where a filter
// is in force already. Why it cannot be done, or nothing.
[[nodiscard]] std::string refuse_other_system_calls();

}  // namespace paddock::runtime
