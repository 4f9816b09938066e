// SPDX-License-Identifier: Apache-2.0
#include "dnsd/reach.hpp"

#include "dnsd/text_lines.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace paddock::dnsd {

Reach::Reach(std::vector<metadata::Prefix> networks, std::vector<metadata::Prefix> reached)
    : networks_(std::move(networks)), reached_(std::move(reached)) {
  std::ranges::sort(reached_, {}, &metadata::Prefix::address);
}

bool Reach::holds(const boost::asio::ip::address& address) const {
  const auto has = [&](const metadata::Prefix& prefix) { return prefix.contains(address); };
  if (std::ranges::none_of(networks_, has)) return true;
  const auto next = std::ranges::upper_bound(reached_, address, {}, &metadata::Prefix::address);
  return next != reached_.begin() && has(*std::prev(next));
}

dns::Result<Reach> read_reach(const std::string& path) {
  std::vector<metadata::Prefix> networks;
  std::vector<metadata::Prefix> reached;
  const auto take = [&](const std::string& line) -> dns::Result<void> {
    const std::string_view text = line;
    if (text.empty() || text.starts_with('#')) return {};
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    const auto prefix = space == std::string_view::npos
                            ? std::nullopt
                            : metadata::parse_prefix(text.substr(space + 1));
    if (!prefix || (word != "network" && word != "reached"))
      return dns::Error{make_error_code(boost::system::errc::invalid_argument),
                        "must be \"network CIDR\" or \"reached CIDR\", as netd writes it"};
    (word == "network" ? networks : reached).push_back(*prefix);
    return {};
  };
  if (auto read = read_lines(path, take); !read) return read.error();
  return Reach(std::move(networks), std::move(reached));
}

}  // namespace paddock::dnsd
