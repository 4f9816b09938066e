// SPDX-License-Identifier: Apache-2.0
#include "dnsd/skydns_etcd.hpp"

#include "dnsd/skydns_folder.hpp"
#include "runtime/log.hpp"

#include <pthread.h>

#include <csignal>
#include <utility>

namespace paddock::dnsd {

namespace {

namespace etcd = metadata::etcd;
namespace log = runtime::log;
using std::chrono::milliseconds;

constexpr milliseconds first_pause{200};
constexpr milliseconds longest_pause{10'000};

etcd::Options client_options(const SkyDnsLocation& location, const metadata::Access& access) {
  return {.endpoints = location.endpoints, .access = access};
}

}  // namespace

SkyDnsEtcd::SkyDnsEtcd(const SkyDnsLocation& location, const metadata::Access& access,
                       std::function<void()> wake)
    : prefix_(location.prefix + "/"),
      client_(client_options(location, access)),
      leases_(client_options(location, access)),
      wake_(std::move(wake)) {
  // Signals are for the control thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

SkyDnsEtcd::~SkyDnsEtcd() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  stopping_.notify_all();
  client_.interrupt();
  leases_.interrupt();
  thread_.join();
}

void SkyDnsEtcd::run() {
  auto pause = first_pause;
  for (;;) {
    const auto followed = follow();
    std::unique_lock lock(mutex_);
    if (is_stopping_) return;
    pause = state_.is_fresh ? first_pause : std::min(pause * 2, longest_pause);
    lock.unlock();
    if (!followed) lose(followed.error());
    lock.lock();
    if (stopping_.wait_for(lock, pause, [this] { return is_stopping_; })) return;
  }
}

void SkyDnsEtcd::lose(const metadata::Error& why) {
  bool was_fresh = false;
  {
    const std::lock_guard lock(mutex_);
    was_fresh = std::exchange(state_.is_fresh, false);
    state_.reason = why.text;
  }
  if (was_fresh) {
    log::warning("etcd is lost; answering what was known", {{"reason", why.text}});
    wake_();
  }
}

// Reads all and watches until that ends.
metadata::Result<void> SkyDnsEtcd::follow() {
  const etcd::Get range{.key = prefix_, .end = etcd::end_of_prefix(prefix_)};
  const auto all = client_.all(range);
  if (!all) return all.error();
  std::map<std::string, std::optional<Value>> values;
  for (const auto& pair : all->values) values[pair.key] = value_of(pair);
  {
    const std::lock_guard lock(mutex_);
    changes_ = std::move(values);
    is_whole_ = true;
    state_ = {.is_known = true, .is_fresh = true, .reason = {}};
  }
  log::info("following etcd",
            {{"endpoint", client_.endpoint()}, {"entries", std::to_string(all->values.size())}});
  wake_();
  return client_.watch(range, all->revision + 1,
                       [this](const etcd::Notice& notice) { return take(notice); });
}

bool SkyDnsEtcd::take(const etcd::Notice& notice) {
  if (notice.type == etcd::Notice::Type::compacted) return false;
  for (const auto& change : notice.changes) {
    auto value = change.is_erased ? std::nullopt : std::optional(value_of(change.value));
    const std::lock_guard lock(mutex_);
    changes_[change.value.key] = std::move(value);
  }
  if (!notice.changes.empty()) wake_();
  return true;
}

// A lease's whole time, which its keeper renews; asked once.
SkyDnsEtcd::Value SkyDnsEtcd::value_of(const etcd::KeyValue& pair) {
  Value value{.json = pair.value};
  if (pair.lease == 0) return value;
  auto known = granted_.find(pair.lease);
  if (known == granted_.end()) {
    const auto lease = leases_.time_to_live(pair.lease);
    if (!lease || lease->granted.count() <= 0) return value;  // it ends; the key goes with it
    if (granted_.size() > 100'000) granted_.clear();
    known = granted_.emplace(pair.lease, lease->granted).first;
  }
  value.lease = known->second;
  return value;
}

bool SkyDnsEtcd::refresh(dns::SkyDnsNames& names, std::vector<dns::Problem>& problems) {
  std::map<std::string, std::optional<Value>> changes;
  bool is_whole = false;
  {
    const std::lock_guard lock(mutex_);
    changes.swap(changes_);
    is_whole = std::exchange(is_whole_, false);
  }
  if (is_whole) {
    for (const auto& key : names.keys()) {
      if (!changes.contains(key)) drop_skydns_entry(names, problems, key);
    }
    std::erase_if(problems,
                  [&](const auto& problem) { return !changes.contains(problem.subject); });
  }
  for (const auto& [key, value] : changes) {
    if (value) {
      take_skydns_entry(names, problems, key, value->json, value->lease);
    } else {
      drop_skydns_entry(names, problems, key);
    }
  }
  return is_whole || !changes.empty();
}

SkyDnsState SkyDnsEtcd::state() const {
  const std::lock_guard lock(mutex_);
  return state_;
}

}  // namespace paddock::dnsd
