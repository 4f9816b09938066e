// SPDX-License-Identifier: Apache-2.0
#include "netd/peer_probes.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace paddock::netd {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::uint32_t small_packet = 68;  // the smallest IPv6 allows for our question
constexpr std::uint32_t large_every = 6;    // rounds
constexpr unsigned lost_for_sure = 3;       // large ones, one after the other
constexpr unsigned missed_for_sure = 3;
constexpr std::size_t slice_of_peers = 64;  // asked at once; fewer than a socket's queue holds
constexpr milliseconds answer_time{1000};
constexpr milliseconds round_time{10'000};
constexpr milliseconds idle_time{1000};  // while there is nobody to ask
constexpr milliseconds time_for_each{10};

const std::optional<net::TunnelEnd>& end_of_family(const net::Peer& peer, bool v4) {
  return v4 ? peer.v4 : peer.v6;
}

bool both_tunnel_over(const net::Peer& self, const net::Peer& peer, bool v4) {
  const auto& here = end_of_family(self, v4);
  const auto& there = end_of_family(peer, v4);
  return here && there && (peer.key || (here->mac && there->mac));
}

}  // namespace

std::optional<ProbeTarget> probe_target(const net::Peer& self, std::uint32_t pod_mtu,
                                        const net::PeerStatus& status) {
  const auto& peer = status.peer;
  if (status.path == net::PeerPath::none || peer.subnets.empty() || pod_mtu == 0) return {};
  const auto subnet = peer.subnets.front().network();
  const bool tunnels = status.path != net::PeerPath::direct;
  bool v4 = subnet.address.is_v4();
  if (tunnels && !both_tunnel_over(self, peer, v4)) v4 = !v4;
  const auto& end = end_of_family(peer, v4);
  if (!end) return {};
  return ProbeTarget{.host = peer.host,
                     .address = tunnels ? subnet.address : end->underlay,
                     .underlay = end->underlay,
                     .pod_mtu = pod_mtu,
                     .underlay_need = pod_mtu + net::overhead(status.path, v4)};
}

std::string ProbedPeer::size_trouble() const {
  if (known_mtu != 0 && known_mtu < underlay_need)
    return "the underlay carries packets of " + std::to_string(known_mtu) +
           " octets there, and those of pods need " + std::to_string(underlay_need) +
           ": set --mtu to " + std::to_string(pod_mtu - (underlay_need - known_mtu)) +
           " and attach the pods anew";
  if (large_lost >= lost_for_sure)
    return "packets of " + std::to_string(pod_mtu) +
           " octets are lost on the way there or back, and small ones are not: something carries "
           "less than this host's interface says; set --mtu to what gets through (ping -M do -s) "
           "and attach the pods anew";
  return {};
}

bool is_silent(const ProbedPeer& peer) {
  return peer.missed >= missed_for_sure && peer.answered.time_since_epoch().count() != 0;
}

std::string silence_text(const ProbedPeer& peer) {
  const auto silence = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now() - peer.answered);
  return "it has not answered for " + std::to_string(silence.count()) + " s";
}

std::string latency_text(std::chrono::nanoseconds latency) {
  const auto hundredths =
      std::chrono::duration_cast<std::chrono::microseconds>(latency).count() / 10;
  const auto rest = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (rest.size() < 2 ? "0" : "") + rest + " ms";
}

struct PeerProbes::Question {
  const ProbeTarget* target;
  std::uint32_t octets;
  std::uint32_t number = 0;
  std::optional<std::chrono::nanoseconds> took = {};

  [[nodiscard]] bool is_large() const { return octets != small_packet; }
};

PeerProbes::PeerProbes(const net::NetworkNamespace& host, Targets targets)
    : probe_(host), targets_(std::move(targets)), stop_(::eventfd(0, EFD_CLOEXEC)) {
  if (stop_ < 0) throw std::system_error(errno, std::generic_category(), "create an eventfd");
  thread_ = std::thread([this] { run(); });
}

