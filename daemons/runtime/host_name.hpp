// SPDX-License-Identifier: Apache-2.0
//
// How this host is called in the cluster. All daemons know its pods by that, so all must say the
// same.
#pragma once

#include <string>

namespace paddock::runtime {

// As told; where nothing is, the kernel's host name in lower case, as Kubernetes names its nodes
// and as the registry wants it.
[[nodiscard]] std::string host_name(const std::string& told);

// For the option that tells it: what is allowed when the text can be no host's name. Empty is as
// good as not told.
[[nodiscard]] std::string check_host_name(const std::string& text);

}  // namespace paddock::runtime
