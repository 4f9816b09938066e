// SPDX-License-Identifier: Apache-2.0
#include "netd/flannel_reader.hpp"

#include "netd/flannel_state.hpp"
#include "netd/peers.hpp"
#include "netd/whole_file.hpp"
#include "runtime/log.hpp"

#include <algorithm>
#include <utility>

namespace paddock::netd {
namespace {

namespace etcd = metadata::etcd;
namespace log = runtime::log;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds shortest_retry{100};
constexpr std::chrono::seconds longest_retry{5};
constexpr std::chrono::seconds save_interval{5};
// It takes milliseconds with thousands of hosts, and a peer that changes is not to meet it.
constexpr std::chrono::seconds calm{1};
constexpr std::chrono::seconds longest_unsaved{60};

// flannel's "alloc" gives out subnets and leaves the way there to others.
std::optional<net::OverlayBackend> backend_of(const net::flannel::NetworkConfig& config) {
  if (config.backend == "alloc") return net::OverlayBackend::none;
  return net::parse_overlay_backend(config.backend);
}

etcd::KeyValue as_stored(const FlannelTable::Entry& entry) {
  etcd::KeyValue stored;
  stored.value = net::flannel::format_record(entry.record);
  stored.lease = entry.lease;
  stored.create_revision = entry.created;
  stored.mod_revision = entry.modified;
  return stored;
}

}  // namespace

FlannelReader::FlannelReader(const FlannelOptions& options)
    : options_(options),
      subnets_prefix_(options_.prefix + "/subnets/"),
      client_({.endpoints = options_.endpoints, .access = options_.access}) {}

void FlannelReader::start(std::function<void()> changed) {
  changed_ = std::move(changed);
  remember();
  thread_ = std::jthread([this](const std::stop_token& stopping) { run(stopping); });
}

void FlannelReader::stop() {
  thread_.request_stop();
  client_.interrupt();
  { const std::lock_guard lock(mutex_); }  // who is about to wait has seen it, or waits already
  pause_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string FlannelReader::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

bool FlannelReader::is_ours(const std::string& name, const FlannelTable::Entry& entry) const {
  // Also when this host's address was another one when it was written.
  if (const auto own = own_.find(name); own != own_.end() && own->second == entry.created)
    return true;
  return self_ && entry.host == self_host_;
}

// The last good state goes on until etcd says otherwise.
void FlannelReader::remember() {
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

void FlannelReader::run(const std::stop_token& stopping) {
  auto retry = shortest_retry;
  while (!stopping.stop_requested()) {
    auto done = read_all();
    if (done) {
      retry = shortest_retry;
      set_trouble("");
      changed_();
      done = follow(stopping);
    }
    if (stopping.stop_requested()) return;
    if (done) continue;  // compacted: read again
    set_trouble(done.error().text);
    std::unique_lock lock(mutex_);
    pause_.wait_for(lock, retry, [&] { return stopping.stop_requested(); });
    retry = std::min<std::chrono::milliseconds>(2 * retry, longest_retry);
  }
}

void FlannelReader::set_trouble(const std::string& text) {
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

metadata::Result<void> FlannelReader::read_all() {
  const auto stored = client_.get({.key = options_.prefix + "/config"});
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
                               "; vxlan, host-gw, wireguard and alloc are known here"};
  if (config->backend == "wireguard" && config->mode != "separate")
    return metadata::Error{make_error_code(boost::system::errc::not_supported),
                           options_.prefix + "/config asks for the mode " + config->mode +
                               " of wireguard; separate, flannel's usual one, is known here"};
  const auto found =
      client_.all({.key = subnets_prefix_, .end = etcd::end_of_prefix(subnets_prefix_)});
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

metadata::Result<void> FlannelReader::follow(const std::stop_token& stopping) {
  for (;;) {
    bool is_compacted = false;
    const auto done =
        client_.watch({.key = subnets_prefix_, .end = etcd::end_of_prefix(subnets_prefix_)},
                      revision_ + 1, [&](const etcd::Notice& notice) {
                        is_compacted = notice.type == etcd::Notice::Type::compacted;
                        note(notice);
                        return !stopping.stop_requested();
                      });
    if (done || is_compacted) return {};
    if (done.error().code != boost::system::errc::timed_out) return done;
    // Silence is no loss, unless etcd is another one, or has fallen back to a backup.
    const auto now = client_.get({.key = options_.prefix + "/config"});
    if (!now) return now.error();
    if (now->cluster != cluster_ || now->revision < revision_) return {};
  }
}

void FlannelReader::note(const etcd::Notice& notice) {
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
    noted_ = steady_clock::now();
    view_.reset();
  }
  changed_();
}

// All but this one, under the names it has and had. mutex_ is held.
std::vector<net::Peer> FlannelReader::other_hosts() const {
  std::set<std::string> own;
  for (const auto& [name, entry] : table_.entries()) {
    if (is_ours(name, entry)) own.insert(entry.host);
  }
  auto peers = table_.peers();
  std::erase_if(peers, [&](const net::Peer& peer) { return own.contains(peer.host); });
  return peers;
}

void FlannelReader::touch(const std::set<std::string>& hosts) {
  for (const auto& host : hosts) {
    if (host == self_host_) continue;
    if (auto peer = table_.peer(host))
      peers_.put(std::move(*peer));
    else
      peers_.remove(host);
  }
}

std::shared_ptr<const SubnetView> FlannelReader::view() const {
  const std::lock_guard lock(mutex_);
  if (!config_) return nullptr;
  if (auto made = view_.lock()) return made;
  auto view = std::make_shared<SubnetView>();
  view->claims.reserve(table_.entries().size());
  for (const auto& [name, entry] : table_.entries())
    view->claims.push_back({.subnets = entry.subnets,
                            .holder = entry.host,
                            .is_ours = is_ours(name, entry),
                            .order = entry.created});
  view->v4 = config_->v4;
  view->v6 = config_->v6;
  if (config_->v4) view->networks.push_back(config_->v4->network);
  if (config_->v6) view->networks.push_back(config_->v6->network);
  // Before we know who we are, we cannot tell which subnets are ours.
  view->is_current = is_current_ && self_;
  view_ = view;
  return view;
}

std::optional<net::OverlaySettings> FlannelReader::settings(net::OverlaySettings options) const {
  const std::lock_guard lock(mutex_);
  if (!config_) return {};
  options.device_prefix = "flannel";
  options.backend =
      net::parse_overlay_backend(config_->backend).value_or(net::OverlayBackend::none);
  options.vni = config_->vni;
  if (config_->port != 0) options.port = config_->port;
  options.direct_routing = config_->direct_routing;
  if (config_->mtu != 0) options.underlay_mtu = config_->mtu;
  options.wireguard.port = config_->listen_port;
  options.wireguard.port_v6 = config_->listen_port_v6;
  options.wireguard.keepalive = config_->keepalive;
  options.wireguard.shared_key = config_->shared_key;
  options.wireguard.networks.clear();
  for (const auto& pool : {config_->v4, config_->v6}) {
    if (pool) options.wireguard.networks.push_back(pool->network);
  }
  return options;
}

void FlannelReader::publish(const net::Peer& self) {
  auto record = record_of(self);
  {
    const std::lock_guard lock(mutex_);
    if (self_ == record) return;
    self_host_ = FlannelTable::host_of(record);
    self_ = std::move(record);
    view_.reset();
    if (is_current_ || !table_.entries().empty()) peers_.replace(other_hosts());
  }
  changed_();
}

std::string FlannelReader::own_value() const {
  const std::lock_guard lock(mutex_);
  return self_ ? net::flannel::format_record(*self_) : std::string();
}

std::map<std::string, FlannelTable::Entry> FlannelReader::own_entries() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, FlannelTable::Entry> own;
  if (!is_current_ || !self_) return own;
  for (const auto& [name, entry] : table_.entries()) {
    if (is_ours(name, entry)) own.emplace(name, entry);
  }
  return own;
}

void FlannelReader::save() {
  std::optional<FlannelStateText> text;
  std::vector<std::pair<std::string, net::flannel::HostRecord>> records;
  {
    const std::lock_guard lock(mutex_);
    const auto now = steady_clock::now();
    const auto rest = now - noted_ < calm ? longest_unsaved : save_interval;
    if (is_saved_ || options_.state_file.empty() || now - saved_ < rest) return;
    is_saved_ = true;
    saved_ = now;
    text.emplace(config_text_, own_);
    records.reserve(table_.entries().size());
    for (const auto& [name, entry] : table_.entries()) records.emplace_back(name, entry.record);
  }
  for (const auto& [name, record] : records) text->add(name, net::flannel::format_record(record));
  try {
    write_whole(options_.state_file, std::move(*text).finish());
  } catch (const std::exception& failed) {
    log::warning("what is known of flannel was not kept", {{"error", failed.what()}});
    const std::lock_guard lock(mutex_);
    is_saved_ = false;
  }
}

void FlannelReader::add_own(const std::string& name, const FlannelTable::Entry& entry) {
  const std::lock_guard lock(mutex_);
  if (!table_.find(name)) (void)table_.put(name, as_stored(entry));
  own_[name] = entry.created;
  view_.reset();
  is_saved_ = false;
  saved_ = {};  // at once
}

}  // namespace paddock::netd
