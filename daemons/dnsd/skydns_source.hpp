// SPDX-License-Identifier: Apache-2.0
//
// Where a SkyDNS tree is kept: a folder of files, or etcd. A source tells what changed; it keeps
// saying nothing while it is lost, so that what was known stays. refresh() and the questions are
// for the control thread.
#pragma once

#include <paddock/dns/skydns.hpp>
#include <paddock/metadata/access.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace paddock::dnsd {

// What `skydns:` says: a folder, or members of one etcd and the prefix of the keys.
struct SkyDnsLocation {
  std::string directory{};
  std::vector<std::string> endpoints{};
  std::string prefix = "/skydns";
};

// Reads skydns:/FOLDER, skydns:http://HOST:PORT or skydns:https://HOST:PORT/PREFIX; a sentence when
// it is none of them.
[[nodiscard]] dns::Result<SkyDnsLocation> parse_skydns_location(const std::string& text);

struct SkyDnsState {
  bool is_known = false;  // the whole tree was read once
  bool is_fresh = false;  // and is followed now
  std::string reason{};   // why not; empty: it was not tried yet

  friend bool operator==(const SkyDnsState&, const SkyDnsState&) = default;
};

class SkyDnsSource {
 public:
  virtual ~SkyDnsSource() = default;

  // Takes what changed into `names`; values that are no entries go to `problems`, by key, those
  // that are good or gone leave it. True when anything changed.
  virtual bool refresh(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems) = 0;
  [[nodiscard]] virtual SkyDnsState state() const = 0;
};

// `wake` is called from another thread when refresh() has something to do. A folder is looked at
// in each refresh().
[[nodiscard]] std::unique_ptr<SkyDnsSource> open_skydns_source(const SkyDnsLocation& location,
                                                               const metadata::Access& access,
                                                               std::function<void()> wake);

}  // namespace paddock::dnsd
