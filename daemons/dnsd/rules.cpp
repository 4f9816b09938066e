// SPDX-License-Identifier: Apache-2.0
#include "dnsd/rules.hpp"

#include "dnsd/text_lines.hpp"

#include <iterator>

namespace paddock::dnsd {

namespace {

dns::Result<void> take_host_line(const std::string& line, std::vector<dns::HostEntry>& hosts) {
  auto entries = dns::parse_host_line(line);
  if (!entries) return entries.error();
  std::ranges::move(*entries, std::back_inserter(hosts));
  return {};
}

dns::Result<void> take_block_line(const std::string& line, std::vector<dns::Name>& blocked) {
  auto name = dns::parse_block_line(line);
  if (!name) return name.error();
  if (*name) blocked.push_back(**std::move(name));
  return {};
}

}  // namespace

dns::Result<dns::RuleSet> read_rules(const Options& options) {
  dns::RuleSet rules;
  const auto in_seconds = [](auto time) {
    return std::chrono::duration_cast<std::chrono::seconds>(time);
  };
  rules.host_ttl = in_seconds(options.hosts_ttl);
  rules.block_ttl = in_seconds(options.hosts_ttl);
  rules.block_answer =
      options.block_answer == "zero" ? dns::BlockAnswer::zero : dns::BlockAnswer::nxdomain;
  for (const auto& line : options.hosts) {
    if (auto taken = take_host_line(line, rules.hosts); !taken) return taken.error();
  }
  for (const auto& path : options.hosts_files) {
    const auto take = [&](const std::string& line) { return take_host_line(line, rules.hosts); };
    if (auto read = read_lines(path, take); !read) return read.error();
  }
  for (const auto& name : options.block) {
    rules.blocked.push_back(dns::Name::parse(name).value());
  }
  for (const auto& path : options.block_files) {
    const auto take = [&](const std::string& line) { return take_block_line(line, rules.blocked); };
    if (auto read = read_lines(path, take); !read) return read.error();
  }
  for (const auto& type : options.block_types) {
    rules.blocked_types.push_back(dns::parse_type(type).value());
  }
  for (const auto& rewrite : options.rewrite) {
    rules.rewrites.push_back(dns::parse_rewrite(rewrite).value());
  }
  if (options.dns64 != "none") {
    rules.dns64 = boost::asio::ip::make_network_v6(options.dns64);
  }
  return rules;
}

std::vector<FileStamp> rule_stamps(const Options& options) {
  std::vector<FileStamp> stamps;
  for (const auto* files : {&options.hosts_files, &options.block_files}) {
    for (const auto& path : *files) stamps.push_back(stamp_of(path));
  }
  return stamps;
}

}  // namespace paddock::dnsd