PeerProbes::~PeerProbes() {
  const std::uint64_t one = 1;
  (void)!::write(stop_, &one, sizeof one);
  thread_.join();
  ::close(stop_);
}

std::map<std::string, ProbedPeer> PeerProbes::found() const {
  const std::lock_guard lock(mutex_);
  return found_;
}

void PeerProbes::run() {
  for (;;) {
    const auto targets = targets_();
    const auto known = found();
    std::vector<Question> asked;
    for (std::size_t first = 0; first < targets.size(); first += slice_of_peers) {
      std::vector<Question> slice;
      for (std::size_t i = first; i < std::min(first + slice_of_peers, targets.size()); ++i) {
        const auto& target = targets[i];
        slice.push_back({.target = &target, .octets = small_packet});
        const auto former = known.find(target.host);
        const bool is_in_doubt =
            former == known.end() ||
            (former->second.large_lost != 0 && former->second.large_lost < lost_for_sure);
        if (is_in_doubt || rounds_ % large_every == 0)
          slice.push_back({.target = &target, .octets = target.pod_mtu});
      }
      ask(slice);
      if (!wait_for_answers(slice)) return;
      std::ranges::move(slice, std::back_inserter(asked));
    }
    ++rounds_;
    note(targets, asked);
    const auto pause = targets.empty()
                           ? idle_time
                           : std::max(round_time, time_for_each * static_cast<int>(targets.size()));
    pollfd stopping{stop_, POLLIN, 0};
    if (::poll(&stopping, 1, static_cast<int>(pause.count())) > 0) return;
  }
}

// What cannot be sent is as good as lost: too large for the first link, or no route there.
void PeerProbes::ask(std::vector<Question>& slice) {
  for (auto& question : slice) {
    question.number = ++numbers_;
    (void)probe_.ask(question.target->address, question.number, question.octets);
  }
}

// False: the process is ending.
bool PeerProbes::wait_for_answers(std::vector<Question>& slice) {
  std::size_t missing = slice.size();
  const auto take = [&](std::uint32_t number, std::chrono::nanoseconds took) {
    const auto place = number - slice.front().number;
    if (place >= slice.size() || slice[place].took) return;  // late, or twice
    slice[place].took = took;
    --missing;
  };
  const auto deadline = steady_clock::now() + answer_time;
  while (missing != 0) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds{0}) return true;
    std::array<pollfd, 3> waited{{{stop_, POLLIN, 0},
                                  {probe_.descriptors()[0], POLLIN, 0},
                                  {probe_.descriptors()[1], POLLIN, 0}}};
    if (::poll(waited.data(), waited.size(), static_cast<int>(left.count())) < 0) continue;
    if (waited[0].revents != 0) return false;
    probe_.hear(take);
  }
  return true;
}

void PeerProbes::note(const std::vector<ProbeTarget>& targets, const std::vector<Question>& asked) {
  const auto now = std::chrono::system_clock::now();
  const auto former = found();
  std::map<std::string, ProbedPeer> next;
  for (const auto& target : targets) {
    const auto known = former.find(target.host);
    auto& peer = next[target.host];
    if (known != former.end()) peer = known->second;
    const auto mtu = probe_.known_mtu(target.underlay);
    peer.known_mtu = mtu ? *mtu : 0;
    peer.pod_mtu = target.pod_mtu;
    peer.underlay_need = target.underlay_need;
  }
  for (const auto& question : asked) {  // a host's small one comes first
    auto& peer = next[question.target->host];
    if (!question.is_large() && question.took) {
      peer.latency = *question.took;
      peer.answered = now;
      peer.missed = 0;
    } else if (!question.is_large()) {
      ++peer.missed;
    } else if (question.took) {
      peer.large_lost = 0;
    } else if (peer.answers()) {
      ++peer.large_lost;
    }
  }
  const std::lock_guard lock(mutex_);
  found_ = std::move(next);
}

}  // namespace paddock::netd
