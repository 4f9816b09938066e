// SPDX-License-Identifier: Apache-2.0
//
// One thread reads and watches (FlannelReader); whoever claims and keeps does so here, on a
// connection of its own.
#include "netd/flannel_registry.hpp"

#include "netd/flannel_reader.hpp"
#include "netd/flannel_table.hpp"

#include <paddock/metadata/etcd.hpp>
#include <paddock/metadata/open_store.hpp>

#include <mutex>
#include <set>
#include <utility>

namespace paddock::netd {
namespace {

namespace etcd = metadata::etcd;
using std::chrono::steady_clock;

constexpr int renewals_in_a_lease = 48;  // 24 h are renewed every half an hour

class FlannelRegistry final : public SubnetRegistry {
 public:
  explicit FlannelRegistry(const FlannelOptions& options)
      : lease_time_(options.lease_time),
        reader_(options),
        keys_(reader_.subnets_prefix()),
        client_({.endpoints = options.endpoints, .access = options.access}) {}

  void start(std::function<void()> changed) override { reader_.start(std::move(changed)); }
  void stop() override {
    client_.interrupt();
    reader_.stop();
  }

  [[nodiscard]] std::shared_ptr<const SubnetView> view() const override { return reader_.view(); }
  [[nodiscard]] std::optional<net::OverlaySettings> settings(
      net::OverlaySettings options) const override {
    return reader_.settings(std::move(options));
  }
  [[nodiscard]] PeerChanges peer_changes() override { return reader_.peer_changes(); }
  void publish(const net::Peer& self) override { reader_.publish(self); }
  [[nodiscard]] std::string trouble() const override { return reader_.trouble(); }

  [[nodiscard]] Answer take(const Subnets& subnets) override;
  void release(const Subnets& subnets) override;
  [[nodiscard]] Answer keep() override;

 private:
  [[nodiscard]] metadata::Result<std::int64_t> lease();
  [[nodiscard]] metadata::Result<bool> create(const std::string& name, const std::string& value);
  [[nodiscard]] Answer settle(const std::string& name, const Subnets& subnets);
  [[nodiscard]] Answer rewrite(const std::string& name, const FlannelTable::Entry& entry);
  [[nodiscard]] Answer renew();

  const std::chrono::seconds lease_time_;
  FlannelReader reader_;
  const std::string& keys_;  // below this they stand

