// SPDX-License-Identifier: Apache-2.0
#include "remote/owner_leases.hpp"

#include <openssl/sha.h>

#include <vector>

namespace paddock::metadata::remote {

std::int64_t OwnerLeases::id_of(const std::string& owner) const {
  const std::string text = prefix_ + "\n" + owner;
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::uint64_t id = 0;
  for (int i = 0; i < 8; ++i) id = (id << 8U) | digest[i];
  return static_cast<std::int64_t>((id >> 1U) | 1U);  // positive, and not etcd's "choose one"
}

void OwnerLeases::keep(const std::string& owner) {
  const std::scoped_lock lock(mutex_);
  owners_[owner].alive_until = Clock::now() + time_;
}

void OwnerLeases::set_granted(const std::string& owner, bool is_granted) {
  const std::scoped_lock lock(mutex_);
  owners_[owner].is_granted = is_granted;
}

void OwnerLeases::forget(const std::string& owner) { set_granted(owner, false); }

Result<void> OwnerLeases::grant(const std::string& owner, etcd::Client& etcd) const {
  const auto granted = etcd.grant(time_, id_of(owner));
  // It is there: ours of before a restart, or another daemon keeps it, too.
  if (granted || granted.error().code == etcd::Code::failed_precondition) return {};
  return granted.error();
}

Result<std::int64_t> OwnerLeases::find(const std::string& owner, etcd::Client& etcd) {
  keep(owner);  // who writes is alive
  bool is_granted = false;
  {
    const std::scoped_lock lock(mutex_);
    is_granted = owners_[owner].is_granted;
  }
  if (!is_granted) {
    if (auto granted = grant(owner, etcd); !granted) return granted.error();
    set_granted(owner, true);
  }
  return id_of(owner);
}

OwnerLeases::Clock::time_point OwnerLeases::renew(etcd::Client& etcd) {
  const auto now = Clock::now();
  std::vector<std::string> alive;
  {
    const std::scoped_lock lock(mutex_);
    std::erase_if(owners_, [&](const auto& owner) { return owner.second.alive_until < now; });
    for (const auto& [owner, state] : owners_) {
      if (now >= due_ || !state.is_granted) alive.push_back(owner);
    }
  }
  const auto soon = now + std::chrono::seconds(1);  // an owner may be new
  if (alive.empty()) {
    if (now >= due_) due_ = now + time_ / 3;
    return soon;
  }
  for (const std::string& owner : alive) {
    const auto left = etcd.keep_alive(id_of(owner));
    if (!left) return soon;  // etcd is away: all the others would wait for it, too
    set_granted(owner, left->count() > 0 || grant(owner, etcd).has_value());
  }
  if (now >= due_) due_ = now + time_ / 3;
  return soon;
}

}  // namespace paddock::metadata::remote
