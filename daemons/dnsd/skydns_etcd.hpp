// SPDX-License-Identifier: Apache-2.0
//
// A SkyDNS tree in etcd v3: read whole, then watched by a thread of its own. When the watch is
// lost, or what was missed is gone, it is read whole again and compared.
#pragma once

#include "dnsd/skydns_source.hpp"

#include <paddock/metadata/etcd.hpp>

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace paddock::dnsd {

class SkyDnsEtcd final : public SkyDnsSource {
 public:
  SkyDnsEtcd(const SkyDnsLocation& location, const metadata::Access& access,
             std::function<void()> wake);
  ~SkyDnsEtcd() override;
  SkyDnsEtcd(const SkyDnsEtcd&) = delete;
  SkyDnsEtcd& operator=(const SkyDnsEtcd&) = delete;

  bool refresh(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems) override;
  [[nodiscard]] SkyDnsState state() const override;

 private:
  struct Value {
    std::string json;
    std::optional<std::chrono::seconds> lease{};
  };

  void run();
  metadata::Result<void> follow();
  bool take(const metadata::etcd::Notice& notice);
  Value value_of(const metadata::etcd::KeyValue& pair);
  void lose(const metadata::Error& why);

  const std::string prefix_;
  metadata::etcd::Client client_;
  metadata::etcd::Client leases_;  // asked while the other one watches
  std::function<void()> wake_;
  std::map<std::int64_t, std::chrono::seconds> granted_;  // of leases; the thread's own

  // What the thread leaves for the control thread.
  mutable std::mutex mutex_;
  std::condition_variable stopping_;
  std::map<std::string, std::optional<Value>> changes_;  // nothing: the key is gone
  bool is_whole_ = false;                                // changes_ is all there is
  SkyDnsState state_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace paddock::dnsd