  std::mutex writing_;  // all below: one exchange at a time
  etcd::Client client_;
  std::int64_t lease_ = 0;
  steady_clock::time_point renew_at_{};
};

// The lease of all that is ours. writing_ is held.
metadata::Result<std::int64_t> FlannelRegistry::lease() {
  if (lease_ != 0) return lease_;
  const auto granted = client_.grant(lease_time_);
  if (!granted) return granted.error();
  lease_ = granted->id;
  return lease_;
}

// False when the key is there already.
metadata::Result<bool> FlannelRegistry::create(const std::string& name, const std::string& value) {
  for (int attempt = 0;; ++attempt) {
    const auto held = lease();
    if (!held) return held.error();
    const auto key = keys_ + name;
    const auto done =
        client_.commit({.when = {{.key = key, .target = etcd::Compare::Target::version}},
                        .then = {etcd::Put{.key = key, .value = value, .lease = *held}}});
    if (done) return done->succeeded;
    if (done.error().code != etcd::Code::not_found || attempt > 0) return done.error();
    lease_ = 0;  // it ran out while we were away
  }
}

SubnetRegistry::Answer FlannelRegistry::take(const Subnets& subnets) {
  const auto value = reader_.own_value();
  if (value.empty()) return {Outcome::failed, "the address of this host is not known yet"};
  const std::lock_guard writing(writing_);
  const auto name = net::flannel::format_key(subnets);
  const auto created = create(name, value);
  if (!created) return {Outcome::failed, created.error().text};
  if (!*created) {
    const auto stored = client_.get({.key = keys_ + name});
    if (!stored) return {Outcome::failed, stored.error().text};
    if (stored->values.empty()) return {Outcome::failed, "its key has just gone"};
    const auto record = net::flannel::parse_record(stored->values.front().value);
    const auto mine = net::flannel::parse_record(value);
    if (!record || FlannelTable::host_of(*record) != FlannelTable::host_of(*mine))
      return {Outcome::taken, name + " is another host's"};
  }
  return settle(name, subnets);
}

// The key is ours; but flannel picks IPv4 and IPv6 subnets apart, so another key may have one of
// them. Whoever was there first keeps it.
SubnetRegistry::Answer FlannelRegistry::settle(const std::string& name, const Subnets& subnets) {
  const auto found = client_.all({.key = keys_, .end = etcd::end_of_prefix(keys_)});
  if (!found) return {Outcome::failed, found.error().text};
  FlannelTable all;
  for (const auto& value : found->values) (void)all.put(value.key.substr(keys_.size()), value);
  const auto* mine = all.find(name);
  if (!mine) return {Outcome::failed, "its key has just gone"};
  for (const auto& [other, entry] : all.entries()) {
    if (other == name || entry.created > mine->created || !overlap(entry.subnets, subnets))
      continue;
    (void)client_.commit({.when = {{.key = keys_ + name,
                                    .target = etcd::Compare::Target::mod_revision,
                                    .number = mine->modified}},
                          .then = {etcd::Erase{.key = keys_ + name}}});
    return {Outcome::taken, other + " overlaps it"};
  }
  if (mine->lease != 0) lease_ = mine->lease;
  reader_.add_own(name, *mine);
  return {};
}

// A reservation stays: somebody wants this host to have it.
void FlannelRegistry::release(const Subnets& subnets) {
  const std::lock_guard writing(writing_);
  for (const auto& [name, entry] : reader_.own_entries()) {
    if (entry.subnets != subnets || entry.lease == 0) continue;
    const auto key = keys_ + name;
    (void)client_.commit(
        {.when = {{.key = key, .number = entry.modified}}, .then = {etcd::Erase{.key = key}}});
  }
}

SubnetRegistry::Answer FlannelRegistry::rewrite(const std::string& name,
                                                const FlannelTable::Entry& entry) {
  const auto value = reader_.own_value();
  if (value.empty() || value == net::flannel::format_record(entry.record)) return {};
  const auto key = keys_ + name;
  const auto done =
      client_.commit({.when = {{.key = key, .number = entry.modified}},
                      .then = {etcd::Put{.key = key, .value = value, .keeps_lease = true}}});
  if (!done) return {Outcome::failed, done.error().text};
  return {};  // if somebody else wrote meanwhile, the watch brings it and we look again
}

SubnetRegistry::Answer FlannelRegistry::keep() {
  reader_.save();
  const std::lock_guard writing(writing_);
  for (const auto& [name, entry] : reader_.own_entries()) {
    if (auto rewritten = rewrite(name, entry); rewritten.outcome != Outcome::done) return rewritten;
  }
  if (steady_clock::now() < renew_at_) return {};
  return renew();
}

// A reservation has no lease and needs none.
SubnetRegistry::Answer FlannelRegistry::renew() {
  std::set<std::int64_t> leases;
  for (const auto& [name, entry] : reader_.own_entries()) {
    if (entry.lease != 0) leases.insert(entry.lease);
  }
  for (const auto id : leases) {
    const auto left = client_.keep_alive(id);
    if (!left) return {Outcome::failed, left.error().text};
    if (left->count() == 0 && id == lease_) lease_ = 0;  // the key goes, and is taken again
  }
  if (!leases.empty()) renew_at_ = steady_clock::now() + lease_time_ / renewals_in_a_lease;
  return {};
}

}  // namespace

metadata::Result<FlannelOptions> parse_flannel_location(const std::string& text) {
  constexpr std::string_view scheme = "flannel-";
  const auto location =
      metadata::parse_store_location(text.starts_with(scheme) ? text.substr(scheme.size()) : text);
  if (!location || location->kind != metadata::StoreLocation::Kind::etcd)
    return metadata::Error{
        make_error_code(boost::system::errc::invalid_argument),
        text + ": must be flannel-etcd:http://HOST[:PORT][,HOST…][/PREFIX], or https"};
  FlannelOptions options;
  options.endpoints = location->endpoints;
  // What parse_store_location says when no prefix was given.
  if (location->prefix != "/paddock") options.prefix = location->prefix;
  return options;
}

std::unique_ptr<SubnetRegistry> open_flannel_registry(const FlannelOptions& options) {
  return std::make_unique<FlannelRegistry>(options);
}

}  // namespace paddock::netd
