// SPDX-License-Identifier: Apache-2.0
#include "netd/service.hpp"

#include "netd/plan.hpp"
#include "runtime/log.hpp"
#include "runtime/systemd.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace paddock::netd {
namespace {

namespace errc = boost::system::errc;
namespace log = runtime::log;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds shortest_interval{500};  // between two looks at the kernel
// Between an event and the look: one ADD makes several, and should not meet the look it causes, nor
// wake anybody for each.
constexpr std::chrono::milliseconds calm{100};
constexpr std::chrono::seconds longest_interval{60};

}  // namespace

std::uint32_t Service::mtu_of(const Options& options) {
  if (options.mtu != 0) return options.mtu;
  if (const auto most = overlay_ ? overlay_->pod_mtu() : 0; most != 0) return most;
  return network_.default_mtu().value();
}

net::PodNetworkOptions Service::pod_options(const Options& options) {
  net::PodNetworkOptions wanted;
  pod_mtu_ = mtu_of(options);
  auto pools = pool_plan(options);
  wanted.pool = std::move(pools.common);
  wanted.networks = std::move(pools.networks);
  wanted.state_directory = options.state_dir;
  wanted.mtu = pod_mtu_;
  wanted.data_path = options.data_path == "bridge" ? net::DataPath::bridge : net::DataPath::routed;
  wanted.dns = dns_hints(options);
  wanted.events.attached = [this](const net::Lease& lease) {
    if (registrar_) registrar_->attached(lease);
    log::debug("pod attached", {{"namespace", lease.pod.name_space},
                                {"pod", lease.pod.name},
                                {"address", lease.attachment.addresses.front().to_string()},
                                {"link", lease.attachment.host_link}});
  };
  wanted.events.detached = [this](const net::Lease& lease) {
    if (registrar_) registrar_->detached(lease);
    log::debug("pod detached", {{"namespace", lease.pod.name_space}, {"pod", lease.pod.name}});
  };
  wanted.events.repaired = [this](const std::string& what) { note_repair(what); };
  wanted.events.failed = [](const std::string& what) { log::error("failed", {{"what", what}}); };
  wanted.events.status = [this] { return trouble(); };
  return wanted;
}

Service::Service(const Options& options, std::function<void()> wake)
    : wake_(std::move(wake)),
      options_(options),
      host_(net::NetworkNamespace::current()),
      plan_(open_registries()),
      network_(host_),
      kernel_(host_) {
  for (const auto& change : network_.ensure(plan_).value()) log::info("host", {{"did", change}});
  (void)kernel_.drain();  // that was us, and what follows looks at all the rest
  open_overlay();
  pods_ = std::make_unique<net::PodNetwork>(host_, pod_options(options_));
  const auto answer_call = [this](const net::PluginCall& call) { return answer(call); };
  const auto passed = runtime::passed_sockets();
  server_ = std::make_unique<net::PluginServer>(
      net::PluginServerOptions{.socket = options.socket,
                               .threads = options.threads,
                               .inherited = passed,
                               .hands_socket_on = runtime::has_service_manager(),
                               .answer = answer_call,
                               .refused = [](const std::string& why) {
                                 log::warning("refused", {{"why", why}});
                               }});
  runtime::leave_sockets({server_->descriptor()}, passed);
  const auto spool = std::filesystem::path(options.state_dir) / "spool";
  for (const auto& problem : net::replay_spool(spool, answer_call))
    log::warning("spool", {{"problem", problem}});
  if (registrar_) registrar_->start(pods_->leases());
  start_following();
  server_->start();
  maintained_ = steady_clock::now();
  stop_ = ::eventfd(0, EFD_CLOEXEC);
  if (stop_ < 0) throw std::system_error(errno, std::generic_category(), "create an eventfd");
  watcher_ = std::thread([this] { watch_kernel(); });
}

Service::~Service() {
  const std::uint64_t one = 1;
  (void)!::write(stop_, &one, sizeof one);
  watcher_.join();
  ::close(stop_);
  server_.reset();  // requests look at all the rest
  stop_following();
  pods_.reset();
}

// Every ADD and DEL is an event, too: the control thread decides how often it looks.
void Service::watch_kernel() {
  for (;;) {
    pollfd waited[] = {{kernel_.descriptor(), POLLIN, 0}, {stop_, POLLIN, 0}};
    if (::poll(waited, 2, -1) < 0 && errno != EINTR) return;
    if (waited[1].revents != 0) return;
    if (waited[0].revents == 0) continue;
    if (::poll(&waited[1], 1, static_cast<int>(calm.count())) > 0) return;
    auto change = kernel_.drain();
    if (change.empty()) continue;
    {
      const std::lock_guard lock(mutex_);
      happened_.add(std::move(change));
    }
    wake_();
  }
}

steady_clock::time_point Service::due() const {
  const auto whole = maintained_ + longest_interval;
  if (change_.empty()) return whole;
  const auto interval =
      std::clamp<steady_clock::duration>(10 * took_, shortest_interval, longest_interval);
  return std::min(whole, looked_ + interval);
}

