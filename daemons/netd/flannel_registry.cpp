// SPDX-License-Identifier: Apache-2.0
//
// One thread reads and watches; whoever claims and keeps does so on a connection of its own.
#include "netd/flannel_registry.hpp"

#include "netd/flannel_state.hpp"
#include "netd/flannel_table.hpp"
#include "netd/peer_queue.hpp"
#include "netd/peers.hpp"
#include "runtime/log.hpp"

#include <paddock/metadata/etcd.hpp>
#include <paddock/metadata/open_store.hpp>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

namespace paddock::netd {
namespace {

namespace etcd = metadata::etcd;
namespace log = runtime::log;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds shortest_retry{100};
constexpr std::chrono::seconds longest_retry{5};
constexpr std::chrono::seconds save_interval{5};
constexpr int renewals_in_a_lease = 48;  // 24 h are renewed every half an hour

etcd::Options client_options(const FlannelOptions& options) {
  return {.endpoints = options.endpoints, .access = options.access};
}

// flannel's "alloc" gives out subnets and leaves the way there to others.
std::optional<net::OverlayBackend> backend_of(const net::flannel::NetworkConfig& config) {
  if (config.backend == "alloc") return net::OverlayBackend::none;
  return net::parse_overlay_backend(config.backend);
}

etcd::KeyValue as_stored(const FlannelTable::Entry& entry) {
  etcd::KeyValue stored;
  stored.value = entry.value;
  stored.lease = entry.lease;
  stored.create_revision = entry.created;
  stored.mod_revision = entry.modified;
  return stored;
}

class FlannelRegistry final : public SubnetRegistry {
 public:
  explicit FlannelRegistry(FlannelOptions options)
      : options_(std::move(options)),
        subnets_prefix_(options_.prefix + "/subnets/"),
        reader_(client_options(options_)),
        writer_(client_options(options_)) {}
  ~FlannelRegistry() override { stop(); }

