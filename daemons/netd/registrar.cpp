// SPDX-License-Identifier: Apache-2.0
#include "netd/registrar.hpp"

#include <paddock/metadata/cluster.hpp>

#include <algorithm>
#include <utility>

namespace paddock::netd {
namespace {

using std::chrono::steady_clock;

// After a time-out the next pods do not wait at all, for a while.
constexpr std::chrono::seconds quiet{2};
constexpr std::chrono::seconds turn{1};
// A store tells its state a moment before it is in touch.
constexpr std::chrono::milliseconds touch_turn{100};
constexpr std::chrono::seconds full_check{60};

bool same(const net::Lease& left, const net::Lease& right) {
  return left.attachment.id == right.attachment.id;
}

}  // namespace

Registrar::Registrar(std::shared_ptr<Registry> registry, HostFacts host)
    : host_name_(host.name), registry_(std::move(registry)), host_(std::move(host)) {}

Registrar::~Registrar() {
  stopping_ = true;
  registry_->stop();
  if (thread_.joinable()) thread_.join();
}

void Registrar::start(const std::vector<net::Lease>& leases) {
  {
    const std::lock_guard lock(mutex_);
    for (const auto& lease : leases) wanted_[key_of(lease.pod)].push_back(lease);
    for (auto& [key, attachments] : wanted_) {
      std::ranges::sort(attachments, {}, &net::Lease::changed);
      const auto container = attachments.back().attachment.id.container;
      std::erase_if(attachments, [&](const net::Lease& other) {
        return other.attachment.id.container != container;  // as attached() would have it
      });
    }
  }
  registry_->start();
  thread_ = std::thread([this] { run(); });
}

void Registrar::attached(const net::Lease& lease) {
  const auto key = key_of(lease.pod);
  {
    const std::lock_guard lock(mutex_);
    auto& attachments = wanted_[key];
    // A new container under the pod's name takes over from one that is about to go.
    std::erase_if(attachments, [&](const net::Lease& other) {
      return same(other, lease) || other.attachment.id.container != lease.attachment.id.container;
    });
    attachments.push_back(lease);
    if (is_quiet()) return;
  }
  write_pod(key, registry_->cluster().get());
}

void Registrar::detached(const net::Lease& lease) {
  const auto key = key_of(lease.pod);
  {
    const std::lock_guard lock(mutex_);
    const auto found = wanted_.find(key);
    if (found == wanted_.end()) return;
    const auto gone =
        std::erase_if(found->second, [&](const net::Lease& other) { return same(other, lease); });
    if (found->second.empty()) wanted_.erase(found);
    if (gone == 0) return;  // another container has the name now
    if (is_quiet()) return;
  }
  write_pod(key, registry_->cluster().get());
}

void Registrar::set_host(std::vector<net::Prefix> subnets,
                         std::map<std::string, std::string> annotations) {
  const std::lock_guard lock(mutex_);
  if (host_.subnets == subnets && host_.annotations == annotations) return;
  host_.subnets = std::move(subnets);
  host_.annotations = std::move(annotations);
  behind_ = true;
}

void Registrar::write_pod(const metadata::Key& key, const metadata::Cluster* cluster) {
  if (pods_are_foreign_) return;
  Attachments attachments;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = wanted_.find(key); found != wanted_.end()) attachments = found->second;
  }
  if (attachments.empty()) {
    note(key, registry_->erase(key));
    return;
  }
  const auto known = cluster ? cluster->find<metadata::Pod>(key.ns, key.name) : nullptr;
  auto pod = updated_pod(known.get(), attachments, host_name_);
  if (!pod) return;
  auto answer = registry_->put(*pod);
  if (answer.outcome == Registry::Outcome::late) {  // another host had it: its labels stay
    pod = updated_pod(registry_->read_pod(key).get(), attachments, host_name_);
    answer = pod ? registry_->put(*pod) : Registry::Answer{};
  }
  note(key, answer);
}

