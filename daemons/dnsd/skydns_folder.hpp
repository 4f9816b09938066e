// SPDX-License-Identifier: Apache-2.0
//
// A SkyDNS tree as files: the file local/skydns/web/1 (or 1.json, which counts where both are) is
// the key /skydns/local/skydns/web/1.
#pragma once

#include "dnsd/file_stamp.hpp"
#include "dnsd/skydns_source.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <utility>

namespace paddock::dnsd {

class SkyDnsFolder final : public SkyDnsSource {
 public:
  SkyDnsFolder(std::filesystem::path folder, std::string prefix)
      : folder_(std::move(folder)), prefix_(std::move(prefix)) {}

  bool refresh(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems) override;
  [[nodiscard]] SkyDnsState state() const override { return state_; }

 private:
  struct File {
    std::string path;
    FileStamp stamp{};

    friend bool operator==(const File&, const File&) = default;
  };

  [[nodiscard]] std::string key_of(const std::filesystem::path& path) const;

  std::filesystem::path folder_;
  std::string prefix_;
  std::map<std::string, File> files_;  // by key
  SkyDnsState state_;
};

// What every source does with a value, and with a key that is gone.
void take_skydns_entry(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems,
                       const std::string& key, const std::string& value,
                       std::optional<std::chrono::seconds> lease = {});
void drop_skydns_entry(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems,
                       const std::string& key);

}  // namespace paddock::dnsd