void Service::maintain() {
  follow_subnets();
  {
    const std::lock_guard lock(mutex_);
    change_.add(std::exchange(happened_, {}));
  }
  const auto now = steady_clock::now();
  if (now < due()) return;
  auto change = std::exchange(change_, {});
  change.is_wide = change.is_wide || now >= maintained_ + longest_interval || !trouble_.empty();
  looked_ = now;
  if (change.is_wide) maintained_ = now;
  const bool is_hosts = change.is_wide || change.tables;
  const auto changed =
      is_hosts ? network_.ensure(plan_) : net::Result<std::vector<std::string>>({});
  const auto agreed = pods_->reconcile(change);
  took_ = steady_clock::now() - now;
  // Pods come and go too fast to be listed: then later.
  const bool is_later = !agreed && agreed.error().code == errc::resource_unavailable_try_again;
  if (is_later) change_.is_wide = true;
  const std::lock_guard lock(mutex_);
  trouble_ = !changed               ? changed.error().text
             : !agreed && !is_later ? agreed.error().text
                                    : std::string();
  if (!trouble_.empty()) log::error("host network", {{"error", trouble_}});
  if (!changed) return;
  counters_.repairs += changed->size();
  for (const auto& done : *changed) log::warning("host", {{"did", done}});
}

void Service::note_repair(const std::string& what) {
  constexpr std::size_t most_kept = 256;
  ++counters_.repairs;
  log::warning("repaired", {{"what", what}});
  const std::lock_guard lock(mutex_);
  repairs_.push_back({std::chrono::system_clock::now(), what});
  if (repairs_.size() > most_kept) repairs_.pop_front();
}

void Service::reload(const Options& options) {
  options_.mtu = options.mtu;
  options_.masquerade = options.masquerade;
  try {
    pod_mtu_ = mtu_of(options);
    pods_->set_mtu(pod_mtu_);
  } catch (const std::exception& failed) {
    log::error("the MTU stays as it was", {{"error", failed.what()}});
  }
  pods_->set_dns(dns_hints(options));
  plan_.masquerade = options.masquerade;
  maintained_ = {};
  maintain();
}

std::optional<net::cni::Failure> Service::trouble() const {
  const std::lock_guard lock(mutex_);
  if (trouble_.empty()) {
    if (auto text = subnet_trouble(); !text.empty())
      return net::cni::Failure{net::cni::Code::cannot_add, std::move(text),
                               "paddock status says more"};
    return {};
  }
  return net::cni::Failure{net::cni::Code::limited_connectivity, trouble_,
                           "paddock status says more"};
}

net::PluginAnswer Service::answer(const net::PluginCall& call) {
  const auto begun = steady_clock::now();
  const auto request = net::cni::parse(call.environment, call.input);
  if (!request) {
    ++counters_.invalid;
    return {1, net::cni::format(request.error()), {}};
  }
  if (!request->delegate.empty() && !request->delegated && call.is_live)
    return {net::ask_delegate, request->delegate, {}};
  const auto index = static_cast<std::size_t>(request->command);
  std::function<void()> rest;
  const auto outcome = [&]() -> net::cni::Expected<std::string> {
    const bool enters =
        request->command == net::cni::Command::add || request->command == net::cni::Command::check;
    if (enters && call.pod && call.own == call.pod->identity() && !request->netns_override)
      return net::cni::Failure{net::cni::Code::bad_namespace,
                               "CNI_NETNS is the plugin's own namespace",
                               "CNI_NETNS_OVERRIDE=1 if that is meant", request->version};
    try {
      return pods_->answer(*request, call.pod ? &*call.pod : nullptr, rest);
    } catch (const std::exception& failed) {  // out of memory or descriptors
      return net::cni::Failure{net::cni::Code::try_again, failed.what(), {}, request->version};
    }
  }();
  const std::chrono::duration<double> took = steady_clock::now() - begun;
  counters_.latency[index].observe(took.count());
  ++counters_.answered[index];
  if (outcome) return {0, *outcome, std::move(rest)};
  ++counters_.failed[index];
  log::warning("request failed", {{"container", request->container},
                                  {"interface", request->ifname},
                                  {"code", static_cast<unsigned>(outcome.error().code)},
                                  {"error", outcome.error().msg}});
  return {1, net::cni::format(outcome.error()), {}};
}

std::vector<std::string> purge(const Options& options) {
  std::vector<std::string> done;
  const auto host = net::NetworkNamespace::current();
  {
    // Both fail when netd runs, which would make everything again.
    const HostClaim claim;
    const net::LeaseStore leases(options.state_dir);
    net::Attachments attachments(host);
    for (const auto& link : attachments.list().value()) {
      net::Attachment attachment;
      attachment.id = link.id.value_or(net::AttachmentId{});
      attachment.host_link = link.host_link;
      attachments.detach(attachment).value();
      done.push_back("link " + link.host_link + " removed");
    }
    attachments.reap().value();
    for (const auto& lease : leases.load().leases) {
      const auto folder = lease.kept.find("host-local");  // its reservations are files of their own
      if (folder == lease.kept.end()) continue;
      for (const auto& address : lease.attachment.addresses)
        std::filesystem::remove(std::filesystem::path(folder->second) / address.to_string());
    }
    net::OverlaySettings any;
    any.host = "any";  // whatever made them
    net::Overlay(host, any).purge().value();
    net::HostNetwork(host).remove().value();
    done.emplace_back("links, routes and rules of the host removed");
  }
  for (const auto* file :
       {"leases.mdb", "leases.journal", "lock", "subnets.json", "flannel.json", "wireguard.key"})
    std::filesystem::remove(std::filesystem::path(options.state_dir) / file);
  for (const auto* folder : {"spool", "registry"})
    std::filesystem::remove_all(std::filesystem::path(options.state_dir) / folder);
  done.emplace_back("leases removed");
  std::filesystem::remove(options.reach_file);
  if (options.write_conflist && read_whole(options.conflist) == conflist(options.network_name)) {
    std::filesystem::remove(options.conflist);  // runtimes would ask for a netd that is not there
    done.push_back(options.conflist + " removed");
  }
  return done;
}

}  // namespace paddock::netd
