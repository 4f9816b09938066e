// SPDX-License-Identifier: Apache-2.0
//
// `paddock up --foreground`: the daemons as children that are started again when they end.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace paddock::cli {

struct Supervised {
  std::string name;
  std::filesystem::path program;
  std::vector<std::string> arguments;
};

// Starts the children in order and keeps them running until SIGTERM or SIGINT; then stops them in
// reverse order. SIGHUP is passed on. A child that ends again and again is started at growing
// intervals, up to 10 s.
[[nodiscard]] int supervise(const std::vector<Supervised>& children,
                            const std::filesystem::path& run_folder);

}  // namespace paddock::cli
