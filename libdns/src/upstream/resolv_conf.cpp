// SPDX-License-Identifier: Apache-2.0
#include <paddock/dns/upstream.hpp>

#include <boost/asio/ip/address.hpp>
#include <ifaddrs.h>
#include <netinet/in.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

namespace paddock::dns {
namespace {

namespace ip = boost::asio::ip;

// Where systemd-resolved lists the servers it asks itself.
constexpr const char* resolved_conf = "/run/systemd/resolve/resolv.conf";

Result<ForwardingReport> read_file(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    const int reason = errno;
    return Error{{reason, boost::system::generic_category()},
                 "cannot read name servers from " + path + ": " + std::strerror(reason)};
  }
  ForwardingReport report;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream words(line);
    std::string keyword;
    std::string address;
    if (!(words >> keyword) || keyword != "nameserver" || !(words >> address)) {
      continue;
    }
    boost::system::error_code failed;
    const auto parsed = ip::make_address(address, failed);
    if (failed) {
      report.problems.push_back(path + ":" + std::to_string(number) + ": \"" + address +
                                "\" is no address");
    } else {
      report.upstreams.push_back({.endpoint = {.address = parsed, .port = 53}});
    }
  }
  return report;
}

bool is_resolved_stub(const Upstream& upstream) {
  return upstream.endpoint.address == ip::make_address_v4("127.0.0.53");
}

// Whether packets to `address` come back to this host.
bool is_local(const ip::address& address) {
  if (address.is_loopback()) {
    return true;
  }
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    return false;
  }
  const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> owner(list, &::freeifaddrs);
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) {
      continue;
    }
    if (at->ifa_addr->sa_family == AF_INET && address.is_v4()) {
      sockaddr_in own;
      std::memcpy(&own, at->ifa_addr, sizeof own);
      if (ip::address_v4(ntohl(own.sin_addr.s_addr)) == address.to_v4()) {
        return true;
      }
    } else if (at->ifa_addr->sa_family == AF_INET6 && address.is_v6()) {
      sockaddr_in6 own;
      std::memcpy(&own, at->ifa_addr, sizeof own);
      if (std::memcmp(&own.sin6_addr, address.to_v6().to_bytes().data(), 16) == 0) {
        return true;
      }
    }
  }
  return false;
}

// Who connects to 0.0.0.0 or :: is connected to loopback.
ip::address reached_at(const ip::address& address) {
  if (!address.is_unspecified()) {
    return address;
  }
  return address.is_v4() ? ip::address(ip::address_v4::loopback())
                         : ip::address(ip::address_v6::loopback());
}

bool is_self(const Endpoint& upstream, std::span<const Endpoint> own) {
  const auto address = reached_at(upstream.address);
  return std::ranges::any_of(own, [&](const Endpoint& listener) {
    return listener.port == upstream.port &&
           (listener.address == address ||
            (listener.address.is_unspecified() && listener.address.is_v4() == address.is_v4() &&
             is_local(address)));
  });
}

// Takes out what cannot be asked, and says so.
void drop_unusable(std::vector<Upstream>& upstreams, std::span<const Endpoint> own,
                   std::vector<std::string>& problems) {
  std::erase_if(upstreams, [&](const Upstream& upstream) {
    const auto& address = upstream.endpoint.address;
    if (is_self(upstream.endpoint, own)) {
      problems.push_back("upstream " + format(upstream) +
                         " is this server itself and is not asked");
      return true;
    }
    if (address.is_v6() && address.to_v6().is_link_local()) {
      problems.push_back("upstream " + format(upstream) +
                         " is link-local, which is not supported, and is not asked");
      return true;
    }
    return false;
  });
}

}  // namespace

Result<ForwardingReport> read_resolv_conf(const std::string& path) {
  auto report = read_file(path);
  if (report && path != resolved_conf && !report->upstreams.empty() &&
      std::ranges::all_of(report->upstreams, is_resolved_stub)) {
    auto behind = read_file(resolved_conf);
    if (behind && !behind->upstreams.empty()) {
      return behind;
    }
  }
  return report;
}

ForwardingReport choose_upstreams(const ForwardOptions& options, std::span<const Endpoint> own) {
  ForwardingReport report;
  report.upstreams = options.upstreams;
  if (report.upstreams.empty() && !options.resolv_conf.empty()) {
    auto read = read_resolv_conf(options.resolv_conf);
    if (!read) {
      report.problems.push_back(read.error().text + "; other names are refused until it is there");
    } else {
      report = *std::move(read);
      if (report.upstreams.empty()) {
        report.problems.push_back(options.resolv_conf +
                                  " names no usable name server; other names are refused");
      }
    }
  }
  drop_unusable(report.upstreams, own, report.problems);
  report.sets = options.sets;
  for (auto& set : report.sets) {
    drop_unusable(set.upstreams, own, report.problems);
  }
  report.stubs = options.stubs;
  for (auto& stub : report.stubs) {
    drop_unusable(stub.upstreams, own, report.problems);
    if (stub.upstreams.empty()) {
      report.problems.push_back("zone " + stub.zone.format() +
                                " has no resolver left; its names are refused");
    }
  }
  return report;
}

}  // namespace paddock::dns
