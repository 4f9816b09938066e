// SPDX-License-Identifier: Apache-2.0
//
// The addresses of host-local: one file per address, as that plugin keeps them, so that the two can
// take over from one another at any time and even work side by side (docs/standard-plugins.md).
//
//   <folder>/<address>              container id, CR LF, interface
//   <folder>/last_reserved_ip.<n>   where the round of the n-th set of ranges has got to
//   <folder>/lock                   held while one of them works
#pragma once

#include "standard/ranges.hpp"

#include <paddock/net/cni.hpp>
#include <paddock/net/error.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace paddock::net::standard {

struct HostLocalSettings {
  std::vector<RangeSet> sets;
  std::vector<cni::Route> routes;
  cni::Dns dns;                      // of ipam.resolvConf
  std::filesystem::path folder;      // <dataDir>/<network>
  std::vector<IpAddress> requested;  // each must find its set
};

// Out of a whole plugin configuration. Refuses with the field's name. For DEL and GC only the
// folder counts, and nothing else is looked at.
HostLocalSettings host_local_settings(const cni::Json& config, const cni::Request& request);

// Whose an address is.
struct Holder {
  std::string container;
  std::string ifname;  // empty: not said, as by old versions

  friend auto operator<=>(const Holder&, const Holder&) = default;
};

// Any thread. What is on disk counts; what memory knows of it is used while nobody else has
// changed the folder.
class HostLocal {
 public:
  HostLocal();
  ~HostLocal();

  // One address of each set, all or none. Errors: file_exists: the holder has one of this set
  // already; address_in_use, address_not_available: of a requested one; no_buffer_space: a set is
  // used up; others as the file system gave them.
  Result<std::vector<cni::Ip>> reserve(const HostLocalSettings& settings, const Holder& holder);
  // What the holder has is free again; nothing is success, as is a folder that is not there.
  Result<void> release(const std::filesystem::path& folder, const Holder& holder);
  Result<bool> holds(const std::filesystem::path& folder, const Holder& holder);
  // Everybody who has an address there.
  Result<std::vector<Holder>> holders(const std::filesystem::path& folder);
  // Whether a set has no address left.
  Result<bool> is_used_up(const HostLocalSettings& settings);

 private:
  class Folder;
  std::shared_ptr<Folder> at(const std::filesystem::path& folder);

  std::mutex mutex_;  // folders_
  std::map<std::filesystem::path, std::shared_ptr<Folder>> folders_;
};

}  // namespace paddock::net::standard