// Who keeps the store is told once, also of a host that it knows: it may have to do with it.
void Registrar::write_host(const metadata::Cluster& cluster, const HostFacts& facts) {
  const auto known = cluster.find<metadata::Host>(host_name_);
  const auto host = updated_host(known.get(), facts);
  if (host_is_foreign_ || (!host && (has_told_host_ || !known))) return;
  const auto answer = registry_->put(host ? *host : *known);
  if (answer.outcome == Registry::Outcome::foreign) {
    host_is_foreign_ = true;
    return;
  }
  if (answer.outcome == Registry::Outcome::done) has_told_host_ = true;
  note({metadata::Kind::host, {}, host_name_}, answer);
}

void Registrar::note(const metadata::Key& key, const Registry::Answer& answer) {
  ++writes_;
  if (answer.outcome == Registry::Outcome::foreign) {
    pods_are_foreign_ = true;
    return;
  }
  const std::lock_guard lock(mutex_);
  if (answer.outcome == Registry::Outcome::done) {
    refused_.erase(key);
    return;
  }
  ++failures_;
  last_error_ = answer.text;
  if (answer.outcome == Registry::Outcome::refused) {
    refused_[key] = answer.text;
    return;
  }
  behind_ = true;
  quiet_until_ = steady_clock::now() + quiet;
}

bool Registrar::is_quiet() {
  const bool now = steady_clock::now() < quiet_until_;
  if (now) behind_ = true;
  return now;
}

// Wanted is what is attached, actual what the registry says of this host.
void Registrar::agree(const metadata::Cluster& cluster) {
  behind_ = false;  // whatever fails from here on says so again
  HostFacts facts;
  std::vector<metadata::Key> wanted;  // read after the cluster: it holds all that the cluster may
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, attachments] : wanted_) wanted.push_back(key);
    facts = host_;
  }
  if (std::exchange(store_, cluster.store()) != cluster.store()) {
    has_told_host_ = false;
    host_is_foreign_ = false;
    pods_are_foreign_ = false;
  }
  write_host(cluster, facts);
  if (pods_are_foreign_) return;
  for (const auto& pod : cluster.pods_on(host_name_)) {
    if (is_ours(pod) && !std::ranges::binary_search(wanted, pod.key()))
      write_pod(pod.key(), &cluster);
  }
  for (const auto& key : wanted) {
    if (stopping_ || behind_) return;  // the next turn goes on
    write_pod(key, &cluster);
  }
}

void Registrar::run() {
  std::shared_ptr<const metadata::Cluster> seen;
  bool is_new = false;
  auto checked = steady_clock::now();
  while (!stopping_) {
    registry_->keep();
    const auto deadline =
        steady_clock::now() + (is_new ? touch_turn : std::chrono::milliseconds(turn));
    if (const auto next = registry_->next(seen, deadline)) {
      seen = next;
      is_new = true;
    }
    const bool due = is_new || behind_ || steady_clock::now() - checked > full_check;
    if (!seen || !due || !registry_->is_connected()) continue;
    is_new = false;
    checked = steady_clock::now();
    agree(*seen);
  }
}

std::shared_ptr<const metadata::Host> Registrar::host() const {
  const auto cluster = registry_->cluster();
  return cluster ? cluster->find<metadata::Host>(host_name_) : nullptr;
}

std::shared_ptr<const metadata::Pod> Registrar::find(const metadata::Key& key) const {
  const auto cluster = registry_->cluster();
  return cluster ? cluster->find<metadata::Pod>(key.ns, key.name) : nullptr;
}

Registrar::Status Registrar::status() const {
  Status status;
  status.is_connected = registry_->is_connected();
  status.is_behind = behind_;
  status.writes = writes_;
  status.failures = failures_;
  const std::lock_guard lock(mutex_);
  status.last_error = last_error_;
  status.refused = refused_.size();
  if (!refused_.empty()) status.refusal = refused_.begin()->second;
  return status;
}

}  // namespace paddock::netd
