// SPDX-License-Identifier: Apache-2.0
//
// What the server is told, of the options and of what else says who is asked.
#pragma once

#include "dnsd/answers_file.hpp"
#include "dnsd/options.hpp"

#include <paddock/dns/server.hpp>

#include <memory>
#include <vector>

namespace paddock::dnsd {

// `sets` are those that clients' views name; `more_stubs` come beside those of the options.
[[nodiscard]] dns::ForwardOptions forward_options(const Options& options,
                                                  const AnswersFile& answers,
                                                  const std::vector<dns::UpstreamSet>& sets,
                                                  const std::vector<dns::StubZone>& more_stubs);

[[nodiscard]] dns::ServerOptions server_options(const Options& options,
                                                dns::ForwardOptions forwarding,
                                                std::shared_ptr<const dns::Rules> rules);

}  // namespace paddock::dnsd