  void start(std::function<void()> changed) override {
    changed_ = std::move(changed);
    remember();
    thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
  }
  void stop() override {
    thread_.request_stop();
    reader_.interrupt();
    writer_.interrupt();
    { const std::lock_guard lock(mutex_); }  // who is about to wait has seen it, or waits already
    pause_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::shared_ptr<const SubnetView> view() const override;
  [[nodiscard]] std::optional<net::OverlaySettings> settings(
      net::OverlaySettings options) const override;
  [[nodiscard]] PeerChanges peer_changes() override { return peers_.take(); }
  [[nodiscard]] Answer take(const Subnets& subnets) override;
  void publish(const net::Peer& self) override;
  [[nodiscard]] Answer keep() override;
  [[nodiscard]] std::string trouble() const override {
    const std::lock_guard lock(mutex_);
    return trouble_;
  }

 private:
  void remember();
  void run(const std::stop_token& stopping);
  [[nodiscard]] metadata::Result<void> read_all();
  [[nodiscard]] metadata::Result<void> follow();
  void note(const etcd::Notice& notice);
  [[nodiscard]] std::vector<net::Peer> other_hosts() const;
  void touch(const std::set<std::string>& hosts);  // mutex_ is held
  void set_trouble(const std::string& text);
  [[nodiscard]] bool is_ours(const std::string& name, const FlannelTable::Entry& entry) const;

  [[nodiscard]] metadata::Result<std::int64_t> lease();
  [[nodiscard]] metadata::Result<bool> create(const std::string& name, const std::string& value);
  [[nodiscard]] Answer settle(const std::string& name, const Subnets& subnets);
  [[nodiscard]] Answer rewrite(const std::string& name, const FlannelTable::Entry& entry);
  [[nodiscard]] Answer renew();
  void save();
  [[nodiscard]] std::map<std::string, FlannelTable::Entry> own_entries() const;
  [[nodiscard]] std::string own_value() const;

  const FlannelOptions options_;
  const std::string subnets_prefix_;
  etcd::Client reader_;
  std::mutex writing_;  // writer_ and what follows it: one exchange at a time
  etcd::Client writer_;
  std::int64_t lease_ = 0;
  steady_clock::time_point renew_at_{};

  mutable std::mutex mutex_;  // all below, never held over I/O
  std::condition_variable pause_;
  mutable std::shared_ptr<const SubnetView> view_;  // of the rest; null: to be made
  FlannelTable table_;
  std::optional<net::flannel::NetworkConfig> config_;
  std::optional<net::flannel::HostRecord> self_;
  std::map<std::string, std::int64_t> own_;  // keys that are this host's, and when created
  bool is_current_ = false;
  std::string trouble_ = "etcd was not reached yet";
  std::int64_t revision_ = 0;
  std::uint64_t cluster_ = 0;
  std::string config_text_;
  bool is_saved_ = true;
  steady_clock::time_point saved_{};

  PeerQueue peers_;
  std::function<void()> changed_;
  std::jthread thread_;
};

bool FlannelRegistry::is_ours(const std::string& name, const FlannelTable::Entry& entry) const {
  // Also when this host's address was another one when it was written.
  if (const auto own = own_.find(name); own != own_.end() && own->second == entry.created)
    return true;
  return self_ && FlannelTable::host_of(entry.record) == FlannelTable::host_of(*self_);
}

// The last good state goes on until etcd says otherwise.
void FlannelRegistry::remember() {
  const auto kept = load_flannel_state(options_.state_file);
  const std::lock_guard lock(mutex_);
  own_ = kept.own;
  if (!kept.config.empty()) {
    const auto config = net::flannel::parse_network_config(kept.config);
    if (config && backend_of(*config)) config_ = *config;
  }
  for (const auto& [name, value] : kept.subnets) {
    etcd::KeyValue stored;
    stored.value = value;
    if (const auto own = own_.find(name); own != own_.end()) stored.create_revision = own->second;
    (void)table_.put(name, stored);
  }
  config_text_ = kept.config;
  if (!table_.entries().empty()) peers_.replace(other_hosts());
}

void FlannelRegistry::run(const std::stop_token& stopping) {
  auto retry = shortest_retry;
  while (!stopping.stop_requested()) {
    auto done = read_all();
    if (done) {
      retry = shortest_retry;
      set_trouble("");
      changed_();
      done = follow();
    }
    if (stopping.stop_requested()) return;
    if (done) continue;  // compacted: read again
    set_trouble(done.error().text);
    std::unique_lock lock(mutex_);
    pause_.wait_for(lock, retry, [&] { return stopping.stop_requested(); });
    retry = std::min<std::chrono::milliseconds>(2 * retry, longest_retry);
  }
}

void FlannelRegistry::set_trouble(const std::string& text) {
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = trouble_ != text;
    trouble_ = text;
    is_current_ = text.empty();
    view_.reset();
  }
  if (!is_new) return;
  if (text.empty())
    log::info("in touch with flannel's etcd", {{"prefix", options_.prefix}});
  else
    log::warning("flannel's etcd is lost; going on with what was known", {{"reason", text}});
}

metadata::Result<void> FlannelRegistry::read_all() {
  const auto stored = reader_.get({.key = options_.prefix + "/config"});
  if (!stored) return stored.error();
  if (stored->values.empty())
    return metadata::Error{make_error_code(etcd::Code::not_found),
                           "there is no " + options_.prefix +
                               "/config in etcd; write the network's configuration there"};
  const auto& text = stored->values.front().value;
  auto config = net::flannel::parse_network_config(text);
  if (!config) return metadata::Error{config.error().code, config.error().text};
  // Another way than the one asked for could be one in clear text.
  if (!backend_of(*config))
    return metadata::Error{make_error_code(boost::system::errc::not_supported),
                           options_.prefix + "/config asks for the backend " + config->backend +
                               "; vxlan, host-gw and alloc are known here"};
  const auto found =
      reader_.all({.key = subnets_prefix_, .end = etcd::end_of_prefix(subnets_prefix_)});
  if (!found) return found.error();
  FlannelTable table;
  for (const auto& value : found->values)
    (void)table.put(value.key.substr(subnets_prefix_.size()), value);
  const std::lock_guard lock(mutex_);
  config_ = std::move(*config);
  revision_ = found->revision;
  cluster_ = found->cluster;
  table_ = std::move(table);
  view_.reset();
  peers_.replace(other_hosts());
  config_text_ = text;
  is_saved_ = false;
  return {};
}

metadata::Result<void> FlannelRegistry::follow() {
  for (;;) {
    bool is_compacted = false;
    const auto done =
        reader_.watch({.key = subnets_prefix_, .end = etcd::end_of_prefix(subnets_prefix_)},
                      revision_ + 1, [&](const etcd::Notice& notice) {
                        is_compacted = notice.type == etcd::Notice::Type::compacted;
                        note(notice);
                        return !thread_.get_stop_token().stop_requested();
                      });
    if (done || is_compacted) return {};
    if (done.error().code != boost::system::errc::timed_out) return done;
    // Silence is no loss, unless etcd is another one, or has fallen back to a backup.
    const auto now = reader_.get({.key = options_.prefix + "/config"});
    if (!now) return now.error();
    if (now->cluster != cluster_ || now->revision < revision_) return {};
  }
}

void FlannelRegistry::note(const etcd::Notice& notice) {
  if (notice.type == etcd::Notice::Type::compacted) return;
  {
    const std::lock_guard lock(mutex_);
    revision_ = std::max(revision_, notice.revision);
    for (const auto& change : notice.changes) {
      const auto name = change.value.key.substr(subnets_prefix_.size());
      touch(change.is_erased ? table_.erase(name) : table_.put(name, change.value));
    }
    if (notice.changes.empty()) return;
    is_saved_ = false;
    view_.reset();
  }
  changed_();
}

// All but this one, under the names it has and had. mutex_ is held.
std::vector<net::Peer> FlannelRegistry::other_hosts() const {
  std::set<std::string> own;
  for (const auto& [name, entry] : table_.entries()) {
    if (is_ours(name, entry)) own.insert(FlannelTable::host_of(entry.record));
  }
  auto peers = table_.peers();
  std::erase_if(peers, [&](const net::Peer& peer) { return own.contains(peer.host); });
  return peers;
}

void FlannelRegistry::touch(const std::set<std::string>& hosts) {
  const auto own = self_ ? FlannelTable::host_of(*self_) : std::string();
  for (const auto& host : hosts) {
    if (host == own) continue;
    if (auto peer = table_.peer(host))
      peers_.put(std::move(*peer));
    else
      peers_.remove(host);
  }
}

std::shared_ptr<const SubnetView> FlannelRegistry::view() const {
  const std::lock_guard lock(mutex_);
  if (!config_) return nullptr;
  if (view_) return view_;
  auto view = std::make_shared<SubnetView>();
  for (const auto& [name, entry] : table_.entries())
    view->claims.push_back({.subnets = entry.subnets,
                            .holder = FlannelTable::host_of(entry.record),
                            .is_ours = is_ours(name, entry),
                            .order = entry.created});
  view->v4 = config_->v4;
  view->v6 = config_->v6;
  if (config_->v4) view->networks.push_back(config_->v4->network);
  if (config_->v6) view->networks.push_back(config_->v6->network);
  // Before we know who we are, we cannot tell which subnets are ours.
  view->is_current = is_current_ && self_;
  view_ = std::move(view);
  return view_;
}

std::optional<net::OverlaySettings> FlannelRegistry::settings(net::OverlaySettings options) const {
  const std::lock_guard lock(mutex_);
  if (!config_) return {};
  options.device_prefix = "flannel";
  options.backend =
      net::parse_overlay_backend(config_->backend).value_or(net::OverlayBackend::none);
  options.vni = config_->vni;
  if (config_->port != 0) options.port = config_->port;
  options.direct_routing = config_->direct_routing;
  if (config_->mtu != 0) options.underlay_mtu = config_->mtu;
  return options;
}

void FlannelRegistry::publish(const net::Peer& self) {
  auto record = record_of(self);
  {
    const std::lock_guard lock(mutex_);
    if (self_ == record) return;
    self_ = std::move(record);
    view_.reset();
    if (is_current_ || !table_.entries().empty()) peers_.replace(other_hosts());
  }
  changed_();
}

std::string FlannelRegistry::own_value() const {
  const std::lock_guard lock(mutex_);
  return self_ ? net::flannel::format_record(*self_) : std::string();
}

// The lease of all that is ours. writing_ is held.
metadata::Result<std::int64_t> FlannelRegistry::lease() {
  if (lease_ != 0) return lease_;
  const auto granted = writer_.grant(options_.lease_time);
  if (!granted) return granted.error();
  lease_ = granted->id;
  return lease_;
}

// False when the key is there already.
metadata::Result<bool> FlannelRegistry::create(const std::string& name, const std::string& value) {
  for (int attempt = 0;; ++attempt) {
    const auto held = lease();
    if (!held) return held.error();
    const auto key = subnets_prefix_ + name;
    const auto done =
        writer_.commit({.when = {{.key = key, .target = etcd::Compare::Target::version}},
                        .then = {etcd::Put{.key = key, .value = value, .lease = *held}}});
    if (done) return done->succeeded;
    if (done.error().code != etcd::Code::not_found || attempt > 0) return done.error();
    lease_ = 0;  // it ran out while we were away
  }
}

SubnetRegistry::Answer FlannelRegistry::take(const Subnets& subnets) {
  const auto value = own_value();
  if (value.empty()) return {Outcome::failed, "the address of this host is not known yet"};
  const std::lock_guard writing(writing_);
  const auto name = net::flannel::format_key(subnets);
  const auto created = create(name, value);
  if (!created) return {Outcome::failed, created.error().text};
  if (!*created) {
    const auto stored = writer_.get({.key = subnets_prefix_ + name});
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
  const auto found =
      writer_.all({.key = subnets_prefix_, .end = etcd::end_of_prefix(subnets_prefix_)});
  if (!found) return {Outcome::failed, found.error().text};
  FlannelTable all;
  for (const auto& value : found->values)
    (void)all.put(value.key.substr(subnets_prefix_.size()), value);
  const auto* mine = all.find(name);
  if (!mine) return {Outcome::failed, "its key has just gone"};
  for (const auto& [other, entry] : all.entries()) {
    if (other == name || entry.created > mine->created || !overlap(entry.subnets, subnets))
      continue;
    (void)writer_.commit({.when = {{.key = subnets_prefix_ + name,
                                    .target = etcd::Compare::Target::mod_revision,
                                    .number = mine->modified}},
                          .then = {etcd::Erase{.key = subnets_prefix_ + name}}});
    return {Outcome::taken, other + " overlaps it"};
  }
  if (mine->lease != 0) lease_ = mine->lease;
  const std::lock_guard lock(mutex_);
  if (!table_.find(name)) (void)table_.put(name, as_stored(*mine));  // the watch may take a moment
  own_[name] = mine->created;
  view_.reset();
  is_saved_ = false;
  return {};
}

std::map<std::string, FlannelTable::Entry> FlannelRegistry::own_entries() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, FlannelTable::Entry> own;
  if (!is_current_ || !self_) return own;
  for (const auto& [name, entry] : table_.entries()) {
    if (is_ours(name, entry)) own.emplace(name, entry);
  }
  return own;
}

SubnetRegistry::Answer FlannelRegistry::rewrite(const std::string& name,
                                                const FlannelTable::Entry& entry) {
  const auto value = own_value();
  if (value.empty() || value == entry.value) return {};
  const auto key = subnets_prefix_ + name;
  const auto done =
      writer_.commit({.when = {{.key = key, .number = entry.modified}},
                      .then = {etcd::Put{.key = key, .value = value, .keeps_lease = true}}});
  if (!done) return {Outcome::failed, done.error().text};
  return {};  // if somebody else wrote meanwhile, the watch brings it and we look again
}

// Not more often than every few seconds: with thousands of hosts it is a megabyte.
void FlannelRegistry::save() {
  FlannelState state;
  {
    const std::lock_guard lock(mutex_);
    const auto now = steady_clock::now();
    if (is_saved_ || options_.state_file.empty() || now - saved_ < save_interval) return;
    is_saved_ = true;
    saved_ = now;
    state.config = config_text_;
    state.own = own_;
    for (const auto& [name, entry] : table_.entries()) state.subnets[name] = entry.value;
  }
  try {
    save_flannel_state(options_.state_file, state);
  } catch (const std::exception& failed) {
    log::warning("what is known of flannel was not kept", {{"error", failed.what()}});
  }
}

SubnetRegistry::Answer FlannelRegistry::keep() {
  save();
  const std::lock_guard writing(writing_);
  for (const auto& [name, entry] : own_entries()) {
    if (auto rewritten = rewrite(name, entry); rewritten.outcome != Outcome::done) return rewritten;
  }
  if (steady_clock::now() < renew_at_) return {};
  return renew();
}

// A reservation has no lease and needs none.
SubnetRegistry::Answer FlannelRegistry::renew() {
  std::set<std::int64_t> leases;
  for (const auto& [name, entry] : own_entries()) {
    if (entry.lease != 0) leases.insert(entry.lease);
  }
  for (const auto id : leases) {
    const auto left = writer_.keep_alive(id);
    if (!left) return {Outcome::failed, left.error().text};
    if (left->count() == 0 && id == lease_) lease_ = 0;  // the key goes, and is taken again
  }
  if (!leases.empty()) renew_at_ = steady_clock::now() + options_.lease_time / renewals_in_a_lease;
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

std::unique_ptr<SubnetRegistry> open_flannel_registry(FlannelOptions options) {
  return std::make_unique<FlannelRegistry>(std::move(options));
}

}  // namespace paddock::netd
