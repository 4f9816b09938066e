// SPDX-License-Identifier: Apache-2.0
#include "netd/host_overlay.hpp"

#include "netd/wireguard_keys.hpp"
#include "runtime/log.hpp"

#include <malloc.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>

namespace paddock::netd {

namespace log = runtime::log;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::size_t few = 64;     // peers that are copied at once
constexpr std::size_t many = 1000;  // peers that leave megabytes behind when they are read
// Who looks after peers that came or went goes through all there are: once for those of a moment.
constexpr milliseconds calm{250};
// An overlay that could not be made, for want of descriptors or as a key cannot be read.
constexpr milliseconds before_next_try{2000};

}  // namespace

HostOverlay::HostOverlay(const net::NetworkNamespace& host, SubnetRegistry& registry,
                         net::OverlaySettings options, std::vector<net::Prefix> subnets,
                         std::string key_file, OverlayEvents events)
    : host_(host.duplicate()),
      registry_(registry),
      options_(std::move(options)),
      key_file_(std::move(key_file)),
      events_(std::move(events)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      subnets_(std::move(subnets)) {
  if (wake_ < 0) throw std::system_error(errno, std::generic_category(), "create an eventfd");
  follow();
}

HostOverlay::~HostOverlay() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake();
  if (thread_.joinable()) thread_.join();
  ::close(wake_);
}

void HostOverlay::start() {
  thread_ = std::thread([this] { run(); });
}

void HostOverlay::wake() {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

void HostOverlay::set_subnets(std::vector<net::Prefix> subnets) {
  const std::lock_guard lock(mutex_);
  if (subnets_ == subnets) return;
  subnets_ = std::move(subnets);
  if (overlay_) note(overlay_->set_subnets(subnets_));
}

// A peer that changes meanwhile does not wait for thousands to be copied.
void HostOverlay::each_peer(const std::function<void(const net::PeerStatus&)>& visit) const {
  std::string last;
  for (;;) {
    std::vector<net::PeerStatus> some;
    {
      const std::lock_guard lock(mutex_);
      if (overlay_) some = overlay_->peers(last, few);
    }
    for (const auto& status : some) visit(status);
    if (some.size() < few) return;
    last = std::move(some.back().peer.host);
    std::this_thread::yield();  // to who waits for the lock
  }
}

std::optional<net::Peer> HostOverlay::self() const {
  const std::lock_guard lock(mutex_);
  return overlay_ ? std::optional(overlay_->self()) : std::nullopt;
}

std::vector<net::PathStep> HostOverlay::trace(const net::IpAddress& destination,
                                              const std::optional<net::PathOrigin>& origin) const {
  const std::lock_guard lock(mutex_);
  return overlay_ ? overlay_->trace(destination, origin) : std::vector<net::PathStep>{};
}

std::uint32_t HostOverlay::pod_mtu() const {
  const std::lock_guard lock(mutex_);
  return overlay_ ? overlay_->pod_mtu() : 0;
}

std::optional<net::OverlaySettings> HostOverlay::settings() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

std::string HostOverlay::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void HostOverlay::run() {
  constexpr auto never = steady_clock::time_point::max();
  auto tell_at = never;  // of what was followed
  for (;;) {
    int kernel = -1;
    bool is_missing = false;
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) return;
      if (overlay_) kernel = overlay_->descriptor();
      is_missing = is_missing_;
    }
    const auto now = steady_clock::now();
    if (tell_at <= now) {
      tell_at = never;
      if (events_.followed) events_.followed();
    }
    const auto try_at = is_missing ? now + before_next_try : never;
    const auto due = std::min(tell_at, try_at);
    const auto pause = due == never ? -1 : ceil<milliseconds>(due - now).count();
    pollfd waited[] = {{wake_, POLLIN, 0}, {kernel, POLLIN, 0}};  // -1 is passed over
    if (::poll(waited, 2, static_cast<int>(pause)) < 0 && errno != EINTR) return;
    const bool is_woken = waited[0].revents != 0;
    if (is_woken) {
      std::uint64_t count = 0;
      (void)!::read(wake_, &count, sizeof count);
    }
    if (is_woken || try_at <= steady_clock::now()) {
      const auto wait = follow() == Followed::some_peers ? calm : milliseconds{0};
      tell_at = std::min(tell_at, steady_clock::now() + wait);
    }
    if (waited[1].revents != 0) tend();
  }
}

// Settings first: peers that come with new ones belong to the new overlay.
HostOverlay::Followed HostOverlay::follow() {
  const auto wanted = registry_.settings(options_);
  if (!wanted) return Followed::more;
  const std::lock_guard lock(mutex_);
  const bool is_same = used_ == wanted;
  if (!is_same) renew(*wanted);
  if (!overlay_) return Followed::more;
  auto changes = registry_.peer_changes();
  if (changes.is_whole) {
    const bool are_many = changes.put.size() > many;
    note(overlay_->replace(std::move(changes.put)));
    if (are_many) ::malloc_trim(0);  // what reading them took
    return Followed::more;
  }
  for (const auto& host : changes.gone) note(overlay_->remove(host));
  for (auto& peer : changes.put) note(overlay_->put(std::move(peer)));
  const bool has_peers = !changes.gone.empty() || !changes.put.empty();
  return is_same && has_peers ? Followed::some_peers : Followed::more;
}

void HostOverlay::renew(const net::OverlaySettings& wanted) {
  if (overlay_) {
    auto& peers = peers_.emplace();
    for (auto& status : overlay_->peers()) peers.push_back(std::move(status.peer));
  }
  used_ = wanted;
  overlay_.reset();
  try {
    auto settings = wanted;
    if (settings.backend == net::OverlayBackend::wireguard) {
      const auto keys = load_wireguard_keys(key_file_);
      settings.wireguard.private_key = keys.private_key;
      settings.wireguard.public_key = keys.public_key;
    }
    overlay_ = std::make_unique<net::Overlay>(host_, std::move(settings));
    is_missing_ = false;
  } catch (const std::exception& failed) {
    used_.reset();
    is_missing_ = true;
    note(net::Error{boost::system::error_code(EIO, boost::system::generic_category()),
                    std::string("there is none: ") + failed.what()});
    return;
  }
  note(overlay_->set_subnets(subnets_));
  if (peers_) note(overlay_->replace(*std::exchange(peers_, std::nullopt)));
  announce();
}

void HostOverlay::tend() {
  const std::lock_guard lock(mutex_);
  if (!overlay_) return;
  const auto news = overlay_->tend();
  for (const auto& what : news.repaired) events_.repaired(what);
  if (news.looked) note(news.error ? net::Result<void>(*news.error) : net::Result<void>());
  if (news.self_changed) announce();
}

void HostOverlay::announce() {
  const auto& self = overlay_->self();
  if (self.v4 || self.v6) events_.self(self);
}

void HostOverlay::note(const net::Result<void>& done) {
  const auto text = done ? std::string() : done.error().text;
  if (!done && text != trouble_) log::error("overlay", {{"error", text}});
  trouble_ = text;
}

}  // namespace paddock::netd
