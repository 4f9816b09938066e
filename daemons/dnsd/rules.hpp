// SPDX-License-Identifier: Apache-2.0
//
// The rules of the options, and of the files these name.
#pragma once

#include "dnsd/file_stamp.hpp"
#include "dnsd/options.hpp"

#include <paddock/dns/rules.hpp>

#include <vector>

namespace paddock::dnsd {

// Fails with a sentence that names the file and the line.
[[nodiscard]] dns::Result<dns::RuleSet> read_rules(const Options& options);

// By which a change of one of the files is seen.
[[nodiscard]] std::vector<FileStamp> rule_stamps(const Options& options);

}  // namespace paddock::dnsd
